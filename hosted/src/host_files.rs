// SPDX-License-Identifier: Apache-2.0
//! The host's files as a file system: its kernel resolves paths, follows links, checks permissions and keeps the working folder, which is
//! that of this process, so that programs that it starts are in it too.

use std::os::fd::{AsRawFd, OwnedFd};

use fs::{
    Access, Advice, At, Change, Errno, FileSystem, Follow, From, Info, Kind, Locate, Lookup, Make, Modes,
    Node, Remove, Stop, Sync,
};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Gid, Mode, OFlags, SeekFrom, Stat, Timespec, Timestamps, Uid};
use rustix::io;
use rustix::process::{getegid, geteuid};

/// Permissions of new files and folders, from which the process's mask takes some.
const FILE_MODE: u32 = 0o666;
const FOLDER_MODE: u32 = 0o777;

/// What a call of the system takes at most (`UIO_MAXIOV`).
const PARTS: usize = 1024;

/// The host's files.
#[derive(Debug, Default)]
pub struct HostFiles {
    open: Vec<Option<OwnedFd>>,
    free: Vec<u32>,
}

fn errno(error: io::Errno) -> Errno {
    Errno(error.raw_os_error() as u16)
}

fn stop(error: io::Errno) -> Stop {
    Stop::Failed(errno(error))
}

impl HostFiles {
    fn keep(&mut self, file: OwnedFd) -> Node {
        let slot = self.free.pop().unwrap_or(self.open.len() as u32);
        match self.open.get_mut(slot as usize) {
            Some(place) => *place = Some(file),
            None => self.open.push(Some(file)),
        }
        Node(slot)
    }

    fn file(&self, file: Node) -> Result<&OwnedFd, Errno> {
        self.open.get(file.0 as usize).and_then(Option::as_ref).ok_or(Errno::EBADF)
    }
}

fn flags(modes: Modes) -> OFlags {
    let mut flags = OFlags::CLOEXEC;
    flags |= match (modes.read, modes.write) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        (_, false) => OFlags::RDONLY,
    };
    let choices = [
        (modes.create, OFlags::CREATE),
        (modes.exclusive, OFlags::EXCL),
        (modes.truncate, OFlags::TRUNC),
        (modes.append, OFlags::APPEND),
        (modes.sync, OFlags::SYNC),
        (modes.folder, OFlags::DIRECTORY),
    ];
    choices.iter().filter(|(chosen, _)| *chosen).for_each(|(_, flag)| flags |= *flag);
    flags
}

fn kind(mode: u32) -> Kind {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => Kind::Regular,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        FileType::CharacterDevice | FileType::BlockDevice => Kind::Device,
        _ => Kind::Other,
    }
}

fn info(stat: &Stat, access: Access) -> Info {
    Info {
        size: stat.st_size as u64,
        kind: kind(stat.st_mode),
        access,
        accessed: stat.st_atime,
        modified: stat.st_mtime,
        changed: stat.st_ctime,
        mode: stat.st_mode,
        links: stat.st_nlink as u32,
        device: stat.st_dev as u32,
        special: stat.st_rdev as u32,
        inode: stat.st_ino as u32,
        user: stat.st_uid,
        group: stat.st_gid,
    }
}

/// What the permissions of an open file allow this process.
fn permitted(stat: &Stat) -> Access {
    let shift = if stat.st_uid == geteuid().as_raw() {
        6
    } else if stat.st_gid == getegid().as_raw() {
        3
    } else {
        0
    };
    let bits = stat.st_mode >> shift;
    Access { read: bits & 4 != 0, write: bits & 2 != 0 }
}

/// What this process may do with what is at a path.
fn accessible(path: &[u8]) -> Access {
    let may = |wanted| rustix::fs::access(path, wanted).is_ok();
    Access { read: may(rustix::fs::Access::READ_OK), write: may(rustix::fs::Access::WRITE_OK) }
}

impl FileSystem for HostFiles {
    /// The host knows nothing of what is mounted over it: its links and dots do not lead there, paths that name the place do.
    fn cover(&mut self, _: &[u8], _: &[u8]) -> Result<(), Errno> {
        Ok(())
    }

