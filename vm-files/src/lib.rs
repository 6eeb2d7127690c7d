// SPDX-License-Identifier: Apache-2.0
//! The machine's files are those of a name space (`fs`): the host's or an image's, and what is mounted over them. The machine and the file
//! systems know nothing of each other; every platform that has both plugs them together with this.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod archive;
mod argument_file;

pub use archive::ImageArchive;
pub use argument_file::argument_file;

use alloc::vec::Vec;

use beam_vm::platform::{
    Access, Advice, At, Change, Errno, FileHandle, FileInfo, FileKind, FileResult, Files, Follow, From, Make,
    OpenModes, Remove, Sync,
};
use fs::{Handle, Namespace};

/// Plugs a name space into the machine.
#[derive(Debug)]
pub struct PluggedFiles(pub Namespace);

fn errno(errno: fs::Errno) -> Errno {
    Errno::from_raw(errno.0)
}

const fn handle(file: FileHandle) -> Handle {
    Handle(file.0)
}

const fn at(at: At) -> fs::At {
    match at {
        At::Position => fs::At::Position,
        At::Offset(offset) => fs::At::Offset(offset),
    }
}

const fn kind(kind: fs::Kind) -> FileKind {
    match kind {
        fs::Kind::Device => FileKind::Device,
        fs::Kind::Folder => FileKind::Folder,
        fs::Kind::Regular => FileKind::Regular,
        fs::Kind::Link => FileKind::Link,
        fs::Kind::Other => FileKind::Other,
    }
}

const fn info(info: &fs::Info) -> FileInfo {
    FileInfo {
        size: info.size,
        kind: kind(info.kind),
        access: Access { read: info.access.read, write: info.access.write },
        accessed: info.accessed,
        modified: info.modified,
        changed: info.changed,
        mode: info.mode,
        links: info.links,
        device: info.device,
        special: info.special,
        inode: info.inode,
        user: info.user,
        group: info.group,
    }
}

impl Files for PluggedFiles {
    fn open(&mut self, path: &[u8], modes: OpenModes) -> FileResult<FileHandle> {
        let modes = fs::Modes {
            read: modes.read,
            write: modes.write,
            create: modes.create,
            exclusive: modes.exclusive,
            truncate: modes.truncate,
            append: modes.append,
            sync: modes.sync,
            folder: modes.folder,
        };
        self.0.open(path, modes).map(|handle| FileHandle(handle.0)).map_err(errno)
    }

    fn close(&mut self, file: FileHandle) -> FileResult<()> {
        self.0.close(handle(file)).map_err(errno)
    }

    fn read(&mut self, file: FileHandle, place: At, into: &mut [u8]) -> FileResult<usize> {
        self.0.read(handle(file), at(place), into).map_err(errno)
    }

    fn write(&mut self, file: FileHandle, place: At, parts: &[&[u8]]) -> FileResult<usize> {
        self.0.write(handle(file), at(place), parts).map_err(errno)
    }

    fn seek(&mut self, file: FileHandle, from: From, offset: i64) -> FileResult<u64> {
        let from = match from {
            From::Start => fs::From::Start,
            From::Position => fs::From::Position,
            From::End => fs::From::End,
        };
        self.0.seek(handle(file), from, offset).map_err(errno)
    }

    fn resize(&mut self, file: FileHandle, size: u64) -> FileResult<()> {
        self.0.resize(handle(file), size).map_err(errno)
    }

    fn sync(&mut self, file: FileHandle, what: Sync) -> FileResult<()> {
        let what = match what {
            Sync::All => fs::Sync::All,
            Sync::Data => fs::Sync::Data,
        };
        self.0.sync(handle(file), what).map_err(errno)
    }

    fn allocate(&mut self, file: FileHandle, offset: u64, length: u64) -> FileResult<()> {
        self.0.allocate(handle(file), offset, length).map_err(errno)
    }

    fn advise(&mut self, file: FileHandle, offset: u64, length: u64, advice: Advice) -> FileResult<()> {
        let advice = match advice {
            Advice::Normal => fs::Advice::Normal,
            Advice::Random => fs::Advice::Random,
            Advice::Sequential => fs::Advice::Sequential,
            Advice::WillNeed => fs::Advice::WillNeed,
            Advice::DontNeed => fs::Advice::DontNeed,
            Advice::NoReuse => fs::Advice::NoReuse,
        };
        self.0.advise(handle(file), offset, length, advice).map_err(errno)
    }

    fn handle_info(&mut self, file: FileHandle) -> FileResult<FileInfo> {
        self.0.handle_info(handle(file)).map(|found| info(&found)).map_err(errno)
    }

    fn descriptor(&mut self, file: FileHandle) -> FileResult<i32> {
        self.0.descriptor(handle(file)).map_err(errno)
    }

    fn adopt(&mut self, descriptor: i32) -> FileResult<FileHandle> {
        self.0.adopt(descriptor).map(|handle| FileHandle(handle.0)).map_err(errno)
    }

    fn info(&mut self, path: &[u8], follow: Follow) -> FileResult<FileInfo> {
        let follow = match follow {
            Follow::Target => fs::Follow::Target,
            Follow::Link => fs::Follow::Link,
        };
        self.0.info(path, follow).map(|found| info(&found)).map_err(errno)
    }

    fn list(&mut self, path: &[u8]) -> FileResult<Vec<Vec<u8>>> {
        self.0.list(path).map_err(errno)
    }

    fn read_link(&mut self, path: &[u8]) -> FileResult<Vec<u8>> {
        self.0.read_link(path).map_err(errno)
    }

    fn make(&mut self, path: &[u8], what: Make<'_>) -> FileResult<()> {
        match what {
            Make::Folder => self.0.make(path, fs::Make::Folder),
            Make::SymbolicLink(target) => self.0.make(path, fs::Make::SymbolicLink(target)),
            Make::HardLink(existing) => self.0.link(existing, path),
        }
        .map_err(errno)
    }

    fn remove(&mut self, path: &[u8], what: Remove) -> FileResult<()> {
        let what = match what {
            Remove::Folder => fs::Remove::Folder,
            Remove::File => fs::Remove::File,
        };
        self.0.remove(path, what).map_err(errno)
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> FileResult<()> {
        self.0.rename(from, to).map_err(errno)
    }

    fn change(&mut self, path: &[u8], what: Change) -> FileResult<()> {
        let what = match what {
            Change::Permissions(bits) => fs::Change::Permissions(bits),
            Change::Owner(user, group) => fs::Change::Owner(user, group),
            Change::Times(accessed, modified) => fs::Change::Times(accessed, modified),
        };
        self.0.change(path, what).map_err(errno)
    }

    fn working_folder(&mut self) -> FileResult<Vec<u8>> {
        self.0.working_folder().map_err(errno)
    }

    fn enter(&mut self, path: &[u8]) -> FileResult<()> {
        self.0.enter(path).map_err(errno)
    }
}
