// SPDX-License-Identifier: Apache-2.0
//! Which shared libraries an x86-64 ELF file names: `PT_INTERP` and the `DT_NEEDED` entries (System V ABI, chapter 5).

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;

/// What a program or library needs at run time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The dynamic linker's path; none in libraries and static programs.
    pub(crate) interpreter: Option<String>,
    /// Names of libraries, such as `libc.so.6`.
    pub(crate) libraries: Vec<String>,
}

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    length: u64,
}

/// Whether `file` begins as an ELF file does.
pub(crate) fn is_elf(file: &[u8]) -> bool {
    file.starts_with(b"\x7fELF")
}

/// Reads what `file` needs; the error says what is malformed.
pub(crate) fn needs(file: &[u8]) -> Result<Needs, &'static str> {
    if !is_elf(file) {
        return Err("not an ELF file");
    }
    if file.get(4..6) != Some(&[2, 1]) {
        return Err("not a 64-bit little-endian ELF file");
    }
    let segments = segments(file)?;
    let mut needs = Needs::default();
    if let Some(s) = segments.iter().find(|s| s.kind == PT_INTERP) {
        needs.interpreter = Some(string(file, s.offset)?);
    }
    let Some(dynamic) = segments.iter().find(|s| s.kind == PT_DYNAMIC) else { return Ok(needs) };
    let (mut names, mut strings) = (Vec::new(), None);
    for index in 0..dynamic.length / 16 {
        let at = dynamic.offset.checked_add(index * 16).ok_or(TRUNCATED)?;
        let value = u64_at(file, at.checked_add(8).ok_or(TRUNCATED)?)?;
        match u64_at(file, at)? {
            DT_NULL => break,
            DT_NEEDED => names.push(value),
            DT_STRTAB => strings = Some(file_offset(&segments, value)?),
            _ => {}
        }
    }
    if names.is_empty() {
        return Ok(needs);
    }
    let strings = strings.ok_or("has DT_NEEDED and no DT_STRTAB")?;
    for name in names {
        needs.libraries.push(string(file, strings.checked_add(name).ok_or(TRUNCATED)?)?);
    }
    Ok(needs)
}

const TRUNCATED: &str = "an offset points outside the file";

fn segments(file: &[u8]) -> Result<Vec<Segment>, &'static str> {
    let table = u64_at(file, 32)?;
    let size = u64::from(u16_at(file, 54)?);
    let count = u64::from(u16_at(file, 56)?);
    (0..count)
        .map(|index| {
            let at = table.checked_add(index * size).ok_or(TRUNCATED)?;
            let field = |n: u64| u64_at(file, at.checked_add(n).ok_or(TRUNCATED)?);
            Ok(Segment { kind: field(0)? as u32, offset: field(8)?, address: field(16)?, length: field(32)? })
        })
        .collect()
}

fn file_offset(segments: &[Segment], address: u64) -> Result<u64, &'static str> {
    let holds = |s: &&Segment| s.kind == PT_LOAD && address >= s.address && address - s.address < s.length;
    let segment = segments.iter().find(holds).ok_or("DT_STRTAB is in no PT_LOAD segment")?;
    segment.offset.checked_add(address - segment.address).ok_or(TRUNCATED)
}

fn bytes_at<const N: usize>(file: &[u8], offset: u64) -> Result<[u8; N], &'static str> {
    let start = usize::try_from(offset).map_err(|_| TRUNCATED)?;
    let end = start.checked_add(N).ok_or(TRUNCATED)?;
    file.get(start..end).and_then(|b| b.try_into().ok()).ok_or(TRUNCATED)
}

fn u16_at(file: &[u8], offset: u64) -> Result<u16, &'static str> {
    bytes_at(file, offset).map(u16::from_le_bytes)
}

fn u64_at(file: &[u8], offset: u64) -> Result<u64, &'static str> {
    bytes_at(file, offset).map(u64::from_le_bytes)
}

fn string(file: &[u8], offset: u64) -> Result<String, &'static str> {
    let start = usize::try_from(offset).map_err(|_| TRUNCATED)?;
    let rest = file.get(start..).ok_or(TRUNCATED)?;
    let end = rest.iter().position(|&b| b == 0).ok_or("a string has no end")?;
    String::from_utf8(rest[..end].to_vec()).map_err(|_| "a string is not UTF-8")
}

#[cfg(test)]
#[path = "elf_tests.rs"]
mod tests;
