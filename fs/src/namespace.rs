// SPDX-License-Identifier: Apache-2.0
//! What is mounted where, the open files of all file systems, and the working folder.
//!
//! There may be several views of one name space, on stacks of their own: while one waits for a device within a file system, others work with all
//! other ones.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};

use crate::path::{above, components, join, strip};
use crate::{
    Access, Advice, At, Change, Errno, FileSystem, Follow, From, Info, Kind, Locate, Lookup, Make, Modes,
    Node, Remove, Stop, Sync, WaitsFor,
};

/// An open file: its place in the name space's table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handle(pub u32);

/// A file system at its place.
struct Mount {
    /// The path of the folder, without a slash at the end: nothing for the root.
    place: Vec<u8>,
    waits_for: WaitsFor,
    system: RefCell<Box<dyn FileSystem>>,
}

impl Mount {
    fn new(place: Vec<u8>, system: Box<dyn FileSystem>) -> Rc<Self> {
        Rc::new(Self { place, waits_for: system.waits_for(), system: RefCell::new(system) })
    }

    /// The file system, unless this would have to wait for more than it may, or another view is within it.
    fn system(&self, patience: WaitsFor) -> Result<RefMut<'_, Box<dyn FileSystem>>, Errno> {
        if self.waits_for > patience {
            return Err(Errno::EAGAIN);
        }
        self.system.try_borrow_mut().map_err(|_| Errno::TAKEN)
    }
}

/// A view of one tree of all file systems. Clones are views of the same.
#[derive(Clone)]
pub struct Namespace {
    /// The most that it waits for.
    patience: WaitsFor,
    shared: Rc<RefCell<Shared>>,
}

