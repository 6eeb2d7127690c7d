// SPDX-License-Identifier: Apache-2.0
//! A server's tree on the way of one path. What a path leads over is asked for in one message as far as that goes, and kept until the path is
//! done with: so most paths need one question, and what others do meanwhile is seen by the next path.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use super::client::Client;
use super::error::{Error, Failure};
use super::fids::ROOT;
use super::field::{Fid, Qid};
use super::transport::Transport;
use crate::Errno;
use crate::path::components;
use crate::walk::{NAME, Tree};

/// Something that a path has come by: its place in the table of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Id(u32);

/// The root.
pub const TOP: Id = Id(0);

/// What is known of it.
struct Known {
    parent: Id,
    name: Vec<u8>,
    qid: Qid,
}

/// The places of what is mounted over folders, by the folders' numbers.
pub type Covers = BTreeMap<u64, Vec<u8>>;

/// The tree.
pub struct Walk<'a, T: Transport> {
    client: RefCell<&'a mut Client<T>>,
    covers: &'a Covers,
    known: RefCell<Vec<Known>>,
    /// What the server has in hand of it: the last thing that was walked to.
    held: Cell<Option<(Id, Fid)>>,
    /// Why the connection is lost, if it is.
    broken: RefCell<Option<Error>>,
}

impl<'a, T: Transport> Walk<'a, T> {
    /// The tree as a path begins.
    pub fn new(client: &'a mut Client<T>, covers: &'a Covers) -> Self {
        let root = Known { parent: TOP, name: Vec::new(), qid: client.root() };
        Self {
            client: RefCell::new(client),
            covers,
            known: RefCell::new(Vec::from([root])),
            held: Cell::new(None),
            broken: RefCell::new(None),
        }
    }

    /// Asks for all that a path leads over before anything can change its way.
    pub fn look_ahead(&self, path: &[u8]) {
        let plain = |name: &&[u8]| *name != b".." && name.len() <= NAME;
        let names: Vec<&[u8]> = components(path).take_while(plain).collect();
        // What is not found will be asked for again, when it is clear whether it matters. A path without names asks as well: so a connection
        // that is gone shows before anything is done.
        let _ = self.walk_on(TOP, ROOT, &names);
    }

    /// Whether the connection is lost.
    pub fn is_broken(&self) -> bool {
        self.broken.borrow().is_some()
    }

    /// Walks from something that the server has in hand, and keeps what it came by. Gives what the last name is of.
    fn walk_on(&self, from: Id, fid: Fid, names: &[&[u8]]) -> Result<Option<Id>, Errno> {
        let walked = self.client.borrow_mut().walk(fid, names);
        let walked = walked.map_err(|failure| self.failed(failure))?;
        let mut at = from;
        let mut passed = 0;
        for (qid, name) in walked.qids.iter().zip(names) {
            at = self.keep(Known { parent: at, name: name.to_vec(), qid: *qid });
            passed += 1;
            if !qid.is_folder() {
                break;
            }
        }
        let Some(fid) = walked.fid else { return Ok(None) };
        if passed < names.len() {
            // The server has followed a link by itself: it is not to know where links lead.
            self.client.borrow_mut().clunk(fid);
            return Ok(None);
        }
        self.hold(at, fid);
        Ok(Some(at))
    }

    fn keep(&self, known: Known) -> Id {
        let mut table = self.known.borrow_mut();
        let same = |one: &Known| one.parent == known.parent && one.name == known.name;
        // The root has no name.
        let place = table.iter().skip(1).position(same).map(|place| place + 1);
        match place {
            Some(place) => {
                table[place].qid = known.qid;
                Id(place as u32)
            }
            None => {
                table.push(known);
                Id(table.len() as u32 - 1)
            }
        }
    }

    fn hold(&self, id: Id, fid: Fid) {
        if let Some((_, old)) = self.held.replace(Some((id, fid))) {
            self.client.borrow_mut().clunk(old);
        }
    }

    fn failed(&self, failure: Failure) -> Errno {
        let errno = failure.errno();
        if let Failure::Broken(error) = failure {
            *self.broken.borrow_mut() = Some(error);
        }
        errno
    }

