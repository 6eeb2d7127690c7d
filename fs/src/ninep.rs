// SPDX-License-Identifier: Apache-2.0
//! A file system on a server that speaks 9P2000.L, as QEMU and diod do, mounted over any [`Transport`]. It is what LING had for its disks,
//! and what xl's `p9=` has.
//!
//! Nothing is cached: what others do to the tree is seen at once, and what is written is with the server when a call returns. Symbolic links
//! are followed here, so that they mean what they mean in the rest of the name space; the server is never asked to.
//!
//! A connection that breaks takes the open files along: they are `EIO` from then on. The next path begins a new one. What was asked for
//! when it broke, and may have been done, is `EIO` as well; a path that had only been looked up by then is walked anew.

pub mod client;
mod connection;
pub mod entries;
mod error;
mod fids;
pub mod field;
mod handles;
pub mod message;
mod names;
mod share;
#[cfg(test)]
mod tests;
mod transport;
mod tree;

pub use client::Settings;
pub use error::{Error, Failure, Lost, Malformed};
pub use share::{FLAG, Share, XEN};
pub use transport::Transport;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::opened::OpenFiles;
use crate::walk::{Found, PERMISSIONS, Purpose, Tree, walk};
use crate::{
    Access, Advice, At, Change, Errno, FileSystem, Follow, From, Info, Kind, Locate, Lookup, Make, Modes,
    Node, Remove, Stop, Sync, WaitsFor,
};
use client::{Attribute, Attributes, Client};
use field::Fid;
use handles::Open;
use tree::{Covers, Id, Walk};

/// What there is to be told of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// There is one.
    Attached,
    /// There is none, and why.
    Trouble(Error),
}

/// Whoever is told when a connection comes, and why there is none.
pub type Listener = Box<dyn FnMut(&News)>;

/// A mounted tree of a server.
pub struct NinepFs<T: Transport> {
    client: Client<T>,
    covers: Covers,
    open: OpenFiles<Open>,
    listener: Listener,
    /// What was last told.
    told: Option<News>,
}

impl<T: Transport> NinepFs<T> {
    /// A server's tree, to which the first path attaches.
    pub fn new(transport: T, settings: Settings, listener: Listener) -> Self {
        let client = Client::new(transport, settings);
        Self { client, covers: Covers::new(), open: OpenFiles::new(), listener, told: None }
    }

    /// Attaches to the tree, if nobody has.
    ///
    /// # Errors
    /// [`Error`], which the listener is told as well.
    pub fn attach(&mut self) -> Result<(), Error> {
        if self.client.is_up() {
            return Ok(());
        }
        let attached = self.client.reconnect();
        self.tell(attached.as_ref().map_or_else(|error| News::Trouble(error.clone()), |()| News::Attached));
        attached
    }

    /// What the server is asked for, message by message.
    pub fn client(&mut self) -> &mut Client<T> {
        &mut self.client
    }

    /// Tells what is new: a trouble that lasts is told once.
    fn tell(&mut self, news: News) {
        if news == News::Attached || self.told.as_ref() != Some(&news) {
            (self.listener)(&news);
            self.told = Some(news);
        }
    }

