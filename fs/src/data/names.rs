// SPDX-License-Identifier: Apache-2.0
//! Names: making, removing, moving and linking them.

use alloc::vec::Vec;

use super::inode::{Body, Inode, Thing};
use super::keys::{Id, Key, ROOT};
use super::store::Growth;
use super::{DataFs, LINKS, MASK};
use crate::walk::{DEEP, Entry, Found, PERMISSIONS, Purpose, check_target, instead_of_making};
use crate::{Change, Errno, Locate, Lookup, Make, Remove, Stop};

/// The bytes of a part of a link.
const PART: usize = 512;

impl DataFs {
    pub(super) fn may_change(&self, folder: Thing) -> Result<(), Errno> {
        let inode = self.inode(folder.id)?;
        let may = inode.access(self.user).write && inode.may_search(self.user);
        if may { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// Changes a folder whose names change, as now.
    fn change_folder(&mut self, folder: Id, change: impl FnOnce(&mut Inode)) -> Result<(), Errno> {
        let now = self.now();
        let mut inode = self.inode(folder)?;
        (inode.modified, inode.changed) = (now, now);
        change(&mut inode);
        self.put_inode(folder, &inode)
    }

    /// Puts a name into a folder.
    pub(super) fn enter_name(&mut self, folder: Thing, name: &[u8], thing: Thing) -> Result<(), Errno> {
        self.store().put(Key::Name(folder.id, name), &thing.encode())?;
        self.change_folder(folder.id, |inode| inode.size = inode.size.saturating_add(1))
    }

    fn erase_name(&mut self, folder: Thing, name: &[u8]) -> Result<(), Errno> {
        self.store().delete(Key::Name(folder.id, name))?;
        self.change_folder(folder.id, |inode| inode.size = inode.size.saturating_sub(1))
    }

    /// The names in a folder.
    pub(super) fn names_in(&mut self, folder: Id) -> Result<Vec<Vec<u8>>, Errno> {
        let mut names = Vec::new();
        let mut from = Key::Name(folder, b"").encode();
        while let Some((key, _)) = self.store().next_from(&from)? {
            match Key::decode(&key) {
                Some(Key::Name(of, name)) if of == folder => names.push(name.to_vec()),
                _ => break,
            }
            from = key;
            from.push(0);
        }
        Ok(names)
    }

    pub(super) fn make_at(&mut self, path: &mut Lookup<'_>, what: Make<'_>) -> Result<(), Stop> {
        check_target(what)?;
        let found = self.find_new(path)?;
        let entry = found.entry_to_make(what)?;
        self.may_change(entry.folder)?;
        if matches!(what, Make::Folder) && self.inode(entry.folder.id)?.links >= LINKS {
            return Err(Errno::EMLINK.into());
        }
        self.begin(Growth::Pages(2))?;
        let id = self.store().new_id();
        let inode = match what {
            Make::Folder => {
                self.store().put(Key::Own(id), &entry.name)?;
                self.change_folder(entry.folder.id, |inode| inode.links = inode.links.saturating_add(1))?;
                self.new_inode(Body::Folder(entry.folder.id), 0o777 & !MASK)
            }
            Make::SymbolicLink(target) => {
                for (part, bytes) in target.chunks(PART).enumerate() {
                    self.store().put(Key::Link(id, part as u8), bytes)?;
                }
                Inode { size: target.len() as u64, ..self.new_inode(Body::Link, 0o777) }
            }
        };
        self.put_inode(id, &inode)?;
        let thing = Thing { id, tag: inode.body.tag() };
        Ok(self.enter_name(entry.folder, &entry.name, thing)?)
    }

    /// Where something is to be made.
    fn find_new(&mut self, path: &mut Lookup<'_>) -> Result<Found<Thing>, Stop> {
        self.find(path, Purpose::Name).map_err(instead_of_making)
    }

    pub(super) fn remove_at(&mut self, path: &mut Lookup<'_>, what: Remove) -> Result<(), Stop> {
        let found = self.find(path, Purpose::Name)?;
        let (entry, thing) = found.entry_to_remove(what, Thing::is_folder)?;
        self.may_change(entry.folder)?;
        match (what, thing.is_folder()) {
            (Remove::File, true) => return Err(Errno::EISDIR.into()),
            (Remove::Folder, false) => return Err(Errno::ENOTDIR.into()),
            (Remove::Folder, true) if self.inode(thing.id)?.size > 0 => {
                return Err(Errno::ENOTEMPTY.into());
            }
            _ => {}
        }
        self.begin(Growth::Less)?;
        self.erase_name(entry.folder, &entry.name)?;
        Ok(self.unlink(entry.folder, thing)?)
    }

    /// Something has lost a name in a folder.
    fn unlink(&mut self, folder: Thing, thing: Thing) -> Result<(), Errno> {
        let now = self.now();
        let mut inode = self.inode(thing.id)?;
        inode.links = if thing.is_folder() { 0 } else { inode.links.saturating_sub(1) };
        inode.changed = now;
        if thing.is_folder() {
            self.change_folder(folder.id, |inode| inode.links = inode.links.saturating_sub(1))?;
        }
        if inode.links > 0 {
            return self.put_inode(thing.id, &inode);
        }
        self.release(thing.id, &inode)
    }

    pub(super) fn located(&mut self, path: &mut Lookup<'_>, what: Locate) -> Result<Vec<u8>, Stop> {
        let found = self.find(path, Purpose::of_locating(what))?;
        if what == Locate::Existing && found.id.is_none() {
            return Err(Errno::ENOENT.into());
        }
        let folder = self.folder_path(found.folder)?;
        Ok(found.path_within(folder))
    }

    fn located_entry(&mut self, path: &[u8]) -> Result<Entry<Thing>, Errno> {
        match self.find(&mut Lookup::new(path), Purpose::Name) {
            Ok(found) => found.entry(Errno::EBUSY),
            Err(Stop::Failed(errno)) => Err(errno),
            Err(_) => Err(Errno::EXDEV),
        }
    }

    pub(super) fn rename_within(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let source = self.located_entry(from)?;
        let target = self.located_entry(to)?;
        let thing = source.id()?.ok_or(Errno::ENOENT)?;
        let replaced = target.id()?;
        let is_folder = thing.is_folder();
        if !is_folder && (source.has_slash || target.has_slash) {
            return Err(Errno::ENOTDIR);
        }
        if is_folder && self.is_within(target.folder, thing)? {
            return Err(Errno::EINVAL);
        }
        if let Some(replaced) = replaced
            && self.is_within(source.folder, replaced)?
        {
            return Err(Errno::ENOTEMPTY);
        }
        if replaced == Some(thing) {
            return Ok(());
        }
        self.may_change(source.folder)?;
        self.may_change(target.folder)?;
        if let Some(replaced) = replaced {
            match (is_folder, replaced.is_folder()) {
                (false, true) => return Err(Errno::EISDIR),
                (true, false) => return Err(Errno::ENOTDIR),
                (true, true) if self.inode(replaced.id)?.size > 0 => return Err(Errno::ENOTEMPTY),
                _ => {}
            }
        }
        self.begin(Growth::Pages(1))?;
        if let Some(replaced) = replaced {
            self.erase_name(target.folder, &target.name)?;
            self.unlink(target.folder, replaced)?;
        }
        self.erase_name(source.folder, &source.name)?;
        let mut inode = self.inode(thing.id)?;
        if is_folder {
            self.store().put(Key::Own(thing.id), &target.name)?;
            if source.folder != target.folder {
                self.change_folder(source.folder.id, |inode| inode.links = inode.links.saturating_sub(1))?;
                self.change_folder(target.folder.id, |inode| inode.links = inode.links.saturating_add(1))?;
                inode.body = Body::Folder(target.folder.id);
            }
        }
        self.enter_name(target.folder, &target.name, thing)?;
        inode.changed = self.now();
        self.put_inode(thing.id, &inode)
    }

    /// Whether a folder is another or in it.
    fn is_within(&self, folder: Thing, outer: Thing) -> Result<bool, Errno> {
        let mut at = folder.id;
        for _ in 0..DEEP {
            if at == outer.id {
                return Ok(true);
            }
            if at == ROOT {
                return Ok(false);
            }
            match self.inode(at)?.body {
                Body::Folder(above) => at = above,
                _ => return Err(Errno::EIO),
            }
        }
        Err(Errno::EIO)
    }

    pub(super) fn link_within(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let thing = match self.find(&mut Lookup::new(from), Purpose::Link) {
            Ok(found) => found.id.ok_or(Errno::ENOENT)?,
            Err(Stop::Failed(errno)) => return Err(errno),
            Err(_) => return Err(Errno::EXDEV),
        };
        let target = self.located_entry(to).map_err(|errno| match errno {
            Errno::EBUSY => Errno::EEXIST,
            errno => errno,
        })?;
        if target.id()?.is_some() {
            return Err(Errno::EEXIST);
        }
        if target.has_slash {
            return Err(Errno::ENOENT);
        }
        if thing.is_folder() {
            return Err(Errno::EPERM);
        }
        if self.inode(thing.id)?.links >= LINKS {
            return Err(Errno::EMLINK);
        }
        self.may_change(target.folder)?;
        self.begin(Growth::Pages(1))?;
        let mut inode = self.inode(thing.id)?;
        inode.links = inode.links.saturating_add(1);
        inode.changed = self.now();
        self.put_inode(thing.id, &inode)?;
        self.enter_name(target.folder, &target.name, thing)
    }

    pub(super) fn change_at(&mut self, path: &mut Lookup<'_>, what: Change) -> Result<(), Stop> {
        let thing = self.existing(path, Purpose::Target)?;
        let (now, user) = (self.now(), self.user.user);
        let mut inode = self.inode(thing.id)?;
        if user != 0 && inode.user != user {
            return Err(Errno::EPERM.into());
        }
        match what {
            Change::Permissions(bits) => inode.permissions = bits & PERMISSIONS,
            Change::Owner(new_user, new_group) => {
                let is_given_away = new_user.is_some_and(|new| new != inode.user)
                    || new_group.is_some_and(|new| new != inode.group);
                if user != 0 && is_given_away {
                    return Err(Errno::EPERM.into());
                }
                inode.user = new_user.unwrap_or(inode.user);
                inode.group = new_group.unwrap_or(inode.group);
            }
            Change::Times(accessed, modified) => (inode.accessed, inode.modified) = (accessed, modified),
        }
        inode.changed = now;
        self.begin(Growth::Pages(0))?;
        Ok(self.put_inode(thing.id, &inode)?)
    }
}