    /// Does something with the server.
    ///
    /// # Errors
    /// As it says.
    pub fn ask<R>(&self, question: impl FnOnce(&mut Client<T>) -> Result<R, Failure>) -> Result<R, Errno> {
        let answer = question(&mut self.client.borrow_mut());
        answer.map_err(|failure| self.failed(failure))
    }

    /// What something is.
    pub fn qid(&self, id: Id) -> Qid {
        self.known.borrow()[id.0 as usize].qid
    }

    /// The name of something in a folder, and the names on the way to it.
    pub fn names(&self, id: Id) -> Vec<Vec<u8>> {
        let table = self.known.borrow();
        let mut names = Vec::new();
        let mut at = id;
        while at != TOP {
            let known = &table[at.0 as usize];
            names.push(known.name.clone());
            at = known.parent;
        }
        names.reverse();
        names
    }

    /// The server has it in hand until something else is asked of the tree.
    ///
    /// # Errors
    /// It is there no more.
    pub fn borrow(&self, id: Id) -> Result<Fid, Errno> {
        match self.held.get() {
            Some((held, fid)) if held == id => Ok(fid),
            _ if id == TOP => Ok(ROOT),
            _ => {
                let names = self.names(id);
                let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
                match self.walk_on(TOP, ROOT, &names)? {
                    Some(_) => self.held.get().map(|(_, fid)| fid).ok_or(Errno::ENOENT),
                    None => Err(Errno::ENOENT),
                }
            }
        }
    }

    /// The server has it in hand until the caller lets go.
    ///
    /// # Errors
    /// It is there no more.
    pub fn take(&self, id: Id) -> Result<Fid, Errno> {
        let fid = match self.borrow(id)? {
            ROOT => return self.ask(|client| client.walk(ROOT, &[]))?.fid.ok_or(Errno::EIO),
            fid => fid,
        };
        self.held.set(None);
        Ok(fid)
    }

    /// Lets go of what was taken.
    pub fn give(&self, fid: Fid) {
        self.client.borrow_mut().clunk(fid);
    }

    /// Lets go of what is in hand. Gives why the connection is lost, if it is.
    pub fn finish(self) -> Option<Error> {
        if let Some((_, fid)) = self.held.take() {
            self.client.borrow_mut().clunk(fid);
        }
        self.broken.into_inner()
    }
}

impl<T: Transport> Tree for Walk<'_, T> {
    type Id = Id;

    fn root(&self) -> Id {
        TOP
    }

    fn entry(&self, folder: Id, name: &[u8]) -> Result<Option<Id>, Errno> {
        if !self.is_folder(folder) {
            return Err(Errno::ENOTDIR);
        }
        let is_it = |known: &Known| known.parent == folder && known.name == name;
        if let Some(place) = self.known.borrow().iter().skip(1).position(is_it) {
            return Ok(Some(Id(place as u32 + 1)));
        }
        let fid = self.borrow(folder)?;
        let walked = self.ask(|client| client.walk(fid, &[name]));
        match walked {
            Ok(walked) => {
                let (Some(qid), Some(fid)) = (walked.qids.first(), walked.fid) else { return Ok(None) };
                let id = self.keep(Known { parent: folder, name: name.to_vec(), qid: *qid });
                self.hold(id, fid);
                Ok(Some(id))
            }
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    fn parent(&self, folder: Id) -> Result<Id, Errno> {
        Ok(self.known.borrow()[folder.0 as usize].parent)
    }

    fn target(&self, id: Id) -> Result<Option<Cow<'_, [u8]>>, Errno> {
        if !self.qid(id).is_link() {
            return Ok(None);
        }
        let fid = self.borrow(id)?;
        self.ask(|client| client.readlink(fid)).map(|target| Some(Cow::Owned(target)))
    }

    fn is_folder(&self, id: Id) -> bool {
        self.qid(id).is_folder()
    }

    fn cover(&self, folder: Id) -> Option<&[u8]> {
        let qid = self.qid(folder);
        self.covers.get(&qid.path).filter(|_| qid.is_folder()).map(Vec::as_slice)
    }
}
