// SPDX-License-Identifier: Apache-2.0
//! A thing: a file, a folder, a symbolic link.
//!
//! | byte | is |
//! |---|---|
//! | 0 | kind, 1 byte: 1 file, 2 folder, 3 link |
//! | 1 | flags, 1 byte: 1 when its content has windows behind its end that are to go |
//! | 2 | permissions, 2 bytes |
//! | 4 | number of names, 4 bytes |
//! | 8 | user, 4 bytes; group, 4 bytes |
//! | 16 | size: bytes, of a folder names |
//! | 24 | when it was read, modified, changed: seconds since 1970, 8 bytes each |
//! | 48 | of a file its content's number, of a folder that of the folder above |

use alloc::vec::Vec;

use super::bytes::Reader;
use super::keys::{Id, ROOT};
use crate::memory::User;
use crate::{Access, Kind};

/// What a thing is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// A file, with its content.
    File(Id),
    /// A folder, with the one above.
    Folder(Id),
    /// A symbolic link.
    Link,
}

impl Body {
    /// The byte that says it.
    pub fn tag(self) -> u8 {
        match self {
            Self::File(_) => 1,
            Self::Folder(_) => 2,
            Self::Link => 3,
        }
    }
}

/// What is behind a file's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tail {
    /// Nothing.
    Clean,
    /// Windows that are to go.
    Cut,
}

/// A thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Inode {
    pub body: Body,
    pub tail: Tail,
    pub permissions: u32,
    pub links: u32,
    pub user: u32,
    pub group: u32,
    pub size: u64,
    pub accessed: i64,
    pub modified: i64,
    pub changed: i64,
}

impl Inode {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(56);
        bytes.extend_from_slice(&[self.body.tag(), u8::from(self.tail == Tail::Cut)]);
        bytes.extend_from_slice(&(self.permissions as u16).to_le_bytes());
        for number in [self.links, self.user, self.group] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.size.to_le_bytes());
        for time in [self.accessed, self.modified, self.changed] {
            bytes.extend_from_slice(&time.to_le_bytes());
        }
        let id = match self.body {
            Body::File(id) | Body::Folder(id) => id,
            Body::Link => Id(0),
        };
        bytes.extend_from_slice(&id.0.to_le_bytes());
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let (kind, flags) = (reader.u8()?, reader.u8()?);
        let permissions = u32::from(reader.u16()?);
        let (links, user, group) = (reader.u32()?, reader.u32()?, reader.u32()?);
        let size = reader.u64()?;
        let (accessed, modified, changed) = (reader.i64()?, reader.i64()?, reader.i64()?);
        let id = Id(reader.u64()?);
        let body = match kind {
            1 => Body::File(id),
            2 => Body::Folder(id),
            3 => Body::Link,
            _ => return None,
        };
        if !reader.0.is_empty() || flags > 1 || size > LARGEST {
            return None;
        }
        let tail = if flags == 1 { Tail::Cut } else { Tail::Clean };
        Some(Self { body, tail, permissions, links, user, group, size, accessed, modified, changed })
    }

    pub fn kind(&self) -> Kind {
        match self.body {
            Body::File(_) => Kind::Regular,
            Body::Folder(_) => Kind::Folder,
            Body::Link => Kind::Link,
        }
    }

    /// Kind and permissions as POSIX has them.
    pub fn mode(&self) -> u32 {
        let kind = match self.body {
            Body::File(_) => 0o100_000,
            Body::Folder(_) => 0o040_000,
            Body::Link => 0o120_000,
        };
        kind | self.permissions
    }

    pub fn is_folder(&self) -> bool {
        matches!(self.body, Body::Folder(_))
    }

    /// How many bytes it is said to have: of a folder as many as Linux's `tmpfs` says.
    pub fn said_size(&self) -> u64 {
        if self.is_folder() { self.size.saturating_add(2).saturating_mul(20) } else { self.size }
    }

    /// The three bits of the permissions that are a user's.
    fn bits(&self, who: User) -> u32 {
        who.bits(self.permissions, User { user: self.user, group: self.group })
    }

    /// What a user may do.
    pub fn access(&self, who: User) -> Access {
        let bits = self.bits(who);
        Access { read: bits & 4 != 0, write: bits & 2 != 0 }
    }

    /// Whether a user may look for names in the folder.
    pub fn may_search(&self, who: User) -> bool {
        self.bits(who) & 1 != 0
    }
}

/// What a name is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thing {
    /// Its number.
    pub id: Id,
    /// The byte that says what it is ([`Body::tag`]).
    pub tag: u8,
}

impl Thing {
    /// The root.
    pub const ROOT: Self = Self { id: ROOT, tag: 2 };

    pub fn is_folder(self) -> bool {
        self.tag == Self::ROOT.tag
    }

    pub fn decode(value: &[u8]) -> Option<Self> {
        let (id, rest) = value.split_first_chunk::<8>()?;
        let [tag @ 1..=3] = *rest else { return None };
        Some(Self { id: Id(u64::from_le_bytes(*id)), tag })
    }

    pub fn encode(self) -> Vec<u8> {
        let mut value = self.id.0.to_le_bytes().to_vec();
        value.push(self.tag);
        value
    }
}

/// The largest file.
pub const LARGEST: u64 = 1 << 44;
