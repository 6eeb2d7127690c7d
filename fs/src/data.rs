// SPDX-License-Identifier: Apache-2.0
//! A file system on a disk that a power cut does not damage: `/data` of a guest. After a cut at any write the volume opens at once, everything that was synced
//! is there, and all of it is as it was at one moment between two operations.
//!
//! # The disk
//! Blocks have 4096 bytes; all numbers are little-endian but those in keys.
//!
//! | blocks | are |
//! |---|---|
//! | 0, 1 | superblocks, in turn (`superblock`) |
//! | from 2 | the log (`record`) |
//! | the rest | nodes of the tree (`node`) and pages of files, wherever there is room |
//!
//! All that is known is in one tree (`keys`): things (`inode`), names, where pages are (`window`), which blocks are in use (`space`).
//!
//! # Why it is so
//! A sync is one write and one flush, whoever asked for it, as the log takes what has changed with small writes in it; what is large is written to free
//! blocks before, and its checksum stands in the record, which is good only with all it names. Nothing is ever written over that a cut could bring back.
//! A full disk keeps back what a checkpoint and the removal of a file need. Nothing is scanned when a volume is opened but the log, which is 1 MiB at most.

mod blank;
mod bytes;
mod check;
mod disk;
mod file;
mod handles;
mod inode;
mod keys;
mod mount;
mod names;
mod node;
mod orphans;
#[cfg(any(test, feature = "fuzzing"))]
pub mod probe;
mod readers;
mod record;
mod space;
mod store;
mod superblock;
#[cfg(test)]
mod tests;
mod tree;
mod window;

pub use check::{Finding, Report};
pub use mount::{Blank, MountError, Settings};

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::memory::{Clock, User};
use crate::opened::OpenFiles;
use crate::walk::{Found, Purpose, Tree, path_of, walk};
use crate::{
    Advice, At, Change, Errno, FileSystem, Follow, From, Info, Locate, Lookup, Make, Modes, Node, Remove,
    Stop, Sync, WaitsFor,
};
use inode::{Body, Inode, Tail, Thing};
use keys::{Id, Key};
use store::{Growth, State, Store};

/// What new things do not allow: writing by others.
const MASK: u32 = 0o022;
/// The most names of something.
const LINKS: u32 = 65_000;

/// How much room there is, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// All of the volume.
    pub total: u64,
    /// What files can still get.
    pub available: u64,
}

/// A file system on a disk.
pub struct DataFs {
    store: RefCell<Store>,
    user: User,
    /// Its number as a device.
    device: u32,
    clock: Clock,
    open: OpenFiles<Id>,
    /// How often things are open.
    opened: BTreeMap<Id, u32>,
    /// Where in the name space what is mounted over folders is.
    covers: BTreeMap<Id, Vec<u8>>,
    orphans: orphans::Orphans,
    readers: readers::Readers,
    /// Whether the log had records behind one that is damaged.
    log: mount::Log,
}

impl DataFs {
    fn store(&mut self) -> &mut Store {
        self.store.get_mut()
    }

    /// How much room there is.
    pub fn room(&mut self) -> Room {
        let store = self.store();
        let total = store.superblock.blocks * disk::BLOCK as u64;
        Room { total, available: store.available() * disk::BLOCK as u64 }
    }

    /// The volume's name for machines.
    pub fn uuid(&mut self) -> [u8; 16] {
        self.store().superblock.uuid
    }

    /// Whether anything can be changed.
    pub fn is_writable(&mut self) -> bool {
        self.store().state == State::Writable
    }

    /// Makes everything that was done so far stay, whoever did it.
    ///
    /// # Errors
    /// `EIO`.
    pub fn sync_all(&mut self) -> Result<(), Errno> {
        self.store().sync()
    }

