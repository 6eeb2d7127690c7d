// SPDX-License-Identifier: Apache-2.0
//! A release in a `.tar.gz`, as `systools:make_tar/2`, rebar3 and mix make them: POSIX's ustar format, with the long names of GNU and of pax.
//!
//! It is unpacked into a folder of its own, in which nothing leads out: names that are absolute or have dots are refused, and so are links
//! that lead elsewhere.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::expand::{Format, expand};
use super::temporary::Temporary;
use crate::failure::{Code, Failure};
use crate::file;

const BLOCK: usize = 512;

/// Whether a file is called like an archive.
pub fn is_archive(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".tar.gz") || name.ends_with(".tgz")
}

/// Unpacks an archive.
pub fn unpack(path: &Path) -> Result<Temporary, Failure> {
    let damaged = |why: &dyn std::fmt::Display| {
        let what = format!("cannot unpack {}", path.display());
        Failure::new(Code::Build, what, why, "build the release's archive again")
    };
    let packed = file::contents(path)?;
    let archive = expand(&packed, Format::Gzip).map_err(|why| damaged(&why))?;
    let unpacked = Temporary::new("voxoz-release").map_err(|why| damaged(&why))?;
    write(&archive, unpacked.path()).map_err(|why| damaged(&why))?;
    Ok(unpacked)
}

/// What is in an archive.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    name: String,
    kind: u8,
    is_executable: bool,
    target: String,
    bytes: &'a [u8],
}

fn write(archive: &[u8], folder: &Path) -> Result<(), String> {
    let entries = entries(archive)?;
    // Links are made when all else is there, so that nothing is written through one.
    let (links, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.kind == b'2');
    for entry in others.iter().chain(&links) {
        let Some(relative) = inside(&entry.name) else {
            return Err(format!("the name {:?} leads out of the archive", entry.name));
        };
        let path = folder.join(relative);
        let result = match entry.kind {
            b'5' => fs::create_dir_all(&path),
            b'0' | 0 | b'7' => write_file(&path, entry),
            // One more name of a file that came before.
            b'1' => {
                let target = inside(&entry.target).ok_or_else(|| leads_out(entry))?;
                make_parent(&path).and_then(|()| fs::copy(folder.join(target), &path)).map(|_| ())
            }
            b'2' => {
                let above = Path::new(&entry.name).parent().unwrap_or(Path::new("")).join(&entry.target);
                if entry.target.starts_with('/') || inside(&above.to_string_lossy()).is_none() {
                    return Err(leads_out(entry));
                }
                make_parent(&path).and_then(|()| std::os::unix::fs::symlink(&entry.target, &path))
            }
            _ => Ok(()),
        };
        result.map_err(|error| format!("{}: {error}", entry.name))?;
    }
    Ok(())
}

fn leads_out(entry: &Entry<'_>) -> String {
    format!("the link {:?} leads out of the archive", entry.name)
}

