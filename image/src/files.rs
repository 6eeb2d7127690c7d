// SPDX-License-Identifier: Apache-2.0
//! The file table: the tree of files that the application sees, read in place.
//!
//! ```text
//! header, 16 bytes    0 count u32          4 length of the paths u32    8 zero u64
//! entry, 48 bytes     0 path u32, from the first path      4 length of the path u16    6 kind u8    7 zero u8
//!                     8 mode u32, 12 bits                 12 parent u32
//!                    16 modified i64, seconds since 1970
//!                    24 start u64    32 length u64    40 checksum u32    44 zero u32
//! path                  absolute, without a zero byte
//! contents              each at a multiple of 8
//! ```
//!
//! The first entry is the root, `/`. The entries of one folder follow each other, sorted by name, and folders are in the order in which
//! what is in them is. So a folder says with two numbers what is in it (its start and length are the first entry and how many), and a
//! name is found by a binary search among those. A file's start is counted from the first byte of the table; a link's bytes are its target.
//!
//! [`FileTable::parse`] checks every entry once, so that nothing later can fail; it reads no contents. Their checksums are for those who
//! ask: [`Entry::verify`].

use core::fmt;

use crc32c::crc32c;

use crate::little_endian::{u16_at, u32_at, u64_at};

#[cfg(feature = "std")]
mod builder;
mod error;
#[cfg(feature = "std")]
pub use builder::{BuildError, FilesBuilder};
pub use error::FilesError;

const HEADER_LENGTH: usize = 16;
const ENTRY_LENGTH: usize = 48;
/// What contents are aligned to.
#[cfg(feature = "std")]
const CONTENTS_ALIGNMENT: usize = 8;
/// The most bytes of a path: `PATH_MAX` of Linux without its zero byte.
pub const PATH_LIMIT: usize = 4095;
/// The most bytes of a name.
pub const NAME_LIMIT: usize = 255;
/// The permissions, with set-user-id, set-group-id and the sticky bit.
const MODE_BITS: u32 = 0o7777;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
}

impl Kind {
    const ALL: [(u8, Self); 3] = [(1, Self::File), (2, Self::Folder), (3, Self::Link)];

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == number).map(|(_, kind)| *kind)
    }

    #[cfg(feature = "std")]
    fn number(self) -> u8 {
        // Each kind is in the list.
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or(0, |(number, _)| *number)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::Link => "link",
        })
    }
}

/// The number of an entry in its table; the root's is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryIndex(pub u32);

impl EntryIndex {
    /// The root.
    pub const ROOT: Self = Self(0);
}

/// Something that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its number.
    pub index: EntryIndex,
    /// The folder in which it is; the root is in itself.
    pub parent: EntryIndex,
    /// Its absolute path.
    pub path: &'a [u8],
    /// What it is.
    pub kind: Kind,
    /// The permissions.
    pub mode: u32,
    /// When it was modified: seconds since 1970.
    pub modified: i64,
    /// A file's bytes, a link's target; nothing for a folder.
    pub bytes: &'a [u8],
    /// The checksum of its bytes.
    pub checksum: u32,
}

impl<'a> Entry<'a> {
    /// The last component of its path; nothing for the root.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        name_of(self.path)
    }

    /// Compares the bytes with their checksum.
    ///
    /// # Errors
    /// [`FilesError::Checksum`] when they do not match.
    pub fn verify(&self) -> Result<(), FilesError> {
        let computed = crc32c(self.bytes);
        if computed == self.checksum {
            Ok(())
        } else {
            Err(FilesError::Checksum { index: self.index.0, stored: self.checksum, computed })
        }
    }
}

fn name_of(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    &path[start..]
}

/// An entry as it stands in the table.
#[derive(Clone, Copy)]
struct Raw<'a> {
    path: &'a [u8],
    kind: Kind,
    mode: u32,
    parent: u32,
    modified: i64,
    start: u64,
    length: u64,
    checksum: u32,
}

/// A file table whose entries have been checked.
#[derive(Clone, Copy, Debug)]
pub struct FileTable<'a> {
    /// All of the section.
    bytes: &'a [u8],
    entries: &'a [[u8; ENTRY_LENGTH]],
    paths: &'a [u8],
    /// Where contents may begin.
    contents: u64,
}

