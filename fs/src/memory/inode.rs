// SPDX-License-Identifier: Apache-2.0
//! What is in a file system in memory: files, folders, links, by number.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::content::Content;
use crate::{Access, Kind};

/// The number of something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ino(pub u32);

/// What something is.
#[derive(Debug)]
pub enum Body {
    /// A file.
    File(Content),
    /// A folder: names, the folder in which it is, and where in the name space what is mounted over it is.
    Folder {
        /// What is in it.
        entries: BTreeMap<Vec<u8>, Ino>,
        /// In which it is.
        parent: Ino,
        /// What is mounted over it.
        cover: Option<Vec<u8>>,
    },
    /// A symbolic link.
    Link(Vec<u8>),
}

/// Something with its attributes.
#[derive(Debug)]
pub struct Inode {
    /// What it is.
    pub body: Body,
    /// Permissions: the lowest 12 bits of the mode.
    pub permissions: u32,
    /// Whose it is.
    pub user: u32,
    /// Whose group's it is.
    pub group: u32,
    /// How many names it has; a folder's are its own, `.`, and `..` of each folder in it.
    pub links: u32,
    /// How many have it open.
    pub opened: u32,
    /// When it was read.
    pub accessed: i64,
    /// When its bytes were changed.
    pub modified: i64,
    /// When anything about it was changed.
    pub changed: i64,
}

impl Inode {
    /// What kind it is.
    pub fn kind(&self) -> Kind {
        match self.body {
            Body::File(_) => Kind::Regular,
            Body::Folder { .. } => Kind::Folder,
            Body::Link(_) => Kind::Link,
        }
    }

    /// Kind and permissions as POSIX has them.
    pub fn mode(&self) -> u32 {
        let kind = match self.body {
            Body::File(_) => 0o100_000,
            Body::Folder { .. } => 0o040_000,
            Body::Link(_) => 0o120_000,
        };
        kind | self.permissions
    }

    /// How many bytes it is said to have.
    pub fn size(&self) -> u64 {
        match &self.body {
            Body::File(content) => content.size(),
            Body::Folder { entries, .. } => 20 * (2 + entries.len() as u64),
            Body::Link(target) => target.len() as u64,
        }
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

/// Who uses a file system. Number 0 may do anything.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct User {
    /// The user's number.
    pub user: u32,
    /// The group's number.
    pub group: u32,
}

impl User {
    /// The three bits of something's permissions that are this user's: read, write, search.
    pub(crate) const fn bits(self, permissions: u32, owner: Self) -> u32 {
        let shift = match self.user {
            0 => return 7,
            user if user == owner.user => 6,
            _ if self.group == owner.group => 3,
            _ => 0,
        };
        permissions >> shift & 7
    }
}