fn make_parent(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn write_file(path: &Path, entry: &Entry<'_>) -> std::io::Result<()> {
    make_parent(path)?;
    fs::write(path, entry.bytes)?;
    if entry.is_executable {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// A path without dots, if it stays where it is.
fn inside(name: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            _ => return None,
        }
    }
    Some(path)
}

fn entries(archive: &[u8]) -> Result<Vec<Entry<'_>>, String> {
    let mut entries = Vec::new();
    let mut at = 0;
    let mut long_name: Option<String> = None;
    let mut long_target: Option<String> = None;
    while let Some(header) = archive.get(at..at + BLOCK).filter(|header| header.iter().any(|byte| *byte != 0))
    {
        check_sum(header).ok_or("a header's checksum is wrong")?;
        let size = octal(&header[124..136]).ok_or("a size is wrong")?;
        let start = at + BLOCK;
        let bytes = start.checked_add(size).and_then(|end| archive.get(start..end)).ok_or("it ends early")?;
        let kind = header[156];
        match kind {
            b'L' => long_name = Some(text(bytes)),
            b'K' => long_target = Some(text(bytes)),
            b'x' => {
                for (key, value) in pax(bytes) {
                    match &*key {
                        "path" => long_name = Some(value),
                        "linkpath" => long_target = Some(value),
                        _ => {}
                    }
                }
            }
            b'g' => {}
            _ => {
                let short = text(&header[..100]);
                let prefix = if &header[257..262] == b"ustar" && header[262] == 0 {
                    text(&header[345..500])
                } else {
                    String::new()
                };
                let name = if prefix.is_empty() { short } else { format!("{prefix}/{short}") };
                entries.push(Entry {
                    name: long_name.take().unwrap_or(name),
                    kind,
                    is_executable: octal(&header[100..108]).is_some_and(|mode| mode & 0o100 != 0),
                    target: long_target.take().unwrap_or_else(|| text(&header[157..257])),
                    bytes,
                });
            }
        }
        at = start + size.next_multiple_of(BLOCK);
    }
    Ok(entries)
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn octal(field: &[u8]) -> Option<usize> {
    if field[0] & 0x80 != 0 {
        // GNU's form for what is too large for digits.
        return field[1..]
            .iter()
            .try_fold(0usize, |number, byte| number.checked_mul(256)?.checked_add(usize::from(*byte)));
    }
    usize::from_str_radix(text(field).trim(), 8).ok()
}

fn check_sum(header: &[u8]) -> Option<()> {
    let counted = header
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { usize::from(*byte) });
    (octal(&header[148..156])? == counted.sum::<usize>()).then_some(())
}

/// The records of a pax header: length, blank, key, `=`, value, line feed.
fn pax(bytes: &[u8]) -> Vec<(String, String)> {
    let mut records = Vec::new();
    let mut rest = bytes;
    while let Some(blank) = rest.iter().position(|byte| *byte == b' ') {
        let length = std::str::from_utf8(&rest[..blank]).ok().and_then(|digits| digits.parse().ok());
        let Some(record) = length.and_then(|length: usize| rest.get(blank + 1..length)) else { break };
        let record = String::from_utf8_lossy(record).into_owned();
        if let Some((key, value)) = record.trim_end_matches('\n').split_once('=') {
            records.push((key.into(), value.into()));
        }
        rest = &rest[blank + 1 + record.len()..];
    }
    records
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, entries, inside, pax};

    fn header(name: &str, kind: u8, size: usize) -> Vec<u8> {
        let mut header = vec![0; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000755");
        header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        header[156] = kind;
        header[257..263].copy_from_slice(b"ustar\0");
        header[345..349].copy_from_slice(b"long");
        header[148..156].fill(b' ');
        let sum: usize = header.iter().map(|byte| usize::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        header
    }

    #[test]
    fn entries_are_read() {
        let mut archive = header("a", b'0', 3);
        archive.extend_from_slice(b"abc");
        archive.resize(2 * BLOCK, 0);
        archive.extend(header("x", b'x', 10));
        archive.extend_from_slice(b"10 path=b\n");
        archive.resize(4 * BLOCK, 0);
        archive.extend(header("ignored", b'5', 0));
        archive.resize(7 * BLOCK, 0);
        let found = entries(&archive).expect("an archive");
        assert_eq!(
            (found[0].name.as_str(), found[0].bytes, found[0].is_executable),
            ("long/a", &b"abc"[..], true)
        );
        assert_eq!((found[1].name.as_str(), found[1].kind), ("b", b'5'));
        archive[0] = b'b';
        assert_eq!(entries(&archive), Err("a header's checksum is wrong".into()));
        assert!(entries(&header("a", b'0', 3)).is_err());
    }

    #[test]
    fn names_stay_inside() {
        assert_eq!(inside("./a/../b").as_deref(), Some("b".as_ref()));
        for name in ["/a", "../a", "a/../../b"] {
            assert_eq!(inside(name), None, "{name}");
        }
        assert_eq!(pax(b"11 path=ab\n9 b=c\n"), [("path".into(), "ab".into())]);
        assert_eq!(pax(b"99 x=y\n"), []);
    }
}
