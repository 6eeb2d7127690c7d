// SPDX-License-Identifier: Apache-2.0
//! A file system in memory: `/tmp` of a guest. It has what POSIX asks for, and a quota: what would need more is `ENOSPC`, and all that was there
//! before stays as it was.
//!
//! What is removed is freed some pages at a time, as other things are done, so that removing a huge file takes no longer than a small one.

mod content;
mod handles;
mod inode;
mod names;
#[cfg(test)]
mod tests;

pub use inode::User;

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::opened::OpenFiles;
use crate::walk::{Found, Purpose, Tree, walk};
use crate::{
    Advice, At, Change, Errno, FileSystem, Follow, From, Info, Locate, Lookup, Make, Modes, Node, Remove,
    Stop, Sync,
};
use content::{Content, PAGE};
use inode::{Body, Ino, Inode};

/// What something takes of the quota besides its pages and names.
const INODE: u64 = 256;
/// Pages that are freed with each thing that is done.
const FREED: u64 = 256;
/// The largest file.
const LARGEST: u64 = 1 << 40;
/// The most names of something.
const LINKS: u32 = 65_000;
/// What new things do not allow: writing by others.
const MASK: u32 = 0o022;

/// Tells the time: seconds since 1970.
pub type Clock = Box<dyn Fn() -> i64>;

/// A file system in memory.
pub struct MemoryFs {
    /// All there is, by number; the root is the first.
    inodes: Vec<Option<Inode>>,
    free: Vec<Ino>,
    open: OpenFiles<Ino>,
    /// Contents of files that are gone.
    garbage: Vec<Content>,
    quota: u64,
    used: u64,
    user: User,
    /// Its number as a device.
    device: u32,
    clock: Clock,
}

impl MemoryFs {
    /// An empty file system that may take so many bytes.
    #[must_use]
    pub fn new(quota: u64, user: User, device: u32, clock: Clock) -> Self {
        let now = clock();
        let mut system = Self {
            inodes: Vec::new(),
            free: Vec::new(),
            open: OpenFiles::new(),
            garbage: Vec::new(),
            quota,
            used: INODE,
            user,
            device,
            clock,
        };
        let body = Body::Folder { entries: BTreeMap::new(), parent: Ino(0), cover: None };
        let root = system.inode(body, 0o1777, now);
        system.inodes.push(Some(root));
        system
    }

