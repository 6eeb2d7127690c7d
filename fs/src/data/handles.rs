// SPDX-License-Identifier: Apache-2.0
//! Open files.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::disk::{AHEAD, BLOCK};
use super::file::MOST;
use super::inode::{Body, Inode, LARGEST, Thing};
use super::keys::{Id, Key};
use super::orphans::Orphans;
use super::store::{Growth, State};
use super::{DataFs, MASK};
use crate::walk::{Last, Purpose};
use crate::{At, Errno, From, Lookup, Modes, Node, Stop};

/// The most files that are open at once.
const OPEN: usize = 65_536;
/// After how many seconds reading is written down once more.
const DAY: i64 = 86_400;

/// The first bytes of parts: as many as are written at once.
fn join(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        let count = part.len().min(MOST - joined.len());
        joined.extend_from_slice(&part[..count]);
    }
    joined
}

impl DataFs {
    pub(super) fn open_at(&mut self, path: &mut Lookup<'_>, modes: Modes) -> Result<Node, Stop> {
        let purpose = Purpose::of_opening(modes)?;
        let is_new = purpose == Purpose::NewFile;
        let found = self.find(path, purpose)?;
        if self.open.count() >= OPEN {
            return Err(Errno::EMFILE.into());
        }
        let thing = match (found.id, found.last) {
            (Some(_), _) if is_new => return Err(Errno::EEXIST.into()),
            (Some(thing), _) => {
                self.check_open(thing, modes)?;
                thing
            }
            (None, _) if !modes.create => return Err(Errno::ENOENT.into()),
            (None, Last::Name(name)) => {
                self.may_change(found.folder)?;
                self.begin(Growth::Pages(1))?;
                let content = self.store().new_id();
                let body = Body::File(content);
                let inode = self.new_inode(body, 0o666 & !MASK);
                let thing = Thing { id: self.store().new_id(), tag: body.tag() };
                self.put_inode(thing.id, &inode)?;
                self.enter_name(found.folder, &name, thing)?;
                thing
            }
            (None, _) => return Err(Errno::EISDIR.into()),
        };
        if modes.truncate && modes.write && found.id.is_some() {
            self.resize_file(thing, 0)?;
        }
        *self.opened.entry(thing.id).or_default() += 1;
        Ok(self.open.insert(thing.id, modes))
    }

    /// Whether something that is there may be opened like this.
    fn check_open(&mut self, thing: Thing, modes: Modes) -> Result<(), Errno> {
        let is_folder = thing.is_folder();
        if is_folder && (modes.write || modes.create) {
            return Err(Errno::EISDIR);
        }
        if modes.folder && !is_folder {
            return Err(Errno::ENOTDIR);
        }
        let access = self.inode(thing.id)?.access(self.user);
        let reads = modes.read || !modes.write;
        if reads && !access.read || modes.write && !access.write {
            return Err(Errno::EACCES);
        }
        if modes.write && self.store().state == State::ReadOnly {
            return Err(Errno::EROFS);
        }
        Ok(())
    }

    pub(super) fn close_node(&mut self, file: Node) -> Result<(), Errno> {
        let id = self.open.remove(file)?.what;
        if let Some(count) = self.opened.get_mut(&id) {
            *count -= 1;
            if *count == 0 {
                self.opened.remove(&id);
                // It may be one that has no name.
                self.orphans = Orphans::From(Id(0));
            }
        }
        Ok(())
    }

    pub(super) fn read_node(&mut self, file: Node, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        let open = self.open.get(file)?;
        let offset = open.read_from(at)?;
        let inode = self.inode(open.what)?;
        let count = self.read_bytes(&inode, offset, into)?;
        if count > 0 {
            self.note_reading(open.what, inode);
        }
        self.open.advance(file, at, offset + count as u64);
        Ok(count)
    }

    /// Begins to read what is said to be needed; no length means all from the offset on.
    pub(super) fn expect_node(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        let id = self.open.get(file)?.what;
        let inode = self.inode(id)?;
        let Body::File(content) = inode.body else { return Ok(()) };
        let most = if length == 0 { AHEAD as u64 } else { length.min(AHEAD as u64) };
        let end = offset.saturating_add(most).min(inode.size);
        // What cannot be read is told to whoever reads it.
        let _ = self.store().expect(content, offset / BLOCK as u64..end.div_ceil(BLOCK as u64));
        Ok(())
    }

    /// Writes down that a file was read, as Linux does with `relatime`: for the first time after a change, and once a day. It is no reason for an error.
    fn note_reading(&mut self, id: Id, inode: Inode) {
        let now = self.now();
        let is_old = inode.accessed <= inode.modified || inode.accessed <= inode.changed;
        if now == inode.accessed || !is_old && now.saturating_sub(inode.accessed) < DAY {
            return;
        }
        if self.begin(Growth::Pages(0)).is_ok()
            && let Ok(inode) = self.inode(id)
        {
            let _ = self.put_inode(id, &Inode { accessed: now, ..inode });
        }
    }

    pub(super) fn write_node(&mut self, file: Node, at: At, parts: &[&[u8]]) -> Result<usize, Errno> {
        let open = self.open.get(file)?;
        let start = open.write_from(at, || Ok(self.inode(open.what)?.size))?;
        let joined = match parts {
            [one] => Cow::Borrowed(*one),
            _ => Cow::Owned(join(parts)),
        };
        let count = self.write_bytes(open.what, start, &joined)?;
        if count > 0 {
            self.open.advance(file, at, start + count as u64);
        }
        if open.modes.sync {
            self.store().sync()?;
        }
        Ok(count)
    }

    pub(super) fn seek_node(&mut self, file: Node, from: From, offset: i64) -> Result<u64, Errno> {
        let open = self.open.get(file)?;
        let position = open.seek_to(from, offset, LARGEST, || Ok(self.inode(open.what)?.said_size()))?;
        self.open.set_position(file, position);
        Ok(position)
    }

    pub(super) fn resize_node(&mut self, file: Node, size: u64) -> Result<(), Errno> {
        let open = self.open.get(file)?;
        open.check_resize(size, LARGEST)?;
        self.resize_file(Thing { id: open.what, tag: 1 }, size)
    }

    pub(super) fn allocate_node(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        let open = self.open.get(file)?;
        let end = open.check_allocate(offset, length, LARGEST)?;
        let inode = self.inode(open.what)?;
        if !matches!(inode.body, Body::File(_)) {
            return Err(Errno::ENODEV);
        }
        self.check_room(offset, length)?;
        self.resize_file(Thing { id: open.what, tag: 1 }, inode.size.max(end))
    }

    /// Something has lost its last name: it goes, at once or when nobody has it open.
    pub(super) fn release(&mut self, id: Id, inode: &Inode) -> Result<(), Errno> {
        if self.opened.contains_key(&id) {
            self.put_inode(id, inode)?;
            return self.store().put(Key::Orphan(id), &0_u64.to_le_bytes());
        }
        if let Body::File(content) = inode.body {
            self.store().drop_pages(content, 0);
            if inode.size > 0 || inode.tail == super::inode::Tail::Cut {
                self.orphan(content, 0)?;
            }
            return self.store().delete(Key::Inode(id));
        }
        self.orphan(id, 0)?;
        self.put_inode(id, inode)
    }
}
