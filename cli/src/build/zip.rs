// SPDX-License-Identifier: Apache-2.0
//! The archive in an escript: ZIP, as stock's `zip` writes it (PKWARE's APPNOTE, without encryption and ZIP64).

use super::expand::{Format, expand};

/// What an archive begins with.
pub const MAGIC: &[u8] = b"PK\x03\x04";
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
const DIRECTORY_END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;

/// The files whose names are wanted, with their bytes.
///
/// # Errors
/// What is wrong with the archive.
pub fn files(
    archive: &[u8],
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Vec<u8>)>, &'static str> {
    const DAMAGED: &str = "its directory is damaged";
    let last = archive.len().checked_sub(END_LENGTH).ok_or("it is too short")?;
    let end = (0..=last).rev().take(1 << 16).find(|at| archive[*at..].starts_with(DIRECTORY_END));
    let end = end.ok_or("it has no directory")?;
    let count = half(archive, end + 10).ok_or(DAMAGED)?;
    let mut at = word(archive, end + 16).ok_or(DAMAGED)?;
    let mut files = Vec::new();
    for _ in 0..count {
        let entry = archive.get(at..).filter(|rest| rest.starts_with(DIRECTORY_ENTRY)).ok_or(DAMAGED)?;
        let lengths = [28, 30, 32].map(|offset| half(entry, offset).unwrap_or_default());
        let name = entry.get(46..46 + lengths[0]).ok_or(DAMAGED)?;
        let name = String::from_utf8_lossy(name).into_owned();
        if is_wanted(&name) {
            let method = half(entry, 10).ok_or(DAMAGED)?;
            let packed = word(entry, 20).ok_or(DAMAGED)?;
            let local = word(entry, 42).ok_or(DAMAGED)?;
            let header = archive.get(local..).filter(|rest| rest.starts_with(MAGIC)).ok_or(DAMAGED)?;
            let skipped = 30 + half(header, 26).ok_or(DAMAGED)? + half(header, 28).ok_or(DAMAGED)?;
            let bytes = header.get(skipped..).and_then(|rest| rest.get(..packed)).ok_or(DAMAGED)?;
            let bytes = match method {
                0 => bytes.to_vec(),
                8 => expand(bytes, Format::Raw)?,
                _ => return Err("it is compressed in a way that is not known"),
            };
            files.push((name, bytes));
        }
        at += 46 + lengths.iter().sum::<usize>();
    }
    Ok(files)
}

fn half(bytes: &[u8], at: usize) -> Option<usize> {
    let pair = bytes.get(at..)?.first_chunk()?;
    Some(usize::from(u16::from_le_bytes(*pair)))
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*four) as usize)
}

#[cfg(test)]
mod tests {
    use super::files;

    /// An archive with one stored file, `a/ebin/a.app`, of two bytes.
    fn sample() -> Vec<u8> {
        let name = b"a/ebin/a.app";
        let fields = |signature: &[u8; 4], version_made: &[u8]| {
            let mut bytes = signature.to_vec();
            bytes.extend_from_slice(version_made);
            bytes.extend_from_slice(&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            bytes.extend_from_slice(&[2, 0, 0, 0, 2, 0, 0, 0, name.len() as u8, 0, 0, 0]);
            bytes
        };
        let mut archive = fields(b"PK\x03\x04", &[]);
        archive.extend_from_slice(name);
        archive.extend_from_slice(b"ok");
        let directory = archive.len() as u8;
        archive.extend(fields(b"PK\x01\x02", &[20, 0]));
        archive.extend_from_slice(&[0; 14]);
        archive.extend_from_slice(name);
        archive.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        archive.extend_from_slice(&[58, 0, 0, 0, directory, 0, 0, 0, 0, 0]);
        archive
    }

    #[test]
    fn files_are_found() {
        let archive = sample();
        let found = files(&archive, |name| name.ends_with(".app")).expect("an archive");
        assert_eq!(found, [("a/ebin/a.app".into(), b"ok".to_vec())]);
        assert_eq!(files(&archive, |_| false), Ok(Vec::new()));
    }

    #[test]
    fn no_cut_and_no_change_makes_it_panic() {
        let archive = sample();
        for at in 0..archive.len() {
            assert!(files(&archive[..at], |_| true).is_err());
            for byte in [0, 8, 255] {
                let mut changed = archive.clone();
                changed[at] = byte;
                let _ = files(&changed, |_| true);
            }
        }
    }
}
