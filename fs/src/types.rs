// SPDX-License-Identifier: Apache-2.0
//! The words of file systems: how a file is opened, what is known of it, what is done to it.

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Modes {
    /// To read.
    pub read: bool,
    /// To write.
    pub write: bool,
    /// It is made if it is not there.
    pub create: bool,
    /// It may not be there yet.
    pub exclusive: bool,
    /// It becomes empty.
    pub truncate: bool,
    /// All that is written goes to the end.
    pub append: bool,
    /// What is written is on the disk when the call returns.
    pub sync: bool,
    /// It has to be a folder.
    pub folder: bool,
}

/// Where something is read or written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// Where the last one ended.
    Position,
    /// At a byte, which leaves the position as it is.
    Offset(u64),
}

/// What an offset is counted from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// The first byte.
    Start,
    /// The position.
    Position,
    /// The end.
    End,
}

/// What has to be on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sync {
    /// All of the file.
    All,
    /// What is needed to read its bytes again.
    Data,
}

/// What is going to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Nobody knows.
    Normal,
    /// Here and there.
    Random,
    /// From the first to the last.
    Sequential,
    /// Soon.
    WillNeed,
    /// Not soon.
    DontNeed,
    /// Once.
    NoReuse,
}

/// Whether a path's last component is followed if it is a symbolic link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follow {
    /// It is.
    Target,
    /// The link itself is meant.
    Link,
}

/// What something is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A device.
    Device,
    /// A folder.
    Folder,
    /// A file.
    Regular,
    /// A symbolic link.
    Link,
    /// A pipe, a socket.
    Other,
}

/// What may be done.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Access {
    /// Whether it may be read.
    pub read: bool,
    /// Whether it may be written to.
    pub write: bool,
}

/// What is known of something. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Info {
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: Kind,
    /// What the caller may do with it.
    pub access: Access,
    /// When it was read.
    pub accessed: i64,
    /// When its bytes were changed.
    pub modified: i64,
    /// When anything about it was changed.
    pub changed: i64,
    /// Kind and permissions as POSIX has them (`st_mode`).
    pub mode: u32,
    /// How many names it has.
    pub links: u32,
    /// The device that it is on.
    pub device: u32,
    /// The device that it is.
    pub special: u32,
    /// Its number on the device.
    pub inode: u32,
    /// Whose it is.
    pub user: u32,
    /// Whose group's it is.
    pub group: u32,
}

/// What is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Make<'a> {
    /// A folder.
    Folder,
    /// A symbolic link to a path.
    SymbolicLink(&'a [u8]),
}

/// What is removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remove {
    /// An empty folder.
    Folder,
    /// Anything else.
    File,
}

/// What is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// The permissions: the lowest 12 bits of the mode.
    Permissions(u32),
    /// User and group, those that are named.
    Owner(Option<u32>, Option<u32>),
    /// When it was read and modified.
    Times(i64, i64),
}
