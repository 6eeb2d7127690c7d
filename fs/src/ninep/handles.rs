// SPDX-License-Identifier: Apache-2.0
//! Open files: what the server has in hand for each, and the position, which is this end's business.

use alloc::vec::Vec;

use super::NinepFs;
use super::client::{Attribute, Client};
use super::error::Failure;
use super::field::{Fid, Qid};
use super::transport::Transport;
use super::tree::{Id, Walk};
use crate::opened::Opened;
use crate::walk::{Found, Last, Purpose};
use crate::{At, Errno, From, Info, Lookup, Modes, Node, Stop, Sync};

/// The highest place in a file.
const END: u64 = i64::MAX as u64;

/// What a new file allows: its owner may write, all may read.
const FILE_MODE: u32 = 0o644;

/// Linux's flags of `open`, as they are on the wire (`P9_DOTL_`).
mod flags {
    pub const WRITE_ONLY: u32 = 0o1;
    pub const READ_WRITE: u32 = 0o2;
    pub const CREATE: u32 = 0o100;
    pub const EXCLUSIVE: u32 = 0o200;
    pub const TRUNCATE: u32 = 0o1000;
    pub const APPEND: u32 = 0o2000;
    pub const LARGE: u32 = 0o100_000;
    pub const FOLDER: u32 = 0o200_000;
}

/// With what a folder is opened to be read.
pub const FOLDER_TO_READ: u32 = flags::FOLDER | flags::LARGE;

/// A file that is open.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    fid: Fid,
    qid: Qid,
    /// How many bytes at once the server wants.
    iounit: u32,
    /// The connection that it is open on.
    generation: u32,
}

/// What a file is opened with.
fn flags_of(modes: Modes) -> u32 {
    let access = match (modes.read, modes.write) {
        (_, false) => 0,
        (false, true) => flags::WRITE_ONLY,
        (true, true) => flags::READ_WRITE,
    };
    let when = |is_so: bool, flag: u32| if is_so { flag } else { 0 };
    access
        | flags::LARGE
        | when(modes.truncate && modes.write, flags::TRUNCATE)
        | when(modes.append, flags::APPEND)
        | when(modes.folder, flags::FOLDER)
}

impl<T: Transport> NinepFs<T> {
    /// An open file, if the server has it still.
    fn opened(&self, file: Node) -> Result<Opened<Open>, Errno> {
        let open = self.open.get(file)?;
        let is_there = self.client.is_up() && open.what.generation == self.client.generation();
        if is_there { Ok(open) } else { Err(Errno::EIO) }
    }

    pub(super) fn open_at(&mut self, path: &mut Lookup<'_>, modes: Modes) -> Result<Node, Stop> {
        let purpose = Purpose::of_opening(modes)?;
        let (fid, qid, iounit) =
            self.at_path(path, purpose, |tree, found| Ok(open(tree, found, purpose, modes)?))?;
        let generation = self.client.generation();
        Ok(self.open.insert(Open { fid, qid, iounit, generation }, modes))
    }

    pub(super) fn close_node(&mut self, file: Node) -> Result<(), Errno> {
        let open = self.open.remove(file)?.what;
        // All that was written was acknowledged, so one that is lost has nothing to lose here.
        if open.generation == self.client.generation() {
            self.client.clunk(open.fid);
        }
        Ok(())
    }

    pub(super) fn read_node(&mut self, file: Node, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        let open = self.opened(file)?;
        let offset = open.read_from(at)?;
        let Open { fid, qid, iounit, .. } = open.what;
        if qid.is_folder() {
            return Err(Errno::EISDIR);
        }
        let piece = self.client.piece(iounit) as usize;
        let mut done = 0;
        while done < into.len() && offset <= END {
            let end = into.len().min(done + piece);
            match self.client.read(fid, offset + done as u64, &mut into[done..end]) {
                Ok(0) => break,
                Ok(count) => done += count,
                // What was read is told first.
                Err(_) if done > 0 => break,
                Err(failure) => return Err(failure.errno()),
            }
        }
        self.open.advance(file, at, offset + done as u64);
        Ok(done)
    }

