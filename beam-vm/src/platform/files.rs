// SPDX-License-Identifier: Apache-2.0
//! What the machine needs of files: the operations of POSIX on paths and open files (IEEE Std 1003.1), few and each for one thing. Module
//! `prim_file` is made of them.
//!
//! A path is bytes without a NUL; one that does not begin with `/` goes on from the working folder, which is the platform's. An open file
//! is a number of the platform's table, never a descriptor of the host, so that frozen memory has nothing of a run in it. A call may take as long
//! as the device does; how much it does at once is up to who calls.

use alloc::vec::Vec;

use super::Errno;

/// An open file: its place in the platform's table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileHandle(pub u32);

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct OpenModes {
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

/// What a program says of what it is going to read (`posix_fadvise`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Nothing.
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
pub enum FileKind {
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

/// What this machine may do with something.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Access {
    /// Whether it may read it.
    pub read: bool,
    /// Whether it may write to it.
    pub write: bool,
}

/// What is known of something. Times are seconds since 1970.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileInfo {
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: FileKind,
    /// What this machine may do with it.
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
    /// A symbolic link to a path, which need not be there.
    SymbolicLink(&'a [u8]),
    /// Another name of what is at a path.
    HardLink(&'a [u8]),
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

/// What is done with a result, or why not.
pub type FileResult<T> = Result<T, Errno>;

/// Files.
pub trait Files {
    /// Opens a file, or a folder to look at.
    ///
    /// # Errors
    /// As `open`.
    fn open(&mut self, path: &[u8], modes: OpenModes) -> FileResult<FileHandle>;

    /// Closes a file; its handle is good for another one then.
    ///
    /// # Errors
    /// As `close`. It is closed nevertheless.
    fn close(&mut self, file: FileHandle) -> FileResult<()>;

    /// Reads bytes. There may be more although fewer are read than asked for; none is the end.
    ///
    /// # Errors
    /// As `read` and `pread`.
    fn read(&mut self, file: FileHandle, at: At, into: &mut [u8]) -> FileResult<usize>;

    /// Writes bytes of parts. Tells how many of them, which may be fewer than there are.
    ///
    /// # Errors
    /// As `writev` and `pwritev`.
    fn write(&mut self, file: FileHandle, at: At, parts: &[&[u8]]) -> FileResult<usize>;

    /// Sets the position, which it tells.
    ///
    /// # Errors
    /// As `lseek`.
    fn seek(&mut self, file: FileHandle, from: From, offset: i64) -> FileResult<u64>;

    /// Cuts a file, or makes it longer by bytes that are 0.
    ///
    /// # Errors
    /// As `ftruncate`.
    fn resize(&mut self, file: FileHandle, size: u64) -> FileResult<()>;

    /// Returns when what was written is on the disk.
    ///
    /// # Errors
    /// As `fsync`.
    fn sync(&mut self, file: FileHandle, what: Sync) -> FileResult<()>;

    /// Makes room on the disk, and the file as long.
    ///
    /// # Errors
    /// As `posix_fallocate`.
    fn allocate(&mut self, file: FileHandle, offset: u64, length: u64) -> FileResult<()>;

    /// Says what will be read.
    ///
    /// # Errors
    /// As `posix_fadvise`.
    fn advise(&mut self, file: FileHandle, offset: u64, length: u64, advice: Advice) -> FileResult<()>;

    /// What is known of an open file.
    ///
    /// # Errors
    /// As `fstat`.
    fn handle_info(&mut self, file: FileHandle) -> FileResult<FileInfo>;

    /// The number by which others know an open file, if there are any: the host's descriptor.
    ///
    /// # Errors
    /// There is none.
    fn descriptor(&mut self, file: FileHandle) -> FileResult<i32>;

    /// Takes over an open file that others know by this number.
    ///
    /// # Errors
    /// There is none.
    fn adopt(&mut self, descriptor: i32) -> FileResult<FileHandle>;

    /// What is known of what is at a path.
    ///
    /// # Errors
    /// As `stat` and `lstat`.
    fn info(&mut self, path: &[u8], follow: Follow) -> FileResult<FileInfo>;

    /// The names in a folder but `.` and `..`, in the order of the file system.
    ///
    /// # Errors
    /// As `opendir` and `readdir`.
    fn list(&mut self, path: &[u8]) -> FileResult<Vec<Vec<u8>>>;

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// As `readlink`.
    fn read_link(&mut self, path: &[u8]) -> FileResult<Vec<u8>>;

    /// Makes something that is not there.
    ///
    /// # Errors
    /// As `mkdir`, `symlink`, `link`.
    fn make(&mut self, path: &[u8], what: Make<'_>) -> FileResult<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// As `unlink` and `rmdir`.
    fn remove(&mut self, path: &[u8], what: Remove) -> FileResult<()>;

    /// Gives something another name. What has it is replaced.
    ///
    /// # Errors
    /// As `rename`.
    fn rename(&mut self, from: &[u8], to: &[u8]) -> FileResult<()>;

    /// Changes what is at a path; links are followed.
    ///
    /// # Errors
    /// As `chmod`, `chown`, `utime`.
    fn change(&mut self, path: &[u8], what: Change) -> FileResult<()>;

    /// The working folder.
    ///
    /// # Errors
    /// As `getcwd`.
    fn working_folder(&mut self) -> FileResult<Vec<u8>>;

    /// Makes another folder the working folder.
    ///
    /// # Errors
    /// As `chdir`.
    fn enter(&mut self, path: &[u8]) -> FileResult<()>;
}

/// The files of a platform that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

/// No path leads anywhere.
const NOTHING: Errno = Errno::ENOENT;
/// Nothing is open.
const CLOSED: Errno = Errno::EBADF;

impl Files for NoFiles {
    fn open(&mut self, _: &[u8], modes: OpenModes) -> FileResult<FileHandle> {
        Err(if modes.create { Errno::EROFS } else { NOTHING })
    }

    fn close(&mut self, _: FileHandle) -> FileResult<()> {
        Err(CLOSED)
    }

    fn read(&mut self, _: FileHandle, _: At, _: &mut [u8]) -> FileResult<usize> {
        Err(CLOSED)
    }

    fn write(&mut self, _: FileHandle, _: At, _: &[&[u8]]) -> FileResult<usize> {
        Err(CLOSED)
    }

    fn seek(&mut self, _: FileHandle, _: From, _: i64) -> FileResult<u64> {
        Err(CLOSED)
    }

    fn resize(&mut self, _: FileHandle, _: u64) -> FileResult<()> {
        Err(CLOSED)
    }

    fn sync(&mut self, _: FileHandle, _: Sync) -> FileResult<()> {
        Err(CLOSED)
    }

    fn allocate(&mut self, _: FileHandle, _: u64, _: u64) -> FileResult<()> {
        Err(CLOSED)
    }

    fn advise(&mut self, _: FileHandle, _: u64, _: u64, _: Advice) -> FileResult<()> {
        Err(CLOSED)
    }

    fn handle_info(&mut self, _: FileHandle) -> FileResult<FileInfo> {
        Err(CLOSED)
    }

    fn descriptor(&mut self, _: FileHandle) -> FileResult<i32> {
        Err(CLOSED)
    }

    fn adopt(&mut self, _: i32) -> FileResult<FileHandle> {
        Err(CLOSED)
    }

    fn info(&mut self, _: &[u8], _: Follow) -> FileResult<FileInfo> {
        Err(NOTHING)
    }

    fn list(&mut self, _: &[u8]) -> FileResult<Vec<Vec<u8>>> {
        Err(NOTHING)
    }

    fn read_link(&mut self, _: &[u8]) -> FileResult<Vec<u8>> {
        Err(NOTHING)
    }

    fn make(&mut self, _: &[u8], _: Make<'_>) -> FileResult<()> {
        Err(Errno::EROFS)
    }

    fn remove(&mut self, _: &[u8], _: Remove) -> FileResult<()> {
        Err(NOTHING)
    }

    fn rename(&mut self, _: &[u8], _: &[u8]) -> FileResult<()> {
        Err(NOTHING)
    }

    fn change(&mut self, _: &[u8], _: Change) -> FileResult<()> {
        Err(NOTHING)
    }

    fn working_folder(&mut self) -> FileResult<Vec<u8>> {
        Err(NOTHING)
    }

    fn enter(&mut self, _: &[u8]) -> FileResult<()> {
        Err(NOTHING)
    }
}
