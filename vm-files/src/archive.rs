// SPDX-License-Identifier: Apache-2.0
//! The files of an image as an archive: what lies in the image is what programs read.
//!
//! A start does not read the whole image, so a file is compared with its checksum when it is first opened. Those that are compressed are not: whoever expands one
//! compares it with the checksum that gzip has (RFC 1952, section 2.3.1), and most are modules that the library knows by a sum of their own.

use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;

use fs::Kind;
use fs::archive::{Archive, Facts, Member};
use image::files::{self, EntryIndex, FileTable};

/// What a file in gzip's format begins with.
const GZIP: &[u8] = b"\x1F\x8B";

/// A file table that was checked.
#[derive(Clone, Debug)]
pub struct ImageArchive<'a> {
    table: FileTable<'a>,
    /// The files that are known to be whole, by number.
    whole: Vec<Cell<bool>>,
}

impl<'a> ImageArchive<'a> {
    /// An archive of these files.
    #[must_use]
    pub fn new(table: FileTable<'a>) -> Self {
        Self { table, whole: vec![Cell::new(false); table.len()] }
    }
}

impl Archive for ImageArchive<'_> {
    fn root(&self) -> Member {
        Member(EntryIndex::ROOT.0)
    }

    fn facts(&self, member: Member) -> Option<Facts<'_>> {
        let entry = self.table.at(EntryIndex(member.0))?;
        let kind = match entry.kind {
            files::Kind::File => Kind::Regular,
            files::Kind::Folder => Kind::Folder,
            files::Kind::Link => Kind::Link,
        };
        Some(Facts {
            kind,
            permissions: entry.mode,
            modified: entry.modified,
            parent: Member(entry.parent.0),
            name: entry.name(),
            bytes: entry.bytes,
        })
    }

    fn is_whole(&self, file: Member) -> bool {
        let Some((entry, whole)) = self.table.at(EntryIndex(file.0)).zip(self.whole.get(file.0 as usize))
        else {
            return false;
        };
        if !whole.get() {
            whole.set(entry.bytes.starts_with(GZIP) || entry.verify().is_ok());
        }
        whole.get()
    }

    fn entry(&self, folder: Member, name: &[u8]) -> Option<Member> {
        self.table.entry(EntryIndex(folder.0), name).map(|entry| Member(entry.0))
    }

    fn children(&self, folder: Member) -> impl Iterator<Item = Member> {
        self.table.entries(EntryIndex(folder.0)).map(|entry| Member(entry.0))
    }
}

#[cfg(test)]
mod tests {
    use fs::archive::{Archive, Member};
    use image::files::{FileTable, FilesBuilder};

    use super::ImageArchive;

    #[test]
    fn a_file_is_compared_with_its_checksum_unless_it_has_another() {
        let mut builder = FilesBuilder::new(0);
        for (path, bytes) in [("/a", &b"plain text"[..]), ("/b", b"other text"), ("/c", b"\x1F\x8Bpacked")] {
            builder.file(path.as_bytes(), 0o644, 0, bytes.to_vec()).expect("a file");
        }
        let mut section = builder.build().expect("a table");
        let mut flip = |text: &[u8]| {
            let at = section.windows(text.len()).position(|found| found == text).expect("it is there");
            section[at] ^= 1;
        };
        flip(b"other text");
        flip(b"packed");
        let archive = ImageArchive::new(FileTable::parse(&section).expect("a good table"));
        let is_whole =
            |name: &[u8]| archive.is_whole(archive.entry(archive.root(), name).expect("it is there"));
        assert_eq!([is_whole(b"a"), is_whole(b"b"), is_whole(b"c")], [true, false, true]);
        assert_eq!([is_whole(b"a"), is_whole(b"b"), archive.is_whole(Member(99))], [true, false, false]);
    }
}