    pub(super) fn write_node(&mut self, file: Node, at: At, parts: &[&[u8]]) -> Result<usize, Errno> {
        let open = self.opened(file)?;
        let Open { fid, iounit, .. } = open.what;
        let start = open.write_from(at, || self.size(fid))?;
        let total: usize = parts.iter().map(|part| part.len()).sum();
        if total == 0 {
            return Ok(0);
        }
        if start.checked_add(total as u64).is_none_or(|end| end > END) {
            return Err(Errno::EFBIG);
        }
        let piece = self.client.piece(iounit) as usize;
        let mut done = 0;
        let mut result = Ok(());
        while done < total && result.is_ok() {
            let bytes = gather(parts, done, piece);
            match self.client.write(fid, start + done as u64, &bytes) {
                Ok(0) => result = Err(Errno::EIO),
                Ok(count) => done += count,
                Err(failure) => result = Err(failure.errno()),
            }
        }
        if done == 0 {
            result?;
        }
        if open.modes.sync {
            self.client.fsync(fid, Sync::All).map_err(|failure| failure.errno())?;
        }
        self.open.advance(file, at, start + done as u64);
        Ok(done)
    }

    fn size(&mut self, fid: Fid) -> Result<u64, Errno> {
        self.client.getattr(fid).map(|known| known.size).map_err(|failure| failure.errno())
    }

    pub(super) fn seek_node(&mut self, file: Node, from: From, offset: i64) -> Result<u64, Errno> {
        let open = self.opened(file)?;
        let position = open.seek_to(from, offset, END, || self.size(open.what.fid))?;
        self.open.set_position(file, position);
        Ok(position)
    }

    pub(super) fn resize_node(&mut self, file: Node, size: u64) -> Result<(), Errno> {
        let open = self.opened(file)?;
        open.check_resize(size, END)?;
        let done = self.client.setattr(open.what.fid, Attribute::Size(size));
        done.map_err(|failure| failure.errno())
    }

    /// The protocol has nothing that makes room.
    pub(super) fn allocate_node(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        self.opened(file)?.check_allocate(offset, length, END)?;
        Err(Errno::ENOTSUP)
    }

    pub(super) fn sync_node(&mut self, file: Node, what: Sync) -> Result<(), Errno> {
        let fid = self.opened(file)?.what.fid;
        self.client.fsync(fid, what).map_err(|failure| failure.errno())
    }

    pub(super) fn check_node(&self, file: Node) -> Result<(), Errno> {
        self.opened(file).map(|_| ())
    }

    pub(super) fn node_info(&mut self, file: Node) -> Result<Info, Errno> {
        let fid = self.opened(file)?.what.fid;
        let known = self.client.getattr(fid).map_err(|failure| failure.errno())?;
        Ok(self.describe(&known))
    }
}

/// Bytes of parts from a place on, `most` at most.
fn gather(parts: &[&[u8]], from: usize, most: usize) -> Vec<u8> {
    let mut skipped = from;
    let mut bytes = Vec::new();
    for part in parts {
        let begin = skipped.min(part.len());
        skipped -= begin;
        let rest = &part[begin..];
        bytes.extend_from_slice(&rest[..rest.len().min(most - bytes.len())]);
        if bytes.len() == most {
            break;
        }
    }
    bytes
}

/// Opens what a path has led to, or makes it.
fn open<T: Transport>(
    tree: &Walk<'_, T>,
    found: Found<Id>,
    purpose: Purpose,
    modes: Modes,
) -> Result<(Fid, Qid, u32), Errno> {
    let opening = flags_of(modes);
    let (fid, opened) = match (found.id, found.last) {
        (Some(_), _) if purpose == Purpose::NewFile => return Err(Errno::EEXIST),
        (Some(id), _) => {
            let is_folder = tree.qid(id).is_folder();
            if is_folder && (modes.write || modes.create) {
                return Err(Errno::EISDIR);
            }
            if modes.folder && !is_folder {
                return Err(Errno::ENOTDIR);
            }
            let fid = tree.take(id)?;
            (fid, tree.ask(|client| clunk_on_error(client, fid, |client| client.lopen(fid, opening))))
        }
        (None, _) if !modes.create => return Err(Errno::ENOENT),
        (None, Last::Name(name)) => {
            let exclusive = if modes.exclusive { flags::EXCLUSIVE } else { 0 };
            let making = opening | flags::CREATE | exclusive;
            let fid = tree.take(found.folder)?;
            let make = |client: &mut Client<T>| client.lcreate(fid, &name, making, FILE_MODE);
            (fid, tree.ask(|client| clunk_on_error(client, fid, make)))
        }
        (None, _) => return Err(Errno::EISDIR),
    };
    opened.map(|(qid, iounit)| (fid, qid, iounit))
}

/// Does something with what the server has in hand, and lets go of it when it fails.
fn clunk_on_error<T: Transport, R>(
    client: &mut Client<T>,
    fid: Fid,
    act: impl FnOnce(&mut Client<T>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let done = act(client);
    if done.is_err() {
        client.clunk(fid);
    }
    done
}
