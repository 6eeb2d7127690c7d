// SPDX-License-Identifier: Apache-2.0
//! Open files.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::file::MOST;
use super::inode::{Body, Inode, LARGEST, Thing};
use super::keys::{Id, Key};
use super::orphans::Orphans;
use super::store::{Growth, State};
use super::{DataFs, MASK, Open};
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
    pub(super) fn opened_node(&self, file: Node) -> Result<Open, Errno> {
        self.open.get(file.0 as usize).copied().flatten().ok_or(Errno::EBADF)
    }

    pub(super) fn open_at(&mut self, path: &mut Lookup<'_>, modes: Modes) -> Result<Node, Stop> {
        let purpose = Purpose::of_opening(modes)?;
        let is_new = purpose == Purpose::NewFile;
        let found = self.find(path, purpose)?;
        if self.open.len() >= OPEN && self.free_nodes.is_empty() {
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
        let open = Some(Open { id: thing.id, modes, position: 0 });
        let slot = self.free_nodes.pop().unwrap_or(self.open.len() as u32);
        match self.open.get_mut(slot as usize) {
            Some(place) => *place = open,
            None => self.open.push(open),
        }
        Ok(Node(slot))
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
        let id = self.opened_node(file)?.id;
        self.open[file.0 as usize] = None;
        self.free_nodes.push(file.0);
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

    fn set_position(&mut self, file: Node, position: u64) {
        if let Some(Some(open)) = self.open.get_mut(file.0 as usize) {
            open.position = position;
        }
    }

    pub(super) fn read_node(&mut self, file: Node, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        let open = self.opened_node(file)?;
        if open.modes.write && !open.modes.read {
            return Err(Errno::EBADF);
        }
        let offset = match at {
            At::Position => open.position,
            At::Offset(offset) => offset,
        };
        let inode = self.inode(open.id)?;
        let count = self.read_bytes(&inode, offset, into)?;
        if count > 0 {
            self.note_reading(open.id, inode);
        }
        if at == At::Position {
            self.set_position(file, offset + count as u64);
        }
        Ok(count)
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
        let open = self.opened_node(file)?;
        if !open.modes.write {
            return Err(Errno::EBADF);
        }
        // As on Linux, a file that is open to append to gets everything at its end.
        let start = match at {
            _ if open.modes.append => self.inode(open.id)?.size,
            At::Position => open.position,
            At::Offset(offset) => offset,
        };
        let joined = match parts {
            [one] => Cow::Borrowed(*one),
            _ => Cow::Owned(join(parts)),
        };
        let count = self.write_bytes(open.id, start, &joined)?;
        if at == At::Position && count > 0 {
            self.set_position(file, start + count as u64);
        }
        if open.modes.sync {
            self.store().sync()?;
        }
        Ok(count)
    }

    pub(super) fn seek_node(&mut self, file: Node, from: From, offset: i64) -> Result<u64, Errno> {
        let open = self.opened_node(file)?;
        let base = match from {
            From::Start => 0,
            From::Position => open.position,
            From::End => self.inode(open.id)?.said_size(),
        };
        let position = base.checked_add_signed(offset).filter(|position| *position <= LARGEST);
        let position = position.ok_or(Errno::EINVAL)?;
        self.set_position(file, position);
        Ok(position)
    }

    pub(super) fn resize_node(&mut self, file: Node, size: u64) -> Result<(), Errno> {
        let open = self.opened_node(file)?;
        if !open.modes.write {
            return Err(Errno::EINVAL);
        }
        if size > LARGEST {
            return Err(Errno::EFBIG);
        }
        self.resize_file(Thing { id: open.id, tag: 1 }, size)
    }

    pub(super) fn allocate_node(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        let open = self.opened_node(file)?;
        if !open.modes.write {
            return Err(Errno::EBADF);
        }
        if length == 0 {
            return Err(Errno::EINVAL);
        }
        let end = offset.checked_add(length).filter(|end| *end <= LARGEST).ok_or(Errno::EFBIG)?;
        let inode = self.inode(open.id)?;
        if !matches!(inode.body, Body::File(_)) {
            return Err(Errno::ENODEV);
        }
        self.check_room(offset, length)?;
        self.resize_file(Thing { id: open.id, tag: 1 }, inode.size.max(end))
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