    fn open(&mut self, path: &mut Lookup<'_>, modes: Modes) -> Result<Node, Stop> {
        let mode = Mode::from_raw_mode(if modes.folder { FOLDER_MODE } else { FILE_MODE });
        let file = io::retry_on_intr(|| rustix::fs::open(path.path, flags(modes), mode)).map_err(stop)?;
        Ok(self.keep(file))
    }

    fn close(&mut self, file: Node) -> Result<(), Errno> {
        let slot = self.open.get_mut(file.0 as usize).ok_or(Errno::EBADF)?;
        let file_descriptor = slot.take().ok_or(Errno::EBADF)?;
        self.free.push(file.0);
        close(file_descriptor)
    }

    fn read(&mut self, file: Node, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        let file = self.file(file)?;
        let read = match at {
            At::Position => io::retry_on_intr(|| io::read(file, &mut *into)),
            At::Offset(offset) => io::retry_on_intr(|| io::pread(file, &mut *into, offset)),
        };
        read.map_err(errno)
    }

    fn write(&mut self, file: Node, at: At, parts: &[&[u8]]) -> Result<usize, Errno> {
        let file = self.file(file)?;
        let slices: Vec<io::IoSlice<'_>> =
            parts.iter().take(PARTS).map(|part| io::IoSlice::new(part)).collect();
        let written = match at {
            At::Position => io::retry_on_intr(|| io::writev(file, &slices)),
            At::Offset(offset) => io::retry_on_intr(|| io::pwritev(file, &slices, offset)),
        };
        written.map_err(errno)
    }

