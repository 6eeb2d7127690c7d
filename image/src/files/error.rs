// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with a file table.

use core::fmt;

/// Why bytes are not a file table. An entry is told by its number, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilesError {
    /// Fewer bytes than header, entries and paths need.
    TooShort {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The first entry is not the root.
    NoRoot,
    /// A field that has to be zero is not.
    Reserved {
        /// The entry; none for the header.
        index: Option<u32>,
    },
    /// There is no such kind.
    Kind {
        /// The entry.
        index: u32,
        /// The number of the kind.
        found: u8,
    },
    /// The mode has more than permissions.
    Mode {
        /// The entry.
        index: u32,
        /// The mode.
        mode: u32,
    },
    /// The path is outside of the paths, or is not that of the folder with a name behind it.
    Path {
        /// The entry.
        index: u32,
    },
    /// The entry is not in the folder that it names.
    Parent {
        /// The entry.
        index: u32,
        /// The entry that it names.
        parent: u32,
    },
    /// The name is not behind that of the entry before it.
    Order {
        /// The entry.
        index: u32,
    },
    /// A folder's entries are not those that come next.
    Children {
        /// The folder.
        index: u32,
    },
    /// Contents are outside of the table.
    Range {
        /// The entry.
        index: u32,
        /// Where they should begin.
        start: u64,
        /// How many bytes.
        length: u64,
        /// The length of the table.
        total: u64,
    },
    /// The checksum of contents does not match.
    Checksum {
        /// The entry.
        index: u32,
        /// The checksum in the table.
        stored: u32,
        /// The checksum of what is there.
        computed: u32,
    },
}

impl fmt::Display for FilesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { needed, found } => {
                write!(f, "file table is too short: {needed} bytes needed, {found} found")
            }
            Self::NoRoot => f.write_str("file table does not begin with the root"),
            Self::Reserved { index: None } => {
                f.write_str("header of the file table has a field that is not zero")
            }
            Self::Reserved { index: Some(index) } => write!(f, "file {index} has a field that is not zero"),
            Self::Kind { index, found } => write!(f, "file {index} is of kind {found}, which there is not"),
            Self::Mode { index, mode } => write!(f, "file {index} cannot have mode {mode:#o}"),
            Self::Path { index } => write!(f, "file {index} has no path that is a name in its folder"),
            Self::Parent { index, parent } => write!(f, "file {index} is not in folder {parent}, as it says"),
            Self::Order { index } => write!(f, "file {index} is not behind its neighbour by name"),
            Self::Children { index } => write!(f, "folder {index} does not have the files that come next"),
            Self::Range { index, start, length, total } => write!(
                f,
                "file {index} at {start:#x} with {length} bytes is outside of the file table's {total} bytes"
            ),
            Self::Checksum { index, stored, computed } => {
                write!(f, "file {index} has checksum {stored:#010x}, its bytes have {computed:#010x}")
            }
        }
    }
}

impl core::error::Error for FilesError {}
