// SPDX-License-Identifier: Apache-2.0
//! Names: making, removing, moving and linking them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::inode::{Body, Ino};
use super::{INODE, LINKS, MASK, MemoryFs};
use crate::walk::{Entry, Found, PERMISSIONS, Purpose, Tree, check_target, instead_of_making, path_of};
use crate::{Change, Errno, Locate, Lookup, Make, Remove, Stop};

impl MemoryFs {
    /// Puts a name into a folder. Its room was taken.
    pub(super) fn enter_name(&mut self, folder: Ino, name: Vec<u8>, ino: Ino) {
        if let Some(entries) = self.entries_mut(folder) {
            entries.insert(name, ino);
        }
        self.touch(folder);
    }

    fn erase_name(&mut self, folder: Ino, name: &[u8]) {
        if let Some(entries) = self.entries_mut(folder)
            && entries.remove(name).is_some()
        {
            self.used -= name.len() as u64;
        }
        self.touch(folder);
    }

    pub(super) fn make_at(&mut self, path: &mut Lookup<'_>, what: Make<'_>) -> Result<(), Stop> {
        check_target(what)?;
        let found = self.find_new(path)?;
        let entry = found.entry_to_make(what)?;
        self.may_write(entry.folder)?;
        let now = self.now();
        let (body, permissions, bytes) = match what {
            Make::Folder => {
                if self.at(entry.folder).links >= LINKS {
                    return Err(Errno::EMLINK.into());
                }
                let body = Body::Folder { entries: BTreeMap::new(), parent: entry.folder, cover: None };
                (body, 0o777 & !MASK, 0)
            }
            Make::SymbolicLink(target) => (Body::Link(target.to_vec()), 0o777, target.len() as u64),
        };
        self.take(INODE + entry.name.len() as u64 + bytes)?;
        if matches!(body, Body::Folder { .. }) {
            self.at_mut(entry.folder).links += 1;
        }
        let inode = self.inode(body, permissions, now);
        let ino = self.insert(inode);
        self.enter_name(entry.folder, entry.name, ino);
        Ok(())
    }

    /// Where something is to be made.
    fn find_new(&mut self, path: &mut Lookup<'_>) -> Result<Found<Ino>, Stop> {
        self.find(path, Purpose::Name).map_err(instead_of_making)
    }

    pub(super) fn remove_at(&mut self, path: &mut Lookup<'_>, what: Remove) -> Result<(), Stop> {
        let found = self.find(path, Purpose::Name)?;
        let (entry, ino) = found.entry_to_remove(what, |ino| self.is_folder(ino))?;
        self.may_write(entry.folder)?;
        match (what, self.entries(ino)) {
            (Remove::File, Some(_)) => return Err(Errno::EISDIR.into()),
            (Remove::Folder, None) => return Err(Errno::ENOTDIR.into()),
            (Remove::Folder, Some(entries)) if !entries.is_empty() => return Err(Errno::ENOTEMPTY.into()),
            _ => {}
        }
        self.erase_name(entry.folder, &entry.name);
        self.unlink(entry.folder, ino);
        Ok(())
    }

    /// Something has lost a name in a folder.
    fn unlink(&mut self, folder: Ino, ino: Ino) {
        let now = self.now();
        let is_folder = self.is_folder(ino);
        let inode = self.at_mut(ino);
        inode.links = if is_folder { 0 } else { inode.links - 1 };
        inode.changed = now;
        if is_folder {
            self.at_mut(folder).links -= 1;
        }
        self.release(ino);
    }

    pub(super) fn located(&mut self, path: &mut Lookup<'_>, what: Locate) -> Result<Vec<u8>, Stop> {
        let found = self.find(path, Purpose::of_locating(what))?;
        if what == Locate::Existing && found.id.is_none() {
            return Err(Errno::ENOENT.into());
        }
        let folder = path_of(self, found.folder, |folder, child| self.name_in(folder, child));
        let folder = folder.ok_or(Errno::ENOENT)?;
        Ok(found.path_within(folder))
    }

    fn located_entry(&mut self, path: &[u8]) -> Result<Entry<Ino>, Errno> {
        match self.find(&mut Lookup::new(path), Purpose::Name) {
            Ok(found) => found.entry(Errno::EBUSY),
            Err(Stop::Failed(errno)) => Err(errno),
            Err(_) => Err(Errno::EXDEV),
        }
    }

    pub(super) fn rename_within(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let source = self.located_entry(from)?;
        let target = self.located_entry(to)?;
        let ino = source.id()?.ok_or(Errno::ENOENT)?;
        let replaced = target.id()?;
        let is_folder = self.is_folder(ino);
        if !is_folder && (source.has_slash || target.has_slash) {
            return Err(Errno::ENOTDIR);
        }
        if is_folder && self.is_within(target.folder, ino) {
            return Err(Errno::EINVAL);
        }
        if let Some(replaced) = replaced
            && self.is_within(source.folder, replaced)
        {
            return Err(Errno::ENOTEMPTY);
        }
        if replaced == Some(ino) {
            return Ok(());
        }
        self.may_write(source.folder)?;
        self.may_write(target.folder)?;
        if let Some(replaced) = replaced {
            match (is_folder, self.entries(replaced)) {
                (false, Some(_)) => return Err(Errno::EISDIR),
                (true, None) => return Err(Errno::ENOTDIR),
                (true, Some(entries)) if !entries.is_empty() => return Err(Errno::ENOTEMPTY),
                _ => {}
            }
        }
        self.take(target.name.len() as u64)?;
        if let Some(replaced) = replaced {
            self.erase_name(target.folder, &target.name);
            self.unlink(target.folder, replaced);
        }
        self.erase_name(source.folder, &source.name);
        if is_folder && source.folder != target.folder {
            self.at_mut(source.folder).links -= 1;
            self.at_mut(target.folder).links += 1;
            if let Body::Folder { parent, .. } = &mut self.at_mut(ino).body {
                *parent = target.folder;
            }
        }
        self.enter_name(target.folder, target.name, ino);
        let now = self.now();
        self.at_mut(ino).changed = now;
        Ok(())
    }

    /// Whether a folder is another or in it.
    fn is_within(&self, folder: Ino, outer: Ino) -> bool {
        let mut at = folder;
        loop {
            if at == outer {
                return true;
            }
            if at == self.root() {
                return false;
            }
            at = self.above(at);
        }
    }

    pub(super) fn link_within(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let ino = match self.find(&mut Lookup::new(from), Purpose::Link) {
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
        if self.is_folder(ino) {
            return Err(Errno::EPERM);
        }
        if self.at(ino).links >= LINKS {
            return Err(Errno::EMLINK);
        }
        self.may_write(target.folder)?;
        self.take(target.name.len() as u64)?;
        let now = self.now();
        let inode = self.at_mut(ino);
        inode.links += 1;
        inode.changed = now;
        self.enter_name(target.folder, target.name, ino);
        Ok(())
    }

    pub(super) fn change_at(&mut self, path: &mut Lookup<'_>, what: Change) -> Result<(), Stop> {
        let ino = self.existing(path, Purpose::Target)?;
        let (now, user) = (self.now(), self.user.user);
        let is_own = user == 0 || self.at(ino).user == user;
        if !is_own {
            return Err(Errno::EPERM.into());
        }
        let inode = self.at_mut(ino);
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
        Ok(())
    }
}