    /// Follows a path, and does something where it ends. If the connection turns out to be gone before, a new one is made.
    fn at_path<R>(
        &mut self,
        lookup: &mut Lookup<'_>,
        purpose: Purpose,
        act: impl FnOnce(&Walk<'_, T>, Found<Id>) -> Result<R, Stop>,
    ) -> Result<R, Stop> {
        let links = lookup.links;
        let mut may_repeat = self.client.is_up();
        self.attach().map_err(|_| Errno::EIO)?;
        loop {
            let tree = Walk::new(&mut self.client, &self.covers);
            tree.look_ahead(lookup.path);
            let found = walk(&tree, lookup, purpose);
            if !tree.is_broken() {
                let result = found.and_then(|found| act(&tree, found));
                if let Some(error) = tree.finish() {
                    self.tell(News::Trouble(error));
                }
                return result;
            }
            if let Some(error) = tree.finish() {
                self.tell(News::Trouble(error));
            }
            if !may_repeat {
                return Err(Errno::EIO.into());
            }
            may_repeat = false;
            lookup.links = links;
            self.attach().map_err(|_| Errno::EIO)?;
        }
    }

    /// Follows a path to something that has to be there, and does something with it.
    fn existing<R>(
        &mut self,
        lookup: &mut Lookup<'_>,
        purpose: Purpose,
        act: impl FnOnce(&Walk<'_, T>, Id) -> Result<R, Errno>,
    ) -> Result<R, Stop> {
        self.at_path(lookup, purpose, |tree, found| {
            let id = found.id.ok_or(Errno::ENOENT)?;
            Ok(act(tree, id)?)
        })
    }

    fn describe(&self, known: &Attributes) -> Info {
        let &Settings { user, device, .. } = self.client.settings();
        let kind = kind_of(known.mode);
        let bits = user.bits(known.mode & PERMISSIONS, known.owner);
        let [accessed, modified, changed] = known.times;
        Info {
            size: known.size,
            kind,
            access: Access { read: bits & 4 != 0, write: bits & 2 != 0 },
            accessed,
            modified,
            changed,
            mode: known.mode,
            links: u32::try_from(known.links).unwrap_or(u32::MAX),
            device,
            special: known.special as u32,
            inode: known.qid.path as u32,
            user: known.owner.user,
            group: known.owner.group,
        }
    }
}

/// The most bytes of names that a folder is believed to have.
const NAMES: usize = 64 << 20;

/// What a mode says that something is.
const fn kind_of(mode: u32) -> Kind {
    match mode & 0o170_000 {
        0o040_000 => Kind::Folder,
        0o100_000 => Kind::Regular,
        0o120_000 => Kind::Link,
        0o020_000 | 0o060_000 => Kind::Device,
        _ => Kind::Other,
    }
}

/// The names in an open folder.
fn names_in<T: Transport>(client: &mut Client<T>, folder: Fid) -> Result<Vec<Vec<u8>>, Failure> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let (mut place, mut bytes) = (0, 0);
    loop {
        let entries = client.readdir(folder, place)?;
        let Some(last) = entries.last() else { return Ok(names) };
        place = last.next;
        for entry in entries {
            // A folder that leads back to its own beginning has no end.
            bytes += entry.name.len() + 1;
            if bytes > NAMES {
                return Err(Malformed::Folder.into());
            }
            if entry.name != b"." && entry.name != b".." {
                names.push(entry.name);
            }
        }
    }
}

impl<T: Transport> FileSystem for NinepFs<T> {
    fn cover(&mut self, folder: &[u8], place: &[u8]) -> Result<(), Errno> {
        let found = self.existing(&mut Lookup::new(folder), Purpose::Target, |tree, id| {
            if id == tree.root() { Err(Errno::EBUSY) } else { Ok(tree.qid(id)) }
        });
        let qid = match found {
            Ok(qid) => qid,
            Err(Stop::Failed(errno)) => return Err(errno),
            Err(_) => return Err(Errno::EBUSY),
        };
        if !qid.is_folder() {
            return Err(Errno::ENOTDIR);
        }
        self.covers.insert(qid.path, place.to_vec());
        Ok(())
    }

    fn waits_for(&self) -> WaitsFor {
        WaitsFor::Servers
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

    fn sync(&mut self, file: Node, what: Sync) -> Result<(), Errno> {
        self.sync_node(file, what)
    }

    fn allocate(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        self.allocate_node(file, offset, length)
    }

    fn advise(&mut self, file: Node, _: u64, _: u64, _: Advice) -> Result<(), Errno> {
        self.check_node(file)
    }

    fn handle_info(&mut self, file: Node) -> Result<Info, Errno> {
        self.node_info(file)
    }

    fn info(&mut self, path: &mut Lookup<'_>, follow: Follow) -> Result<Info, Stop> {
        let purpose = Purpose::of_asking(follow);
        let known = self.existing(path, purpose, |tree, id| {
            let fid = tree.borrow(id)?;
            tree.ask(|client| client.getattr(fid))
        })?;
        Ok(self.describe(&known))
    }

    fn list(&mut self, path: &mut Lookup<'_>) -> Result<Vec<Vec<u8>>, Stop> {
        self.existing(path, Purpose::Target, |tree, id| {
            if !tree.is_folder(id) {
                return Err(Errno::ENOTDIR);
            }
            let fid = tree.take(id)?;
            tree.ask(|client| {
                let opened = client.lopen(fid, handles::FOLDER_TO_READ);
                let names = opened.and_then(|_| names_in(client, fid));
                client.clunk(fid);
                names
            })
        })
    }

    fn read_link(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        self.existing(path, Purpose::Link, |tree, id| {
            tree.target(id)?.map(alloc::borrow::Cow::into_owned).ok_or(Errno::EINVAL)
        })
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
        self.existing(path, Purpose::Target, |tree, id| {
            let what = match what {
                Change::Permissions(bits) => Attribute::Mode(bits & PERMISSIONS),
                Change::Owner(user, group) => Attribute::Owner(user, group),
                Change::Times(accessed, modified) => Attribute::Times(accessed, modified),
            };
            let fid = tree.borrow(id)?;
            tree.ask(|client| client.setattr(fid, what))
        })
    }

    fn enter(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        self.enter_at(path)
    }
}

impl<T: Transport> core::fmt::Debug for NinepFs<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NinepFs").field("settings", self.client.settings()).finish_non_exhaustive()
    }
}
