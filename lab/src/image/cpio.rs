// SPDX-License-Identifier: Apache-2.0
//! Writer of cpio archives in the "newc" form, which Linux unpacks as its initramfs (Documentation/driver-api/early-userspace/buffer-format.rst).

use std::io::{self, Write};

/// Type bits of the mode field, as in `st_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link; its data is the target.
    Link,
}

impl Kind {
    fn bits(self) -> u32 {
        match self {
            Self::Directory => 0o040_000,
            Self::File => 0o100_000,
            Self::Link => 0o120_000,
        }
    }
}

/// An archive under way. All owners are root and all times are zero, so equal content makes equal archives.
pub(crate) struct Writer<W> {
    out: W,
    inode: u32,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, inode: 0 }
    }

    /// Adds an entry; `name` is relative to the root and has no leading slash.
    pub(crate) fn entry(&mut self, name: &str, kind: Kind, permissions: u32, data: &[u8]) -> io::Result<()> {
        self.inode += 1;
        self.record(name, self.inode, kind.bits() | permissions, data)
    }

    /// Ends the archive and returns what it was written to.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.record("TRAILER!!!", 0, 0, &[])?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn record(&mut self, name: &str, inode: u32, mode: u32, data: &[u8]) -> io::Result<()> {
        let length = u32::try_from(data.len())
            .map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, format!("{name} is over 4 GiB")))?;
        let name_length = name.len() as u32 + 1;
        // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
        let fields = [inode, mode, 0, 0, 1, 0, length, 0, 0, 0, 0, name_length, 0];
        let mut header = String::from("070701");
        for field in fields {
            header += &format!("{field:08X}");
        }
        self.out.write_all(header.as_bytes())?;
        self.out.write_all(name.as_bytes())?;
        self.out.write_all(&[0])?;
        self.pad(header.len() + name_length as usize)?;
        self.out.write_all(data)?;
        self.pad(data.len())
    }

    /// Header with name, and data, each end on a multiple of four.
    fn pad(&mut self, length: usize) -> io::Result<()> {
        self.out.write_all(&[0; 3][..length.next_multiple_of(4) - length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_the_layout_that_the_kernel_documents() {
        let mut archive = Writer::new(Vec::new());
        archive.entry("dir", Kind::Directory, 0o755, &[]).unwrap();
        archive.entry("dir/f", Kind::File, 0o644, b"hello").unwrap();
        let bytes = archive.finish().unwrap();

        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(&bytes[..22], b"0707010000000100004".iter().chain(b"1ED").copied().collect::<Vec<_>>());
        assert_eq!(&bytes[110..114], b"dir\0");
        // 110 bytes of header and 4 of name are padded to 116.
        let file = &bytes[116..];
        assert_eq!(&file[..22], b"07070100000002000081A4");
        assert_eq!(&file[54..62], b"00000005");
        assert_eq!(&file[94..102], b"00000006");
        assert_eq!(&file[110..124], b"dir/f\0hello\0\0\0");
        assert_eq!(&file[124 + 110..124 + 120], b"TRAILER!!!");
    }

    #[test]
    fn equal_content_makes_equal_archives() {
        let write = || {
            let mut archive = Writer::new(Vec::new());
            archive.entry("l", Kind::Link, 0o777, b"target").unwrap();
            archive.finish().unwrap()
        };
        assert_eq!(write(), write());
    }
}
