// SPDX-License-Identifier: Apache-2.0
//! What a file system does.

use alloc::vec::Vec;

use crate::{Advice, At, Change, Errno, Follow, From, Info, Make, Modes, Remove, Sync};

/// An open file: its number in its file system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node(pub u32);

/// Why an operation on a path is not done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stop {
    /// It has failed.
    Failed(Errno),
    /// The path leads out of the file system: this path of the name space is meant.
    Elsewhere(Vec<u8>),
    /// The path leads to the folder above the file system's root: this path from there is meant.
    Above(Vec<u8>),
}

impl core::convert::From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Failed(errno)
    }
}

/// A path on its way through file systems.
#[derive(Debug)]
pub struct Lookup<'a> {
    /// The path in this file system. Only one that keeps a working folder of its own gets paths that do not begin with `/`.
    pub path: &'a [u8],
    /// How many symbolic links may still be followed; the file system counts down.
    pub links: u32,
}

impl<'a> Lookup<'a> {
    /// A path of which nothing is done yet.
    #[must_use]
    pub const fn new(path: &'a [u8]) -> Self {
        Self { path, links: LINKS }
    }
}

/// What is located.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locate {
    /// Something that is there.
    Existing,
    /// A name, whether or not something has it.
    Name,
}

/// How many symbolic links a path may lead over: Linux's limit.
pub const LINKS: u32 = 40;

/// What a file system may wait for, or whoever uses it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WaitsFor {
    /// Nothing: all is in memory.
    Nothing,
    /// Devices of this machine.
    Devices,
    /// Another machine as well, which may take for ever.
    Servers,
}

/// A file system. Paths have no NUL; those with an empty last component (`a/`) mean a folder.
pub trait FileSystem {
    /// Says that something else is mounted at a folder, and where that is in the name space: paths that come to it lead elsewhere.
    ///
    /// # Errors
    /// It is no folder.
    fn cover(&mut self, folder: &[u8], place: &[u8]) -> Result<(), Errno>;

    /// What it may wait for.
    fn waits_for(&self) -> WaitsFor {
        WaitsFor::Nothing
    }

    /// Opens a file, or a folder to look at.
    ///
    /// # Errors
    /// As `open`.
    fn open(&mut self, path: &mut Lookup<'_>, modes: Modes) -> Result<Node, Stop>;

    /// Closes a file.
    ///
    /// # Errors
    /// As `close`.
    fn close(&mut self, file: Node) -> Result<(), Errno>;

    /// Reads bytes; none is the end.
    ///
    /// # Errors
    /// As `read` and `pread`.
    fn read(&mut self, file: Node, at: At, into: &mut [u8]) -> Result<usize, Errno>;

    /// Writes bytes of parts; tells how many.
    ///
    /// # Errors
    /// As `writev` and `pwritev`.
    fn write(&mut self, file: Node, at: At, parts: &[&[u8]]) -> Result<usize, Errno>;

    /// Sets the position, which it tells.
    ///
    /// # Errors
    /// As `lseek`.
    fn seek(&mut self, file: Node, from: From, offset: i64) -> Result<u64, Errno>;

    /// Cuts a file, or makes it longer.
    ///
    /// # Errors
    /// As `ftruncate`.
    fn resize(&mut self, file: Node, size: u64) -> Result<(), Errno>;

    /// Returns when what was written is on the disk.
    ///
    /// # Errors
    /// As `fsync`.
    fn sync(&mut self, file: Node, what: Sync) -> Result<(), Errno>;

    /// Makes room, and the file as long.
    ///
    /// # Errors
    /// As `posix_fallocate`.
    fn allocate(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno>;

    /// Says what will be read.
    ///
    /// # Errors
    /// As `posix_fadvise`.
    fn advise(&mut self, file: Node, offset: u64, length: u64, advice: Advice) -> Result<(), Errno>;

    /// What is known of an open file.
    ///
    /// # Errors
    /// As `fstat`.
    fn handle_info(&mut self, file: Node) -> Result<Info, Errno>;

    /// The host's number of an open file, where there is a host.
    ///
    /// # Errors
    /// `ENOTSUP` where there is none.
    fn descriptor(&mut self, _file: Node) -> Result<i32, Errno> {
        Err(Errno::ENOTSUP)
    }

    /// Takes over an open file of the host.
    ///
    /// # Errors
    /// `ENOTSUP` where there is none, else as `fcntl`.
    fn adopt(&mut self, _descriptor: i32) -> Result<Node, Errno> {
        Err(Errno::ENOTSUP)
    }

    /// What is known of what is at a path.
    ///
    /// # Errors
    /// As `stat` and `lstat`.
    fn info(&mut self, path: &mut Lookup<'_>, follow: Follow) -> Result<Info, Stop>;

    /// The names in a folder but `.` and `..`.
    ///
    /// # Errors
    /// As `opendir`.
    fn list(&mut self, path: &mut Lookup<'_>) -> Result<Vec<Vec<u8>>, Stop>;

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// As `readlink`.
    fn read_link(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop>;

    /// Makes something that is not there.
    ///
    /// # Errors
    /// As `mkdir` and `symlink`.
    fn make(&mut self, path: &mut Lookup<'_>, what: Make<'_>) -> Result<(), Stop>;

    /// Removes a name.
    ///
    /// # Errors
    /// As `unlink` and `rmdir`.
    fn remove(&mut self, path: &mut Lookup<'_>, what: Remove) -> Result<(), Stop>;

    /// The path at which this file system has a name that is moved or linked: nothing on it leads elsewhere. The last component is
    /// taken as it is.
    ///
    /// # Errors
    /// As for any path.
    fn locate(&mut self, path: &mut Lookup<'_>, what: Locate) -> Result<Vec<u8>, Stop>;

    /// Gives something another name. Both paths are in this file system.
    ///
    /// # Errors
    /// As `rename`.
    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno>;

    /// Gives something one more name. Both paths are in this file system.
    ///
    /// # Errors
    /// As `link`.
    fn link(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno>;

    /// Changes what is at a path.
    ///
    /// # Errors
    /// As `chmod`, `chown`, `utime`.
    fn change(&mut self, path: &mut Lookup<'_>, what: Change) -> Result<(), Stop>;

    /// Says that a folder is to be the working folder. Gives its path without links and dots.
    ///
    /// # Errors
    /// As `chdir`.
    fn enter(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop>;

    /// Makes all that was done so far stay, whoever did it: what `sync` does.
    ///
    /// # Errors
    /// As `fsync`.
    fn sync_all(&mut self) -> Result<(), Errno> {
        Ok(())
    }

    /// The same, and leaves as little as possible for the next start to do: the machine ends.
    ///
    /// # Errors
    /// As `fsync`.
    fn rest(&mut self) -> Result<(), Errno> {
        self.sync_all()
    }

    /// The working folder, if this file system keeps one.
    ///
    /// # Errors
    /// As `getcwd`.
    fn working_folder(&mut self) -> Option<Result<Vec<u8>, Errno>> {
        None
    }
}
