// SPDX-License-Identifier: Apache-2.0
//! The keys of the tree. Each begins with a number of 8 bytes, big-endian so that keys are in the order of numbers, and a byte that says what it is.
//!
//! | number | byte | then | value |
//! |---|---|---|---|
//! | a thing's | 1 | | the thing ([`super::inode`]) |
//! | a folder's | 2 | a name | what has the name, 8 bytes; its kind, 1 byte |
//! | a link's | 3 | part, 1 byte | up to 512 bytes of where it leads |
//! | a content's | 4 | window, 8 bytes | where its pages are ([`super::window`]) |
//! | a folder's | 7 | | its own name |
//! | 0 | 5 | number, 8 bytes | an orphan: the first window that is to go, 8 bytes; of a thing that is only open, all of it |
//! | 0 | 6 | chunk, 8 bytes | a bit for each of 4096 blocks that is in use, 512 bytes |

use alloc::vec::Vec;

/// The number of a thing or of a file's content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Id(pub u64);

/// The root.
pub const ROOT: Id = Id(1);

const INODE: u8 = 1;
const NAME: u8 = 2;
const LINK: u8 = 3;
const WINDOW: u8 = 4;
const ORPHAN: u8 = 5;
const CHUNK: u8 = 6;
const OWN: u8 = 7;

/// What a key is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key<'a> {
    /// A thing.
    Inode(Id),
    /// A name in a folder.
    Name(Id, &'a [u8]),
    /// A part of where a link leads.
    Link(Id, u8),
    /// A folder's own name.
    Own(Id),
    /// A window of a content.
    Window(Id, u64),
    /// Something that is to go.
    Orphan(Id),
    /// Which blocks are in use.
    Chunk(u64),
}

impl<'a> Key<'a> {
    pub fn encode(self) -> Vec<u8> {
        let (id, kind) = match self {
            Self::Inode(id) => (id, INODE),
            Self::Name(id, _) => (id, NAME),
            Self::Link(id, _) => (id, LINK),
            Self::Window(id, _) => (id, WINDOW),
            Self::Own(id) => (id, OWN),
            Self::Orphan(_) => (Id(0), ORPHAN),
            Self::Chunk(_) => (Id(0), CHUNK),
        };
        let mut bytes = id.0.to_be_bytes().to_vec();
        bytes.push(kind);
        match self {
            Self::Inode(_) | Self::Own(_) => {}
            Self::Name(_, name) => bytes.extend_from_slice(name),
            Self::Link(_, part) => bytes.push(part),
            Self::Window(_, number) | Self::Orphan(Id(number)) | Self::Chunk(number) => {
                bytes.extend_from_slice(&number.to_be_bytes());
            }
        }
        bytes
    }

    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk::<8>()?;
        let (kind, rest) = rest.split_first()?;
        let id = Id(u64::from_be_bytes(*id));
        let number = || rest.try_into().ok().map(u64::from_be_bytes);
        match (*kind, id) {
            (ORPHAN, Id(0)) => Some(Self::Orphan(Id(number()?))),
            (CHUNK, Id(0)) => Some(Self::Chunk(number()?)),
            (_, Id(0)) => None,
            (INODE, id) => rest.is_empty().then_some(Self::Inode(id)),
            (OWN, id) => rest.is_empty().then_some(Self::Own(id)),
            (NAME, id) => (!rest.is_empty()).then_some(Self::Name(id, rest)),
            (LINK, id) => rest.first().filter(|_| rest.len() == 1).map(|part| Self::Link(id, *part)),
            (WINDOW, id) => Some(Self::Window(id, number()?)),
            _ => None,
        }
    }
}