    /// Brings the volume to rest: the next start finds nothing in the log. It can be used further.
    ///
    /// # Errors
    /// `EIO`.
    pub fn rest(&mut self) -> Result<(), Errno> {
        match self.store().state {
            State::ReadOnly => Ok(()),
            _ => self.store().checkpoint(),
        }
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    fn inode(&self, id: Id) -> Result<Inode, Errno> {
        let value = self.store.borrow_mut().get(Key::Inode(id))?;
        value.and_then(|value| Inode::decode(&value)).ok_or(Errno::EIO)
    }

    fn put_inode(&mut self, id: Id, inode: &Inode) -> Result<(), Errno> {
        self.store().put(Key::Inode(id), &inode.encode())
    }

    fn new_inode(&self, body: Body, permissions: u32) -> Inode {
        let now = self.now();
        let links = if matches!(body, Body::Folder(_)) { 2 } else { 1 };
        let User { user, group } = self.user;
        let (accessed, modified, changed) = (now, now, now);
        let tail = Tail::Clean;
        Inode { body, tail, permissions, links, user, group, size: 0, accessed, modified, changed }
    }

    /// Says that an operation begins that changes something.
    fn begin(&mut self, growth: Growth) -> Result<(), Errno> {
        if self.reap_some() == Err(Errno::EIO) {
            // What is damaged stays, and nothing else suffers.
            self.orphans = orphans::Orphans::None;
        }
        loop {
            match self.store().admit(growth) {
                // What is gone may make room.
                Err(Errno::ENOSPC) if self.orphans.may_wait() => self.reap_some()?,
                admitted => return admitted,
            }
        }
    }

    fn find(&self, lookup: &mut Lookup<'_>, purpose: Purpose) -> Result<Found<Thing>, Stop> {
        walk(self, lookup, purpose)
    }

    /// What is at a path.
    fn existing(&self, lookup: &mut Lookup<'_>, purpose: Purpose) -> Result<Thing, Stop> {
        self.find(lookup, purpose)?.id.ok_or(Stop::Failed(Errno::ENOENT))
    }

    fn link_target(&self, id: Id) -> Result<Vec<u8>, Errno> {
        let inode = self.inode(id)?;
        let mut target = Vec::new();
        let mut part = 0;
        while (target.len() as u64) < inode.size {
            let bytes = self.store.borrow_mut().get(Key::Link(id, part))?.ok_or(Errno::EIO)?;
            target.extend_from_slice(&bytes);
            part = part.checked_add(1).ok_or(Errno::EIO)?;
        }
        Ok(target)
    }

    fn describe(&self, id: Id) -> Result<Info, Errno> {
        let inode = self.inode(id)?;
        Ok(Info {
            size: inode.said_size(),
            kind: inode.kind(),
            access: inode.access(self.user),
            accessed: inode.accessed,
            modified: inode.modified,
            changed: inode.changed,
            mode: inode.mode(),
            links: inode.links,
            device: self.device,
            special: 0,
            inode: id.0 as u32,
            user: inode.user,
            group: inode.group,
        })
    }

    fn own_name(&self, folder: Thing) -> Option<Vec<u8>> {
        self.store.borrow_mut().get(Key::Own(folder.id)).ok()?
    }

    fn folder_path(&self, folder: Thing) -> Result<Vec<u8>, Errno> {
        // A folder that was removed while it was in use has no path.
        if self.inode(folder.id)?.links == 0 {
            return Err(Errno::ENOENT);
        }
        path_of(self, folder, |_, child| self.own_name(child)).ok_or(Errno::ENOENT)
    }
}

impl Tree for DataFs {
    type Id = Thing;

    fn root(&self) -> Thing {
        Thing::ROOT
    }

    fn entry(&self, folder: Thing, name: &[u8]) -> Result<Option<Thing>, Errno> {
        if !folder.is_folder() {
            return Err(Errno::ENOTDIR);
        }
        if !self.inode(folder.id)?.may_search(self.user) {
            return Err(Errno::EACCES);
        }
        match self.store.borrow_mut().get(Key::Name(folder.id, name))? {
            Some(value) => Thing::decode(&value).map(Some).ok_or(Errno::EIO),
            None => Ok(None),
        }
    }

