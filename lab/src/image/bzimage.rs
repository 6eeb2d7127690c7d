// SPDX-License-Identifier: Apache-2.0
//! Takes the kernel out of a bzImage (Documentation/arch/x86/boot.rst, fields `setup_sects`, `payload_offset`, `payload_length`).
//!
//! Xen and `xl` can both unpack a bzImage themselves, but in the emulated machine that takes 5 and 12 seconds; the host takes less than one.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::LabError;

/// The compressors Debian has used, by the first bytes of what they write.
const COMPRESSORS: [(&[u8], &str); 3] =
    [(b"\x1f\x8b", "gzip"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd")];

/// Returns the ELF kernel inside the bzImage at `path`.
pub(crate) fn kernel(path: &Path) -> Result<Vec<u8>, LabError> {
    let image = std::fs::read(path).map_err(LabError::io("read", path))?;
    let wrong = |detail: &str| LabError::Format { path: path.to_owned(), detail: detail.to_owned() };
    let payload = payload(&image).map_err(wrong)?;
    let (_, program) = COMPRESSORS
        .iter()
        .find(|(magic, _)| payload.starts_with(magic))
        .ok_or_else(|| wrong("the kernel is compressed by neither gzip, xz nor zstd"))?;
    decompress(program, payload)
}

/// Returns the compressed kernel, without the length that follows it.
fn payload(image: &[u8]) -> Result<&[u8], &'static str> {
    const CUT: &str = "the bzImage is cut short";
    if image.get(0x202..0x206) != Some(b"HdrS") {
        return Err("not a bzImage");
    }
    let word = |at: usize| -> Result<usize, &'static str> {
        let bytes = image.get(at..at + 4).and_then(|b| b.try_into().ok()).ok_or(CUT)?;
        Ok(u32::from_le_bytes(bytes) as usize)
    };
    let setup = match image[0x1f1] {
        0 => 4,
        sectors => usize::from(sectors),
    };
    let start = (setup + 1) * 512 + word(0x248)?;
    let length = word(0x24c)?.checked_sub(4).ok_or(CUT)?;
    image.get(start..start + length).ok_or(CUT)
}

/// Runs `data` through `program -dc`.
pub(crate) fn decompress(program: &str, data: &[u8]) -> Result<Vec<u8>, LabError> {
    let failed = |detail: String| LabError::Command { command: format!("{program} -dc"), detail };
    let mut child = Command::new(program)
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut unpacked = Vec::new();
    let (written, read) = std::thread::scope(|scope| {
        // A write error is the program's end, which its status tells better.
        let writer = scope.spawn(|| stdin.map(|mut pipe| pipe.write_all(data)));
        let read = stdout.map(|mut pipe| pipe.read_to_end(&mut unpacked));
        (writer.join(), read)
    });
    let status = child.wait().map_err(|e| failed(e.to_string()))?;
    match (written, read) {
        (Ok(Some(Ok(()))), Some(Ok(_))) if status.success() => Ok(unpacked),
        _ => Err(failed(status.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_found_by_the_header() {
        let mut image = vec![0; 0x2000];
        image[0x1f1] = 2;
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x248..0x24c].copy_from_slice(&0x100u32.to_le_bytes());
        image[0x24c..0x250].copy_from_slice(&14u32.to_le_bytes());
        let start = 3 * 512 + 0x100;
        image[start..start + 10].copy_from_slice(b"compressed");
        assert_eq!(payload(&image), Ok(&b"compressed"[..]));
        image[0x24c..0x250].copy_from_slice(&0x7fff_ffffu32.to_le_bytes());
        assert_eq!(payload(&image), Err("the bzImage is cut short"));
        assert_eq!(payload(b"MZ"), Err("not a bzImage"));
    }

    #[test]
    fn a_compressor_that_fails_is_an_error() {
        assert!(decompress("gzip", b"not a gzip stream").is_err());
    }
}