impl<'a> FileTable<'a> {
    /// Checks the bytes of a `FILES` section, all but the contents.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FilesError> {
        let found = bytes.len() as u64;
        let short = FilesError::TooShort { needed: HEADER_LENGTH as u64, found };
        let count = u32_at(bytes, 0).ok_or(short)?;
        let paths_length = u32_at(bytes, 4).ok_or(short)?;
        if u64_at(bytes, 8).ok_or(short)? != 0 {
            return Err(FilesError::Reserved { index: None });
        }
        let entries_length = u64::from(count) * ENTRY_LENGTH as u64;
        let needed = HEADER_LENGTH as u64 + entries_length + u64::from(paths_length);
        let short = FilesError::TooShort { needed, found };
        if needed > found {
            return Err(short);
        }
        let body = bytes.get(HEADER_LENGTH..).ok_or(short)?;
        let (entries, rest) = body.split_at_checked(entries_length as usize).ok_or(short)?;
        let (entries, _) = entries.as_chunks();
        let paths = rest.get(..paths_length as usize).ok_or(short)?;
        let table = Self { bytes, entries, paths, contents: needed };
        table.check()?;
        Ok(table)
    }

    /// Checks that the entries are a tree in its order.
    fn check(&self) -> Result<(), FilesError> {
        let count = self.entries.len() as u64;
        let root = self.raw(0).ok_or(FilesError::NoRoot)??;
        if root.path != b"/" || root.kind != Kind::Folder || root.parent != 0 {
            return Err(FilesError::NoRoot);
        }
        // The first entry that no folder seen so far has.
        let mut next = 1;
        let mut previous: Option<Raw<'_>> = None;
        for (index, raw) in self.raws().enumerate() {
            let (index, raw) = (index as u32, raw?);
            if raw.mode & !MODE_BITS != 0 {
                return Err(FilesError::Mode { index, mode: raw.mode });
            }
            if index > 0 {
                self.check_place(index, &raw, previous.as_ref())?;
            }
            match raw.kind {
                Kind::Folder => {
                    let end = raw.start.checked_add(raw.length).filter(|end| *end <= count);
                    if raw.start != next {
                        return Err(FilesError::Children { index });
                    }
                    next = end.ok_or(FilesError::Children { index })?;
                }
                Kind::File | Kind::Link => {
                    let total = self.bytes.len() as u64;
                    let end = raw.start.checked_add(raw.length).filter(|end| *end <= total);
                    if raw.start < self.contents || end.is_none() {
                        return Err(FilesError::Range { index, start: raw.start, length: raw.length, total });
                    }
                }
            }
            previous = Some(raw);
        }
        if next == count { Ok(()) } else { Err(FilesError::Children { index: 0 }) }
    }

    /// Checks that an entry but the root is where its folder says, and behind its neighbour.
    fn check_place(&self, index: u32, raw: &Raw<'_>, previous: Option<&Raw<'_>>) -> Result<(), FilesError> {
        let misplaced = FilesError::Parent { index, parent: raw.parent };
        if raw.parent >= index {
            return Err(misplaced);
        }
        let parent = self.raw(raw.parent).ok_or(misplaced)??;
        let within = u64::from(index)
            .checked_sub(parent.start)
            .is_some_and(|place| parent.kind == Kind::Folder && place < parent.length);
        if !within {
            return Err(misplaced);
        }
        let folder = if raw.parent == 0 { b"" } else { parent.path };
        let name = raw.path.strip_prefix(folder).and_then(|rest| rest.strip_prefix(b"/"));
        let name = name.filter(|name| is_name(name) && raw.path.len() <= PATH_LIMIT);
        let name = name.ok_or(FilesError::Path { index })?;
        match previous {
            Some(previous)
                if index > 1 && previous.parent == raw.parent && name_of(previous.path) >= name =>
            {
                Err(FilesError::Order { index })
            }
            _ => Ok(()),
        }
    }

    fn raw(&self, index: u32) -> Option<Result<Raw<'a>, FilesError>> {
        let bytes = self.entries.get(index as usize)?;
        Some(self.read(index, bytes))
    }

    fn raws(&self) -> impl Iterator<Item = Result<Raw<'a>, FilesError>> + use<'a> {
        let table = *self;
        table.entries.iter().enumerate().map(move |(index, bytes)| table.read(index as u32, bytes))
    }

    fn read(&self, index: u32, bytes: &[u8; ENTRY_LENGTH]) -> Result<Raw<'a>, FilesError> {
        let outside = FilesError::Path { index };
        let number = |offset| u32_at(bytes, offset).ok_or(outside);
        let long_number = |offset| u64_at(bytes, offset).ok_or(outside);
        let start = number(0)? as usize;
        let length = usize::from(u16_at(bytes, 4).ok_or(outside)?);
        let path = self.paths.get(start..).and_then(|rest| rest.get(..length)).ok_or(outside)?;
        let kind = Kind::from_number(bytes[6]).ok_or(FilesError::Kind { index, found: bytes[6] })?;
        if bytes[7] != 0 || number(44)? != 0 {
            return Err(FilesError::Reserved { index: Some(index) });
        }
        Ok(Raw {
            path,
            kind,
            mode: number(8)?,
            parent: number(12)?,
            modified: long_number(16)?.cast_signed(),
            start: long_number(24)?,
            length: long_number(32)?,
            checksum: number(40)?,
        })
    }

    /// How many entries there are, with the root.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a table has its root, so it is never empty")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry of a number.
    #[must_use]
    pub fn at(&self, index: EntryIndex) -> Option<Entry<'a>> {
        // Each entry was read once when the table was, so none fails here.
        let raw = self.raw(index.0)?.ok()?;
        let bytes = match raw.kind {
            Kind::Folder => &[],
            Kind::File | Kind::Link => self.bytes.get(raw.start as usize..)?.get(..raw.length as usize)?,
        };
        let Raw { path, kind, mode, parent, modified, checksum, .. } = raw;
        Some(Entry { index, parent: EntryIndex(parent), path, kind, mode, modified, bytes, checksum })
    }

    /// All entries, each folder before what is in it.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let table = *self;
        (0..table.entries.len() as u32).filter_map(move |index| table.at(EntryIndex(index)))
    }

    /// The entries of a folder, by name; nothing if it is none.
    pub fn entries(&self, folder: EntryIndex) -> impl ExactSizeIterator<Item = EntryIndex> + use<'a> {
        let (start, end) = self.range(folder);
        (start..end).map(EntryIndex)
    }

    fn range(&self, folder: EntryIndex) -> (u32, u32) {
        match self.raw(folder.0) {
            Some(Ok(raw)) if raw.kind == Kind::Folder => (raw.start as u32, (raw.start + raw.length) as u32),
            _ => (0, 0),
        }
    }

    /// What has a name in a folder: a binary search.
    #[must_use]
    pub fn entry(&self, folder: EntryIndex, name: &[u8]) -> Option<EntryIndex> {
        let (start, end) = self.range(folder);
        let children = self.entries.get(start as usize..end as usize)?;
        let found = children.binary_search_by(|bytes| {
            let path = self.read(0, bytes).map_or(&[][..], |raw| raw.path);
            name_of(path).cmp(name)
        });
        found.ok().map(|place| EntryIndex(start + place as u32))
    }

    /// What is at an absolute path, which is taken as it is: no dots, no links, one slash between names.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<Entry<'a>> {
        let path = path.strip_prefix(b"/")?;
        let mut at = EntryIndex::ROOT;
        if !path.is_empty() {
            for name in path.split(|byte| *byte == b'/') {
                at = self.entry(at, name)?;
            }
        }
        self.at(at)
    }

    /// What is in the folder at an absolute path, by name.
    pub fn children(&self, folder: &[u8]) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let table = *self;
        let folder = self.find(folder).map(|entry| entry.index);
        folder
            .into_iter()
            .flat_map(move |folder| table.entries(folder))
            .filter_map(move |index| table.at(index))
    }
}

/// Whether something can be the name of an entry.
fn is_name(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..")
        && name.len() <= NAME_LIMIT
        && !name.contains(&b'/')
        && !name.contains(&0)
}

#[cfg(all(test, feature = "std"))]
mod tests;