    fn parent(&self, folder: Thing) -> Result<Thing, Errno> {
        match self.inode(folder.id)?.body {
            // A folder above has a lower number, unless it was moved, so damage cannot be told here: paths are bounded where they are made.
            Body::Folder(id) => Ok(Thing { id, ..Thing::ROOT }),
            _ => Err(Errno::EIO),
        }
    }

    fn target(&self, id: Thing) -> Result<Option<Cow<'_, [u8]>>, Errno> {
        if id.tag != Body::Link.tag() {
            return Ok(None);
        }
        self.link_target(id.id).map(|target| Some(Cow::Owned(target)))
    }

    fn is_folder(&self, id: Thing) -> bool {
        id.is_folder()
    }

    fn cover(&self, folder: Thing) -> Option<&[u8]> {
        self.covers.get(&folder.id).map(Vec::as_slice)
    }
}

impl FileSystem for DataFs {
    fn waits_for(&self) -> WaitsFor {
        WaitsFor::Devices
    }

    fn sync_all(&mut self) -> Result<(), Errno> {
        Self::sync_all(self)
    }

    fn rest(&mut self) -> Result<(), Errno> {
        Self::rest(self)
    }

    fn cover(&mut self, folder: &[u8], place: &[u8]) -> Result<(), Errno> {
        let thing = match self.existing(&mut Lookup::new(folder), Purpose::Target) {
            Ok(thing) => thing,
            Err(Stop::Failed(errno)) => return Err(errno),
            Err(_) => return Err(Errno::EBUSY),
        };
        if !thing.is_folder() {
            return Err(Errno::ENOTDIR);
        }
        if thing == Thing::ROOT {
            return Err(Errno::EBUSY);
        }
        self.covers.insert(thing.id, place.to_vec());
        Ok(())
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
        self.open.get(file)?;
        self.store().sync()
    }

    fn allocate(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        self.allocate_node(file, offset, length)
    }

    fn advise(&mut self, file: Node, offset: u64, length: u64, advice: Advice) -> Result<(), Errno> {
        match advice {
            Advice::WillNeed => self.expect_node(file, offset, length),
            _ => self.open.get(file).map(|_| ()),
        }
    }

    fn handle_info(&mut self, file: Node) -> Result<Info, Errno> {
        let id = self.open.get(file)?.what;
        self.describe(id)
    }

    fn info(&mut self, path: &mut Lookup<'_>, follow: Follow) -> Result<Info, Stop> {
        let purpose = Purpose::of_asking(follow);
        let thing = self.existing(path, purpose)?;
        Ok(self.describe(thing.id)?)
    }

    fn list(&mut self, path: &mut Lookup<'_>) -> Result<Vec<Vec<u8>>, Stop> {
        let thing = self.existing(path, Purpose::Target)?;
        if !thing.is_folder() {
            return Err(Errno::ENOTDIR.into());
        }
        if !self.inode(thing.id)?.access(self.user).read {
            return Err(Errno::EACCES.into());
        }
        Ok(self.names_in(thing.id)?)
    }

    fn read_link(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        let thing = self.existing(path, Purpose::Link)?;
        Ok(self.target(thing)?.ok_or(Errno::EINVAL)?.into_owned())
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
        let thing = self.existing(path, Purpose::Target)?;
        if !thing.is_folder() {
            return Err(Errno::ENOTDIR.into());
        }
        if !self.inode(thing.id)?.may_search(self.user) {
            return Err(Errno::EACCES.into());
        }
        Ok(self.folder_path(thing)?)
    }
}

impl core::fmt::Debug for DataFs {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DataFs").field("open", &self.opened.len()).finish_non_exhaustive()
    }
}