/// What all views have in common. Nobody holds it while a file system works.
struct Shared {
    /// The root's first.
    mounts: Vec<Rc<Mount>>,
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
        let shared = Shared {
            mounts: Vec::from([Mount::new(Vec::new(), root)]),
            folder,
            open: Vec::new(),
            free: Vec::new(),
            limit: OPEN_FILES,
        };
        Self { patience: WaitsFor::Servers, shared: Rc::new(RefCell::new(shared)) }
    }

    /// Another view of the same tree. What leads to a file system that may wait for more than `patience` is `EAGAIN`, what leads to one in which another
    /// view is at work is [`Errno::TAKEN`], and nothing was done.
    #[must_use]
    pub fn view(&self, patience: WaitsFor) -> Self {
        Self { patience, shared: Rc::clone(&self.shared) }
    }

    /// The same with another limit of open files.
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Self {
        self.shared.borrow_mut().limit = limit;
        self
    }

    fn mount_at(&self, index: usize) -> Rc<Mount> {
        Rc::clone(&self.shared.borrow().mounts[index])
    }

    /// The working folder that the root's file system keeps, if it keeps one.
    fn kept_folder(&self) -> Option<Result<Vec<u8>, Errno>> {
        match self.mount_at(0).system(self.patience) {
            Ok(mut root) => root.working_folder(),
            Err(errno) => Some(Err(errno)),
        }
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
        if self.shared.borrow().mounts.iter().any(|mount| mount.place == clean) {
            return Err(Errno::EBUSY);
        }
        let (mount, rest) = self.mount_of(&clean);
        self.mount_at(mount).system(self.patience)?.cover(&rest, &clean)?;
        self.shared.borrow_mut().mounts.push(Mount::new(clean, system));
        Ok(())
    }

    /// Makes all that was done so far stay, in all file systems that this view can use.
    ///
    /// # Errors
    /// The first of what the file systems say; all are asked.
    pub fn sync_all(&mut self) -> Result<(), Errno> {
        self.all(|system| system.sync_all())
    }

    /// Does something with all file systems that this view can use. Gives the first of their errors.
    fn all(&self, mut act: impl FnMut(&mut dyn FileSystem) -> Result<(), Errno>) -> Result<(), Errno> {
        let mounts = self.shared.borrow().mounts.clone();
        let usable = mounts.iter().filter(|mount| mount.waits_for <= self.patience);
        let results = usable.map(|mount| act(&mut **mount.system(self.patience)?));
        results.fold(Ok(()), Result::and)
    }

    /// The same, and leaves as little as possible for the next start to do: the machine ends.
    ///
    /// # Errors
    /// As [`Self::sync_all`].
    pub fn rest(&mut self) -> Result<(), Errno> {
        self.all(|system| system.rest())
    }

    /// The mount with the longest place on an absolute path, and the path in it.
    fn mount_of(&self, path: &[u8]) -> (usize, Vec<u8>) {
        let shared = self.shared.borrow();
        let candidates = shared.mounts.iter().enumerate().skip(1);
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
        let folder = self.shared.borrow().folder.clone();
        match folder {
            Some(folder) => Ok(self.mount_of(&join(&folder, path))),
            None => {
                let is_alone = self.shared.borrow().mounts.len() == 1;
                if !is_alone && let Some(Ok(folder)) = self.kept_folder() {
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
            let at = self.mount_at(mount);
            let done = operation(&mut **at.system(self.patience)?, &mut lookup);
            let stop = match done {
                Ok(value) => return Ok((mount, value)),
                Err(stop) => stop,
            };
            links = lookup.links;
            // Each time the path gets shorter, or a link is followed, of which there may only be so many.
            let next = match stop {
                Stop::Failed(errno) => return Err(errno),
                Stop::Elsewhere(path) => path,
                Stop::Above(path) => join(above(&at.place), &path),
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
        let shared = self.shared.borrow();
        if shared.open.len() - shared.free.len() < shared.limit { Ok(()) } else { Err(Errno::EMFILE) }
    }

    fn keep(&mut self, mount: usize, node: Node) -> Handle {
        let mut shared = self.shared.borrow_mut();
        let slot = shared.free.pop().unwrap_or(shared.open.len() as u32);
        match shared.open.get_mut(slot as usize) {
            Some(place) => *place = Some((mount, node)),
            None => shared.open.push(Some((mount, node))),
        }
        Handle(slot)
    }

    /// Does something with an open file.
    fn at_handle<T>(
        &self,
        handle: Handle,
        operation: impl FnOnce(&mut dyn FileSystem, Node) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let place = self.shared.borrow().open.get(handle.0 as usize).copied().flatten();
        let (mount, node) = place.ok_or(Errno::EBADF)?;
        operation(&mut **self.mount_at(mount).system(self.patience)?, node)
    }

    /// Closes a file.
    ///
    /// # Errors
    /// As `close`; the handle is free nevertheless.
    pub fn close(&mut self, handle: Handle) -> Result<(), Errno> {
        let shared = Rc::clone(&self.shared);
        self.at_handle(handle, |system, node| {
            {
                let mut shared = shared.borrow_mut();
                shared.open[handle.0 as usize] = None;
                shared.free.push(handle.0);
            }
            system.close(node)
        })
    }

    /// Reads bytes; none is the end.
    ///
    /// # Errors
    /// As `read` and `pread`.
    pub fn read(&mut self, handle: Handle, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        self.at_handle(handle, |system, node| system.read(node, at, into))
    }

    /// Writes bytes of parts; tells how many.
    ///
    /// # Errors
    /// As `writev` and `pwritev`.
    pub fn write(&mut self, handle: Handle, at: At, parts: &[&[u8]]) -> Result<usize, Errno> {
        self.at_handle(handle, |system, node| system.write(node, at, parts))
    }

    /// Sets the position, which it tells.
    ///
    /// # Errors
    /// As `lseek`.
    pub fn seek(&mut self, handle: Handle, from: From, offset: i64) -> Result<u64, Errno> {
        self.at_handle(handle, |system, node| system.seek(node, from, offset))
    }

    /// Cuts a file, or makes it longer.
    ///
    /// # Errors
    /// As `ftruncate`.
    pub fn resize(&mut self, handle: Handle, size: u64) -> Result<(), Errno> {
        self.at_handle(handle, |system, node| system.resize(node, size))
    }

    /// Returns when what was written is on the disk.
    ///
    /// # Errors
    /// As `fsync`.
    pub fn sync(&mut self, handle: Handle, what: Sync) -> Result<(), Errno> {
        self.at_handle(handle, |system, node| system.sync(node, what))
    }

    /// Makes room.
    ///
    /// # Errors
    /// As `posix_fallocate`.
    pub fn allocate(&mut self, handle: Handle, offset: u64, length: u64) -> Result<(), Errno> {
        self.at_handle(handle, |system, node| system.allocate(node, offset, length))
    }

    /// Says what will be read.
    ///
    /// # Errors
    /// As `posix_fadvise`.
    pub fn advise(&mut self, handle: Handle, offset: u64, length: u64, advice: Advice) -> Result<(), Errno> {
        self.at_handle(handle, |system, node| system.advise(node, offset, length, advice))
    }

    /// What is known of an open file.
    ///
    /// # Errors
    /// As `fstat`.
    pub fn handle_info(&mut self, handle: Handle) -> Result<Info, Errno> {
        self.at_handle(handle, |system, node| system.handle_info(node))
    }

    /// The host's number of an open file.
    ///
    /// # Errors
    /// There is none.
    pub fn descriptor(&mut self, handle: Handle) -> Result<i32, Errno> {
        self.at_handle(handle, |system, node| system.descriptor(node))
    }

    /// Takes over an open file of the host.
    ///
    /// # Errors
    /// There is no such file, or no host.
    pub fn adopt(&mut self, descriptor: i32) -> Result<Handle, Errno> {
        self.check_limit()?;
        let node = self.mount_at(0).system(self.patience)?.adopt(descriptor)?;
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
            info.access = match target {
                Ok((_, target)) => target.access,
                Err(errno @ (Errno::EAGAIN | Errno::TAKEN)) => return Err(errno),
                Err(_) => Access::default(),
            };
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
        self.mount_at(mount).system(self.patience)?.rename(&from, &to)
    }

    /// Gives something one more name.
    ///
    /// # Errors
    /// As `link`; `EXDEV` between file systems.
    pub fn link(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let (mount, from, to) = self.locate_both(Locate::Existing, from, to)?;
        self.mount_at(mount).system(self.patience)?.link(&from, &to)
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
        let folder = self.shared.borrow().folder.clone();
        match folder {
            Some(folder) => self.info(&folder, Follow::Target).map(|_| folder),
            None => self.kept_folder().unwrap_or(Err(Errno::ENOENT)),
        }
    }

    /// Makes another folder the working folder.
    ///
    /// # Errors
    /// As `chdir`.
    pub fn enter(&mut self, path: &[u8]) -> Result<(), Errno> {
        let (mount, inside) = self.at_path(path, |system, lookup| system.enter(lookup))?;
        let keeps_folder = mount == 0 && self.kept_folder().is_some();
        let folder = (!keeps_folder).then(|| {
            let mut folder = self.mount_at(mount).place.clone();
            folder.extend_from_slice(if inside == b"/" && !folder.is_empty() { b"" } else { &inside });
            folder
        });
        self.shared.borrow_mut().folder = folder;
        Ok(())
    }
}

impl core::fmt::Debug for Namespace {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let shared = self.shared.borrow();
        let places = shared.mounts.iter().map(|mount| alloc::string::String::from_utf8_lossy(&mount.place));
        f.debug_list().entries(places).finish()
    }
}