    /// How many bytes are in use.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used
    }

    fn inode(&self, body: Body, permissions: u32, now: i64) -> Inode {
        let links = if matches!(body, Body::Folder { .. }) { 2 } else { 1 };
        let User { user, group } = self.user;
        let times = (now, now, now);
        let (accessed, modified, changed) = times;
        Inode { body, permissions, user, group, links, opened: 0, accessed, modified, changed }
    }

    fn at(&self, ino: Ino) -> &Inode {
        self.inodes[ino.0 as usize].as_ref().expect("what has a name or is open is there")
    }

    fn at_mut(&mut self, ino: Ino) -> &mut Inode {
        self.inodes[ino.0 as usize].as_mut().expect("what has a name or is open is there")
    }

    fn entries(&self, folder: Ino) -> Option<&BTreeMap<Vec<u8>, Ino>> {
        match &self.at(folder).body {
            Body::Folder { entries, .. } => Some(entries),
            _ => None,
        }
    }

    fn entries_mut(&mut self, folder: Ino) -> Option<&mut BTreeMap<Vec<u8>, Ino>> {
        match &mut self.at_mut(folder).body {
            Body::Folder { entries, .. } => Some(entries),
            _ => None,
        }
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Takes bytes of the quota.
    fn take(&mut self, bytes: u64) -> Result<(), Errno> {
        if self.quota - self.used.min(self.quota) < bytes {
            // What is gone may make room.
            self.tidy(u64::MAX);
        }
        if self.quota - self.used.min(self.quota) < bytes {
            return Err(Errno::ENOSPC);
        }
        self.used += bytes;
        Ok(())
    }

    /// Frees pages of files that are gone.
    fn tidy(&mut self, budget: u64) {
        let mut budget = budget;
        while budget > 0
            && let Some(content) = self.garbage.last_mut()
        {
            self.used -= PAGE * content.free_some(&mut budget);
            if budget > 0 {
                self.garbage.pop();
            }
        }
    }

    fn insert(&mut self, inode: Inode) -> Ino {
        match self.free.pop() {
            Some(ino) => {
                self.inodes[ino.0 as usize] = Some(inode);
                ino
            }
            None => {
                self.inodes.push(Some(inode));
                Ino(self.inodes.len() as u32 - 1)
            }
        }
    }

    /// Lets go of what has no name and is not open.
    fn release(&mut self, ino: Ino) {
        let inode = self.at(ino);
        if inode.links > 0 || inode.opened > 0 {
            return;
        }
        let Some(inode) = self.inodes[ino.0 as usize].take() else { return };
        self.free.push(ino);
        self.used -= INODE;
        match inode.body {
            Body::File(content) => self.garbage.push(content),
            Body::Link(target) => self.used -= target.len() as u64,
            Body::Folder { .. } => {}
        }
    }

    fn touch(&mut self, ino: Ino) {
        let now = self.now();
        let inode = self.at_mut(ino);
        (inode.modified, inode.changed) = (now, now);
    }

    fn find(&mut self, lookup: &mut Lookup<'_>, purpose: Purpose) -> Result<Found<Ino>, Stop> {
        self.tidy(FREED);
        walk(self, lookup, purpose)
    }

    /// What is at a path.
    fn existing(&mut self, lookup: &mut Lookup<'_>, purpose: Purpose) -> Result<Ino, Stop> {
        self.find(lookup, purpose)?.id.ok_or(Stop::Failed(Errno::ENOENT))
    }

    fn may_write(&self, folder: Ino) -> Result<(), Errno> {
        let inode = self.at(folder);
        let may = inode.access(self.user).write && inode.may_search(self.user);
        if may { Ok(()) } else { Err(Errno::EACCES) }
    }

    fn describe(&self, ino: Ino) -> Info {
        let inode = self.at(ino);
        Info {
            size: inode.size(),
            kind: inode.kind(),
            access: inode.access(self.user),
            accessed: inode.accessed,
            modified: inode.modified,
            changed: inode.changed,
            mode: inode.mode(),
            links: inode.links,
            device: self.device,
            special: 0,
            inode: ino.0 + 1,
            user: inode.user,
            group: inode.group,
        }
    }

    /// The folder in which a folder is.
    fn above(&self, folder: Ino) -> Ino {
        match self.at(folder).body {
            Body::Folder { parent, .. } => parent,
            _ => folder,
        }
    }

    fn link_target(&self, id: Ino) -> Option<&[u8]> {
        match &self.at(id).body {
            Body::Link(target) => Some(target),
            _ => None,
        }
    }

    fn name_in(&self, folder: Ino, child: Ino) -> Option<Vec<u8>> {
        let mut entries = self.entries(folder)?.iter();
        entries.find(|(_, ino)| **ino == child).map(|(name, _)| name.clone())
    }
}

impl Tree for MemoryFs {
    type Id = Ino;

    fn root(&self) -> Ino {
        Ino(0)
    }

    fn entry(&self, folder: Ino, name: &[u8]) -> Result<Option<Ino>, Errno> {
        let entries = self.entries(folder).ok_or(Errno::ENOTDIR)?;
        if !self.at(folder).may_search(self.user) {
            return Err(Errno::EACCES);
        }
        Ok(entries.get(name).copied())
    }

    fn parent(&self, folder: Ino) -> Result<Ino, Errno> {
        Ok(self.above(folder))
    }

    fn target(&self, id: Ino) -> Result<Option<Cow<'_, [u8]>>, Errno> {
        Ok(self.link_target(id).map(Cow::Borrowed))
    }

    fn is_folder(&self, id: Ino) -> bool {
        matches!(self.at(id).body, Body::Folder { .. })
    }

    fn cover(&self, folder: Ino) -> Option<&[u8]> {
        match &self.at(folder).body {
            Body::Folder { cover, .. } => cover.as_deref(),
            _ => None,
        }
    }
}