    fn seek(&mut self, file: Node, from: From, offset: i64) -> Result<u64, Errno> {
        let to = match from {
            From::Start => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::EINVAL)?),
            From::Position => SeekFrom::Current(offset),
            From::End => SeekFrom::End(offset),
        };
        rustix::fs::seek(self.file(file)?, to).map_err(errno)
    }

    fn resize(&mut self, file: Node, size: u64) -> Result<(), Errno> {
        let file = self.file(file)?;
        io::retry_on_intr(|| rustix::fs::ftruncate(file, size)).map_err(errno)
    }

    fn sync(&mut self, file: Node, what: Sync) -> Result<(), Errno> {
        let file = self.file(file)?;
        match what {
            Sync::All => rustix::fs::fsync(file),
            Sync::Data => rustix::fs::fdatasync(file),
        }
        .map_err(errno)
    }

    fn allocate(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        let file = self.file(file)?;
        let none = rustix::fs::FallocateFlags::empty();
        io::retry_on_intr(|| rustix::fs::fallocate(file, none, offset, length)).map_err(errno)
    }

    fn advise(&mut self, file: Node, offset: u64, length: u64, advice: Advice) -> Result<(), Errno> {
        let advice = match advice {
            Advice::Normal => rustix::fs::Advice::Normal,
            Advice::Random => rustix::fs::Advice::Random,
            Advice::Sequential => rustix::fs::Advice::Sequential,
            Advice::WillNeed => rustix::fs::Advice::WillNeed,
            Advice::DontNeed => rustix::fs::Advice::DontNeed,
            Advice::NoReuse => rustix::fs::Advice::NoReuse,
        };
        let length = std::num::NonZeroU64::new(length);
        rustix::fs::fadvise(self.file(file)?, offset, length, advice).map_err(errno)
    }

    fn handle_info(&mut self, file: Node) -> Result<Info, Errno> {
        let stat = rustix::fs::fstat(self.file(file)?).map_err(errno)?;
        Ok(info(&stat, permitted(&stat)))
    }

    fn descriptor(&mut self, file: Node) -> Result<i32, Errno> {
        self.file(file).map(AsRawFd::as_raw_fd)
    }

    fn adopt(&mut self, descriptor: i32) -> Result<Node, Errno> {
        adopted(descriptor).map(|file| self.keep(file))
    }

    fn info(&mut self, path: &mut Lookup<'_>, follow: Follow) -> Result<Info, Stop> {
        let stat = match follow {
            Follow::Target => rustix::fs::stat(path.path),
            Follow::Link => rustix::fs::lstat(path.path),
        };
        let stat = stat.map_err(stop)?;
        let is_link = kind(stat.st_mode) == Kind::Link;
        Ok(info(&stat, if is_link { Access::default() } else { accessible(path.path) }))
    }

    fn list(&mut self, path: &mut Lookup<'_>) -> Result<Vec<Vec<u8>>, Stop> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = io::retry_on_intr(|| rustix::fs::open(path.path, flags, Mode::empty())).map_err(stop)?;
        let mut names = Vec::new();
        for entry in Dir::new(folder).map_err(stop)? {
            let entry = entry.map_err(stop)?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(name.to_vec());
            }
        }
        Ok(names)
    }

    fn read_link(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        rustix::fs::readlink(path.path, Vec::new()).map(std::ffi::CString::into_bytes).map_err(stop)
    }

    fn make(&mut self, path: &mut Lookup<'_>, what: Make<'_>) -> Result<(), Stop> {
        match what {
            Make::Folder => rustix::fs::mkdir(path.path, Mode::from_raw_mode(FOLDER_MODE)),
            Make::SymbolicLink(target) => rustix::fs::symlink(target, path.path),
        }
        .map_err(stop)
    }

    fn remove(&mut self, path: &mut Lookup<'_>, what: Remove) -> Result<(), Stop> {
        match what {
            Remove::Folder => rustix::fs::rmdir(path.path),
            Remove::File => rustix::fs::unlink(path.path),
        }
        .map_err(stop)
    }

    fn locate(&mut self, path: &mut Lookup<'_>, _: Locate) -> Result<Vec<u8>, Stop> {
        Ok(path.path.to_vec())
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        rustix::fs::rename(from, to).map_err(errno)
    }

    fn link(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        rustix::fs::link(from, to).map_err(errno)
    }

    fn change(&mut self, path: &mut Lookup<'_>, what: Change) -> Result<(), Stop> {
        match what {
            Change::Permissions(bits) => rustix::fs::chmod(path.path, Mode::from_raw_mode(bits)),
            Change::Owner(user, group) => {
                rustix::fs::chown(path.path, user.map(Uid::from_raw), group.map(Gid::from_raw))
            }
            Change::Times(accessed, modified) => {
                let time = |seconds| Timespec { tv_sec: seconds, tv_nsec: 0 };
                let times = Timestamps { last_access: time(accessed), last_modification: time(modified) };
                rustix::fs::utimensat(CWD, path.path, &times, AtFlags::empty())
            }
        }
        .map_err(stop)
    }

    fn enter(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        rustix::process::chdir(path.path).map_err(stop)?;
        Ok(path.path.to_vec())
    }

    fn working_folder(&mut self) -> Option<Result<Vec<u8>, Errno>> {
        Some(rustix::process::getcwd(Vec::new()).map(std::ffi::CString::into_bytes).map_err(errno))
    }
}

/// Closes a file and tells what the system says of it, which dropping does not.
#[expect(unsafe_code, reason = "closes a descriptor by its number")]
fn close(file: OwnedFd) -> Result<(), Errno> {
    use std::os::fd::IntoRawFd;
    let number = file.into_raw_fd();
    // SAFETY: the descriptor was owned, and nobody has it any more.
    unsafe { io::try_close(number) }.map_err(errno)
}

/// The open file of a number that somebody else has opened and gives up.
#[expect(unsafe_code, reason = "takes a descriptor over by its number")]
fn adopted(descriptor: i32) -> Result<OwnedFd, Errno> {
    use std::os::fd::{BorrowedFd, FromRawFd};
    if descriptor < 0 {
        return Err(Errno::EBADF);
    }
    // SAFETY: it is only asked whether the descriptor is open, which it says itself.
    rustix::fs::fcntl_getfl(unsafe { BorrowedFd::borrow_raw(descriptor) }).map_err(errno)?;
    // SAFETY: the descriptor is open, and the program that names it says that it is its own now, as on stock.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
