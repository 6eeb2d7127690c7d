// SPDX-License-Identifier: Apache-2.0
//! What is mounted where, the open files of all file systems, and the working folder.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::path::{above, components, join, strip};
use crate::{
    Advice, At, Change, Errno, FileSystem, Follow, From, Info, Kind, Locate, Lookup, Make, Modes, Node,
    Remove, Stop, Sync,
};

/// An open file: its place in the name space's table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handle(pub u32);

/// A file system at its place.
struct Mount {
    /// The path of the folder, without a slash at the end: nothing for the root.
    place: Vec<u8>,
    system: Box<dyn FileSystem>,
}

/// One tree of all file systems.
pub struct Namespace {
    /// The root's first.
    mounts: Vec<Mount>,
    /// The working folder, unless the root's file system keeps it.
    folder: Option<Vec<u8>>,
    /// The open files: mount and number there.
    open: Vec<Option<(usize, Node)>>,
    /// Free places in that table.
    free: Vec<u32>,
    /// The most open files.
    limit: usize,
}

/// How many files can be open unless somebody says otherwise.
const OPEN_FILES: usize = 65_536;

impl Namespace {
    /// The tree of one file system.
    #[must_use]
    pub fn new(root: Box<dyn FileSystem>) -> Self {
        let mut root = root;
        let keeps_folder = root.working_folder().is_some();
        let folder = (!keeps_folder).then(|| b"/".to_vec());
        Self {
            mounts: Vec::from([Mount { place: Vec::new(), system: root }]),
            folder,
            open: Vec::new(),
            free: Vec::new(),
            limit: OPEN_FILES,
        }
    }

    /// The same with another limit of open files.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Mounts a file system at a folder: its absolute path.
    ///
    /// # Errors
    /// `EINVAL` when the path is not absolute or has dots, `EBUSY` when something is mounted there, and those of the folder's file system.
    pub fn mount(&mut self, place: &[u8], system: Box<dyn FileSystem>) -> Result<(), Errno> {
        let mut clean = Vec::new();
        for component in components(place) {
            if component == b".." {
                return Err(Errno::EINVAL);
            }
            clean.push(b'/');
            clean.extend_from_slice(component);
        }
        if place.first() != Some(&b'/') {
            return Err(Errno::EINVAL);
        }
        if self.mounts.iter().any(|mount| mount.place == clean) {
            return Err(Errno::EBUSY);
        }
        let (mount, rest) = self.mount_of(&clean);
        self.mounts[mount].system.cover(&rest, &clean)?;
        self.mounts.push(Mount { place: clean, system });
        Ok(())
    }

    /// Makes all that was done so far stay, in all file systems.
    ///
    /// # Errors
    /// The first of what the file systems say; all are asked.
    pub fn sync_all(&mut self) -> Result<(), Errno> {
        self.mounts.iter_mut().map(|mount| mount.system.sync_all()).fold(Ok(()), Result::and)
    }

    /// The same, and leaves as little as possible for the next start to do: the machine ends.
    ///
    /// # Errors
    /// As [`Self::sync_all`].
    pub fn rest(&mut self) -> Result<(), Errno> {
        self.mounts.iter_mut().map(|mount| mount.system.rest()).fold(Ok(()), Result::and)
    }

    /// The mount with the longest place on an absolute path, and the path in it.
    fn mount_of(&self, path: &[u8]) -> (usize, Vec<u8>) {
        let candidates = self.mounts.iter().enumerate().skip(1);
        let longest = candidates
            .filter_map(|(index, mount)| Some((mount.place.len(), index, strip(&mount.place, path)?)))
            .max_by_key(|(length, ..)| *length);
        match longest {
            Some((_, index, b"")) => (index, b"/".to_vec()),
            Some((_, index, rest)) => (index, rest.to_vec()),
            None => (0, path.to_vec()),
        }
    }

