// SPDX-License-Identifier: Apache-2.0
//! Names: making, removing, moving and linking them. What the server can judge it is left to judge; what a slash at the end of a path means
//! is known here only.

use alloc::vec::Vec;

use super::NinepFs;
use super::transport::Transport;
use super::tree::{Id, Walk};
use crate::path::join;
use crate::walk::{Purpose, Tree, check_target, instead_of_making};
use crate::{Errno, Locate, Lookup, Make, Remove, Stop};

/// What a new folder allows: its owner may change it, all may look.
const FOLDER_MODE: u32 = 0o755;

/// The path of a folder from the root: without links and dots.
fn path_of<T: Transport>(tree: &Walk<'_, T>, folder: Id) -> Vec<u8> {
    tree.names(folder).iter().fold(b"/".to_vec(), |path, name| join(&path, name))
}

/// A path within the file system does not lead elsewhere.
fn within(stop: Stop) -> Errno {
    match stop {
        Stop::Failed(errno) => errno,
        _ => Errno::EXDEV,
    }
}

impl<T: Transport> NinepFs<T> {
    pub(super) fn make_at(&mut self, path: &mut Lookup<'_>, what: Make<'_>) -> Result<(), Stop> {
        check_target(what)?;
        let made = self.at_path(path, Purpose::Name, |tree, found| {
            let entry = found.entry_to_make(what)?;
            let folder = tree.borrow(entry.folder)?;
            Ok(tree.ask(|client| match what {
                Make::Folder => client.mkdir(folder, &entry.name, FOLDER_MODE),
                Make::SymbolicLink(target) => client.symlink(folder, &entry.name, target),
            })?)
        });
        made.map_err(instead_of_making)
    }

    pub(super) fn remove_at(&mut self, path: &mut Lookup<'_>, what: Remove) -> Result<(), Stop> {
        self.at_path(path, Purpose::Name, |tree, found| {
            let (entry, _) = found.entry_to_remove(what, |id| tree.is_folder(id))?;
            let folder = tree.borrow(entry.folder)?;
            Ok(tree.ask(|client| client.unlink(folder, &entry.name, what))?)
        })
    }

    pub(super) fn located(&mut self, path: &mut Lookup<'_>, what: Locate) -> Result<Vec<u8>, Stop> {
        self.at_path(path, Purpose::of_locating(what), |tree, found| {
            if what == Locate::Existing && found.id.is_none() {
                return Err(Errno::ENOENT.into());
            }
            let folder = path_of(tree, found.folder);
            Ok(found.path_within(folder))
        })
    }

    pub(super) fn rename_within(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let renamed = self.at_path(&mut Lookup::new(from), Purpose::Name, |tree, found| {
            let source = found.entry(Errno::EBUSY)?;
            let found = crate::walk::walk(tree, &mut Lookup::new(to), Purpose::Name)?;
            let target = found.entry(Errno::EBUSY)?;
            let id = source.id()?.ok_or(Errno::ENOENT)?;
            target.id()?;
            if !tree.is_folder(id) && (source.has_slash || target.has_slash) {
                return Err(Errno::ENOTDIR.into());
            }
            let old = tree.take(source.folder)?;
            let new = tree.borrow(target.folder);
            let done = new
                .and_then(|new| tree.ask(|client| client.rename((old, &source.name), (new, &target.name))));
            tree.give(old);
            Ok(done?)
        });
        renamed.map_err(within)
    }

    pub(super) fn link_within(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let linked = self.at_path(&mut Lookup::new(from), Purpose::Link, |tree, found| {
            let id = found.id.ok_or(Errno::ENOENT)?;
            let found = crate::walk::walk(tree, &mut Lookup::new(to), Purpose::Name);
            let found = found.map_err(instead_of_making)?;
            let target = found.entry(Errno::EEXIST)?;
            if target.id()?.is_some() {
                return Err(Errno::EEXIST.into());
            }
            if target.has_slash {
                return Err(Errno::ENOENT.into());
            }
            if tree.is_folder(id) {
                return Err(Errno::EPERM.into());
            }
            let linked = tree.take(id)?;
            let folder = tree.borrow(target.folder);
            let done = folder.and_then(|folder| tree.ask(|client| client.link(linked, folder, &target.name)));
            tree.give(linked);
            Ok(done?)
        });
        linked.map_err(within)
    }

    pub(super) fn enter_at(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        let user = self.client.settings().user;
        self.existing(path, Purpose::Target, |tree, id| {
            if !tree.is_folder(id) {
                return Err(Errno::ENOTDIR);
            }
            let fid = tree.borrow(id)?;
            let known = tree.ask(|client| client.getattr(fid))?;
            if user.bits(known.mode, known.owner) & 1 == 0 {
                return Err(Errno::EACCES);
            }
            Ok(path_of(tree, id))
        })
    }
}