impl FileSystem for MemoryFs {
    fn cover(&mut self, folder: &[u8], place: &[u8]) -> Result<(), Errno> {
        let found = self.existing(&mut Lookup::new(folder), Purpose::Target);
        let ino = match found {
            Ok(ino) => ino,
            Err(Stop::Failed(errno)) => return Err(errno),
            Err(_) => return Err(Errno::EBUSY),
        };
        match &mut self.at_mut(ino).body {
            Body::Folder { cover, .. } if ino != Ino(0) => {
                *cover = Some(place.to_vec());
                Ok(())
            }
            Body::Folder { .. } => Err(Errno::EBUSY),
            _ => Err(Errno::ENOTDIR),
        }
    }

    fn open(&mut self, path: &mut Lookup<'_>, modes: Modes) -> Result<Node, Stop> {
        self.open_at(path, modes)
    }

    fn close(&mut self, file: Node) -> Result<(), Errno> {
        self.close_node(file)
    }

    fn read(&mut self, file: Node, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        self.read_node(file, at, into)
    }

    fn write(&mut self, file: Node, at: At, parts: &[&[u8]]) -> Result<usize, Errno> {
        self.write_node(file, at, parts)
    }

    fn seek(&mut self, file: Node, from: From, offset: i64) -> Result<u64, Errno> {
        self.seek_node(file, from, offset)
    }

    fn resize(&mut self, file: Node, size: u64) -> Result<(), Errno> {
        self.resize_node(file, size)
    }

    fn sync(&mut self, file: Node, _: Sync) -> Result<(), Errno> {
        self.open.get(file).map(|_| ())
    }

    fn allocate(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        self.allocate_node(file, offset, length)
    }

    fn advise(&mut self, file: Node, _: u64, _: u64, _: Advice) -> Result<(), Errno> {
        self.open.get(file).map(|_| ())
    }

    fn handle_info(&mut self, file: Node) -> Result<Info, Errno> {
        let ino = self.open.get(file)?.what;
        Ok(self.describe(ino))
    }

    fn info(&mut self, path: &mut Lookup<'_>, follow: Follow) -> Result<Info, Stop> {
        let purpose = Purpose::of_asking(follow);
        let ino = self.existing(path, purpose)?;
        Ok(self.describe(ino))
    }

    fn list(&mut self, path: &mut Lookup<'_>) -> Result<Vec<Vec<u8>>, Stop> {
        let ino = self.existing(path, Purpose::Target)?;
        let names = self.entries(ino).ok_or(Errno::ENOTDIR)?.keys().cloned().collect();
        if !self.at(ino).access(self.user).read {
            return Err(Errno::EACCES.into());
        }
        Ok(names)
    }

    fn read_link(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        let ino = self.existing(path, Purpose::Link)?;
        self.link_target(ino).map(<[u8]>::to_vec).ok_or(Stop::Failed(Errno::EINVAL))
    }

    fn make(&mut self, path: &mut Lookup<'_>, what: Make<'_>) -> Result<(), Stop> {
        self.make_at(path, what)
    }

    fn remove(&mut self, path: &mut Lookup<'_>, what: Remove) -> Result<(), Stop> {
        self.remove_at(path, what)
    }

    fn locate(&mut self, path: &mut Lookup<'_>, what: Locate) -> Result<Vec<u8>, Stop> {
        self.located(path, what)
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        self.rename_within(from, to)
    }

    fn link(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        self.link_within(from, to)
    }

    fn change(&mut self, path: &mut Lookup<'_>, what: Change) -> Result<(), Stop> {
        self.change_at(path, what)
    }

    fn enter(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        let ino = self.existing(path, Purpose::Target)?;
        if !self.is_folder(ino) {
            return Err(Errno::ENOTDIR.into());
        }
        if !self.at(ino).may_search(self.user) {
            return Err(Errno::EACCES.into());
        }
        let path = crate::walk::path_of(self, ino, |folder, child| self.name_in(folder, child));
        path.ok_or(Stop::Failed(Errno::ENOENT))
    }
}

impl core::fmt::Debug for MemoryFs {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MemoryFs")
            .field("used", &self.used)
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}
