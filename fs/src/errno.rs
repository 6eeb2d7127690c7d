// SPDX-License-Identifier: Apache-2.0
//! Errors: the numbers of Linux, which file systems of others (the host's, 9P2000.L) use as well. Those that this room gives itself have names.

/// An error of POSIX by its number on Linux.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub u16);

impl Errno {
    /// It is not allowed.
    pub const EPERM: Self = Self(1);
    /// There is nothing of this name.
    pub const ENOENT: Self = Self(2);
    /// The disk has failed, or what is on it is damaged.
    pub const EIO: Self = Self(5);
    /// There is no such open file, or it is not open for this.
    pub const EBADF: Self = Self(9);
    /// It would have to wait.
    pub const EAGAIN: Self = Self(11);
    /// The permissions do not allow it.
    pub const EACCES: Self = Self(13);
    /// It is in use.
    pub const EBUSY: Self = Self(16);
    /// There is something of this name.
    pub const EEXIST: Self = Self(17);
    /// The names are in different file systems.
    pub const EXDEV: Self = Self(18);
    /// There is no such operation on it.
    pub const ENODEV: Self = Self(19);
    /// It is no folder.
    pub const ENOTDIR: Self = Self(20);
    /// It is a folder.
    pub const EISDIR: Self = Self(21);
    /// The argument makes no sense.
    pub const EINVAL: Self = Self(22);
    /// Too many files are open.
    pub const EMFILE: Self = Self(24);
    /// The file would be too large.
    pub const EFBIG: Self = Self(27);
    /// There is no room.
    pub const ENOSPC: Self = Self(28);
    /// Nothing can be changed.
    pub const EROFS: Self = Self(30);
    /// It has too many names.
    pub const EMLINK: Self = Self(31);
    /// The name or path is too long.
    pub const ENAMETOOLONG: Self = Self(36);
    /// There are no locks.
    pub const ENOLCK: Self = Self(37);
    /// There is no such function.
    pub const ENOSYS: Self = Self(38);
    /// It is not empty.
    pub const ENOTEMPTY: Self = Self(39);
    /// There are too many symbolic links on the way.
    pub const ELOOP: Self = Self(40);
    /// There is no such thing here.
    pub const ENOTSUP: Self = Self(95);
    /// Another view is at work in the file system. No system has this number, and no program gets to see it.
    pub const TAKEN: Self = Self(u16::MAX);
}