    /// Where a path as a program gives it begins.
    fn start(&mut self, path: &[u8]) -> Result<(usize, Vec<u8>), Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path[0] == b'/' {
            return Ok(self.mount_of(path));
        }
        match &self.folder {
            Some(folder) => Ok(self.mount_of(&join(folder, path))),
            None => {
                if self.mounts.len() > 1
                    && let Some(Ok(folder)) = self.mounts[0].system.working_folder()
                {
                    let (mount, rest) = self.mount_of(&join(&folder, path));
                    if mount != 0 {
                        return Ok((mount, rest));
                    }
                }
                Ok((0, path.to_vec()))
            }
        }
    }

    /// Does something with a path in the file system in which it ends.
    fn at_path<T>(
        &mut self,
        path: &[u8],
        mut operation: impl FnMut(&mut dyn FileSystem, &mut Lookup<'_>) -> Result<T, Stop>,
    ) -> Result<(usize, T), Errno> {
        let (mut mount, mut rest) = self.start(path)?;
        let mut links = crate::system::LINKS;
        loop {
            let mut lookup = Lookup { path: &rest, links };
            let stop = match operation(&mut *self.mounts[mount].system, &mut lookup) {
                Ok(value) => return Ok((mount, value)),
                Err(stop) => stop,
            };
            links = lookup.links;
            // Each time the path gets shorter, or a link is followed, of which there may only be so many.
            let next = match stop {
                Stop::Failed(errno) => return Err(errno),
                Stop::Elsewhere(path) => path,
                Stop::Above(path) => join(above(&self.mounts[mount].place), &path),
            };
            (mount, rest) = self.mount_of(&next);
        }
    }

    /// Opens a file.
    ///
    /// # Errors
    /// As `open`.
    pub fn open(&mut self, path: &[u8], modes: Modes) -> Result<Handle, Errno> {
        self.check_limit()?;
        let (mount, node) = self.at_path(path, |system, lookup| system.open(lookup, modes))?;
        Ok(self.keep(mount, node))
    }

    fn check_limit(&self) -> Result<(), Errno> {
        if self.open.len() - self.free.len() < self.limit { Ok(()) } else { Err(Errno::EMFILE) }
    }

    fn keep(&mut self, mount: usize, node: Node) -> Handle {
        let slot = self.free.pop().unwrap_or(self.open.len() as u32);
        match self.open.get_mut(slot as usize) {
            Some(place) => *place = Some((mount, node)),
            None => self.open.push(Some((mount, node))),
        }
        Handle(slot)
    }

    fn at_handle(&mut self, handle: Handle) -> Result<(&mut dyn FileSystem, Node), Errno> {
        let (mount, node) = self.open.get(handle.0 as usize).copied().flatten().ok_or(Errno::EBADF)?;
        Ok((&mut *self.mounts[mount].system, node))
    }

    /// Closes a file.
    ///
    /// # Errors
    /// As `close`; the handle is free nevertheless.
    pub fn close(&mut self, handle: Handle) -> Result<(), Errno> {
        let slot = self.open.get_mut(handle.0 as usize).ok_or(Errno::EBADF)?;
        let (mount, node) = slot.take().ok_or(Errno::EBADF)?;
        self.free.push(handle.0);
        self.mounts[mount].system.close(node)
    }

    /// Reads bytes; none is the end.
    ///
    /// # Errors
    /// As `read` and `pread`.
    pub fn read(&mut self, handle: Handle, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.read(node, at, into)
    }

    /// Writes bytes of parts; tells how many.
    ///
    /// # Errors
    /// As `writev` and `pwritev`.
    pub fn write(&mut self, handle: Handle, at: At, parts: &[&[u8]]) -> Result<usize, Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.write(node, at, parts)
    }

    /// Sets the position, which it tells.
    ///
    /// # Errors
    /// As `lseek`.
    pub fn seek(&mut self, handle: Handle, from: From, offset: i64) -> Result<u64, Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.seek(node, from, offset)
    }

    /// Cuts a file, or makes it longer.
    ///
    /// # Errors
    /// As `ftruncate`.
    pub fn resize(&mut self, handle: Handle, size: u64) -> Result<(), Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.resize(node, size)
    }

    /// Returns when what was written is on the disk.
    ///
    /// # Errors
    /// As `fsync`.
    pub fn sync(&mut self, handle: Handle, what: Sync) -> Result<(), Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.sync(node, what)
    }

    /// Makes room.
    ///
    /// # Errors
    /// As `posix_fallocate`.
    pub fn allocate(&mut self, handle: Handle, offset: u64, length: u64) -> Result<(), Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.allocate(node, offset, length)
    }

    /// Says what will be read.
    ///
    /// # Errors
    /// As `posix_fadvise`.
    pub fn advise(&mut self, handle: Handle, offset: u64, length: u64, advice: Advice) -> Result<(), Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.advise(node, offset, length, advice)
    }

    /// What is known of an open file.
    ///
    /// # Errors
    /// As `fstat`.
    pub fn handle_info(&mut self, handle: Handle) -> Result<Info, Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.handle_info(node)
    }

    /// The host's number of an open file.
    ///
    /// # Errors
    /// There is none.
    pub fn descriptor(&mut self, handle: Handle) -> Result<i32, Errno> {
        let (system, node) = self.at_handle(handle)?;
        system.descriptor(node)
    }

    /// Takes over an open file of the host.
    ///
    /// # Errors
    /// There is no such file, or no host.
    pub fn adopt(&mut self, descriptor: i32) -> Result<Handle, Errno> {
        self.check_limit()?;
        let node = self.mounts[0].system.adopt(descriptor)?;
        Ok(self.keep(0, node))
    }

    /// What is known of what is at a path. What may be done with a link is what may be done with its target.
    ///
    /// # Errors
    /// As `stat` and `lstat`.
    pub fn info(&mut self, path: &[u8], follow: Follow) -> Result<Info, Errno> {
        let (_, mut info) = self.at_path(path, |system, lookup| system.info(lookup, follow))?;
        if info.kind == Kind::Link {
            let target = self.at_path(path, |system, lookup| system.info(lookup, Follow::Target));
            info.access = target.map(|(_, target)| target.access).unwrap_or_default();
        }
        Ok(info)
    }

    /// The names in a folder but `.` and `..`.
    ///
    /// # Errors
    /// As `opendir`.
    pub fn list(&mut self, path: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
        self.at_path(path, |system, lookup| system.list(lookup)).map(|(_, names)| names)
    }

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// As `readlink`.
    pub fn read_link(&mut self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        self.at_path(path, |system, lookup| system.read_link(lookup)).map(|(_, target)| target)
    }

    /// Makes something that is not there.
    ///
    /// # Errors
    /// As `mkdir` and `symlink`.
    pub fn make(&mut self, path: &[u8], what: Make<'_>) -> Result<(), Errno> {
        self.at_path(path, |system, lookup| system.make(lookup, what)).map(|_| ())
    }

    /// Removes a name.
    ///
    /// # Errors
    /// As `unlink` and `rmdir`.
    pub fn remove(&mut self, path: &[u8], what: Remove) -> Result<(), Errno> {
        self.at_path(path, |system, lookup| system.remove(lookup, what)).map(|_| ())
    }

    /// Gives something another name.
    ///
    /// # Errors
    /// As `rename`; `EXDEV` between file systems.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let (mount, from, to) = self.locate_both(Locate::Name, from, to)?;
        self.mounts[mount].system.rename(&from, &to)
    }

    /// Gives something one more name.
    ///
    /// # Errors
    /// As `link`; `EXDEV` between file systems.
    pub fn link(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let (mount, from, to) = self.locate_both(Locate::Existing, from, to)?;
        self.mounts[mount].system.link(&from, &to)
    }

    fn locate_both(
        &mut self,
        what: Locate,
        from: &[u8],
        to: &[u8],
    ) -> Result<(usize, Vec<u8>, Vec<u8>), Errno> {
        let (mount, from) = self.at_path(from, |system, lookup| system.locate(lookup, what))?;
        let (other, to) = self.at_path(to, |system, lookup| system.locate(lookup, Locate::Name))?;
        if mount == other { Ok((mount, from, to)) } else { Err(Errno::EXDEV) }
    }

    /// Changes what is at a path.
    ///
    /// # Errors
    /// As `chmod`, `chown`, `utime`.
    pub fn change(&mut self, path: &[u8], what: Change) -> Result<(), Errno> {
        self.at_path(path, |system, lookup| system.change(lookup, what)).map(|_| ())
    }

    /// The working folder.
    ///
    /// # Errors
    /// As `getcwd`: it may be gone.
    pub fn working_folder(&mut self) -> Result<Vec<u8>, Errno> {
        match self.folder.clone() {
            Some(folder) => self.info(&folder, Follow::Target).map(|_| folder),
            None => self.mounts[0].system.working_folder().unwrap_or(Err(Errno::ENOENT)),
        }
    }

    /// Makes another folder the working folder.
    ///
    /// # Errors
    /// As `chdir`.
    pub fn enter(&mut self, path: &[u8]) -> Result<(), Errno> {
        let (mount, inside) = self.at_path(path, |system, lookup| system.enter(lookup))?;
        let keeps_folder = mount == 0 && self.mounts[0].system.working_folder().is_some();
        self.folder = (!keeps_folder).then(|| {
            let mut folder = self.mounts[mount].place.clone();
            folder.extend_from_slice(if inside == b"/" && !folder.is_empty() { b"" } else { &inside });
            folder
        });
        Ok(())
    }
}

impl core::fmt::Debug for Namespace {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let places = self.mounts.iter().map(|mount| alloc::string::String::from_utf8_lossy(&mount.place));
        f.debug_list().entries(places).finish()
    }
}
