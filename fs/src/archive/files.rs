// SPDX-License-Identifier: Apache-2.0
//! What is done with an archive's files. The errors are in Linux's order: what is wrong with the path, then that nothing can be changed.

use alloc::vec::Vec;

use super::{Archive, ArchiveFs, FIRST_PLACE, Member};
use crate::walk::{Found, Last, NAME, PATH, Purpose, Tree, path_of, walk};
use crate::{
    Advice, At, Change, Errno, FileSystem, Follow, From, Info, Kind, Locate, Lookup, Make, Modes, Node,
    Remove, Stop, Sync,
};

impl<A: Archive> ArchiveFs<A> {
    /// Where something would be made: what is there already and what cannot be a name are said first.
    fn refuse_new(&self, path: &mut Lookup<'_>, is_folder: bool) -> Stop {
        let found = match walk(self, path, Purpose::Name) {
            Ok(found) => found,
            Err(Stop::Failed(Errno::EBUSY)) => return Errno::EEXIST.into(),
            Err(stop) => return stop,
        };
        match found.last {
            _ if found.id.is_some() => Errno::EEXIST,
            Last::Name(name) if name.len() > NAME => Errno::ENAMETOOLONG,
            _ if found.has_slash && !is_folder => Errno::ENOENT,
            _ => Errno::EROFS,
        }
        .into()
    }

    fn path_found(&self, found: &Found<Member>) -> Result<Vec<u8>, Errno> {
        let folder = path_of(self, found.folder, |_, child| self.name_in(child)).ok_or(Errno::ENOENT)?;
        Ok(found.path_within(folder))
    }
}

impl<A: Archive> FileSystem for ArchiveFs<A> {
    fn cover(&mut self, folder: &[u8], place: &[u8]) -> Result<(), Errno> {
        let member = match self.place(folder) {
            Ok(member) => member,
            Err(Stop::Failed(errno)) => return Err(errno),
            Err(_) => return Err(Errno::EBUSY),
        };
        if member == self.root() {
            return Err(Errno::EBUSY);
        }
        self.covers.insert(member, place.to_vec());
        Ok(())
    }

    fn open(&mut self, path: &mut Lookup<'_>, modes: Modes) -> Result<Node, Stop> {
        let purpose = Purpose::of_opening(modes)?;
        let is_new = purpose == Purpose::NewFile;
        let found = walk(self, path, purpose)?;
        let member = match found.id {
            Some(_) if is_new => return Err(Errno::EEXIST.into()),
            Some(member) => member,
            None if !modes.create => return Err(Errno::ENOENT.into()),
            None => return Err(Errno::EROFS.into()),
        };
        let is_folder = self.is_folder(member);
        if is_folder && (modes.write || modes.create) {
            return Err(Errno::EISDIR.into());
        }
        if modes.folder && !is_folder {
            return Err(Errno::ENOTDIR.into());
        }
        if modes.write || modes.truncate {
            return Err(Errno::EROFS.into());
        }
        if !is_folder && member.0 < FIRST_PLACE && !self.archive.is_whole(member) {
            return Err(Errno::EIO.into());
        }
        Ok(self.open.insert(member, modes))
    }

    fn close(&mut self, file: Node) -> Result<(), Errno> {
        self.open.remove(file).map(|_| ())
    }

    fn read(&mut self, file: Node, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        let open = self.open.get(file)?;
        let offset = open.read_from(at)?;
        let facts = self.facts(open.what)?;
        if facts.kind == Kind::Folder {
            return Err(Errno::EISDIR);
        }
        let rest =
            usize::try_from(offset).ok().and_then(|offset| facts.bytes.get(offset..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.open.advance(file, at, offset + count as u64);
        Ok(count)
    }

    fn write(&mut self, file: Node, _: At, _: &[&[u8]]) -> Result<usize, Errno> {
        // Nothing is ever open to write.
        self.open.get(file).and(Err(Errno::EBADF))
    }

    fn seek(&mut self, file: Node, from: From, offset: i64) -> Result<u64, Errno> {
        let open = self.open.get(file)?;
        let size = || Ok(self.facts(open.what)?.bytes.len() as u64);
        let position = open.seek_to(from, offset, i64::MAX as u64, size)?;
        self.open.set_position(file, position);
        Ok(position)
    }

    fn resize(&mut self, file: Node, _: u64) -> Result<(), Errno> {
        self.open.get(file).and(Err(Errno::EINVAL))
    }

    fn sync(&mut self, file: Node, _: Sync) -> Result<(), Errno> {
        self.open.get(file).map(|_| ())
    }

    fn allocate(&mut self, file: Node, _: u64, length: u64) -> Result<(), Errno> {
        self.open.get(file)?;
        Err(if length == 0 { Errno::EINVAL } else { Errno::EBADF })
    }

    fn advise(&mut self, file: Node, _: u64, _: u64, _: Advice) -> Result<(), Errno> {
        self.open.get(file).map(|_| ())
    }

    fn handle_info(&mut self, file: Node) -> Result<Info, Errno> {
        let open = self.open.get(file)?;
        self.describe(open.what)
    }

    fn info(&mut self, path: &mut Lookup<'_>, follow: Follow) -> Result<Info, Stop> {
        let purpose = Purpose::of_asking(follow);
        let member = self.existing(path, purpose)?;
        Ok(self.describe(member)?)
    }

    fn list(&mut self, path: &mut Lookup<'_>) -> Result<Vec<Vec<u8>>, Stop> {
        let member = self.existing(path, Purpose::Target)?;
        if !self.is_folder(member) {
            return Err(Errno::ENOTDIR.into());
        }
        Ok(self.children(member).filter_map(|child| self.name_in(child)).collect())
    }

    fn read_link(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        let member = self.existing(path, Purpose::Link)?;
        Ok(self.target(member)?.ok_or(Errno::EINVAL)?.into_owned())
    }

    fn make(&mut self, path: &mut Lookup<'_>, what: Make<'_>) -> Result<(), Stop> {
        match what {
            Make::SymbolicLink([]) => Err(Errno::ENOENT.into()),
            Make::SymbolicLink(target) if target.len() > PATH => Err(Errno::ENAMETOOLONG.into()),
            _ => Err(self.refuse_new(path, matches!(what, Make::Folder))),
        }
    }

    fn remove(&mut self, path: &mut Lookup<'_>, what: Remove) -> Result<(), Stop> {
        let found = match walk(self, path, Purpose::Name) {
            Ok(found) => found,
            // What is mounted there is looked at later than whether anything can be changed.
            Err(Stop::Failed(Errno::EBUSY)) => return Err(Errno::EROFS.into()),
            Err(stop) => return Err(stop),
        };
        Err(match (found.last, what) {
            (Last::Name(_), _) => Errno::EROFS,
            (_, Remove::File) => Errno::EISDIR,
            (Last::Dot, _) => Errno::EINVAL,
            (Last::DotDot, _) => Errno::ENOTEMPTY,
            (Last::Root, _) => Errno::EBUSY,
        }
        .into())
    }

    fn locate(&mut self, path: &mut Lookup<'_>, what: Locate) -> Result<Vec<u8>, Stop> {
        let purpose = match what {
            Locate::Existing => Purpose::Link,
            Locate::Name => Purpose::Name,
        };
        let found = walk(self, path, purpose)?;
        if what == Locate::Existing && found.id.is_none() {
            return Err(Errno::ENOENT.into());
        }
        Ok(self.path_found(&found)?)
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        for path in [from, to] {
            match walk(self, &mut Lookup::new(path), Purpose::Name) {
                Ok(Found { last: Last::Name(_), .. }) => {}
                Ok(_) => return Err(Errno::EBUSY),
                Err(Stop::Failed(errno)) => return Err(errno),
                Err(_) => return Err(Errno::EXDEV),
            }
        }
        Err(Errno::EROFS)
    }

    fn link(&mut self, _: &[u8], to: &[u8]) -> Result<(), Errno> {
        match self.refuse_new(&mut Lookup::new(to), false) {
            Stop::Failed(errno) => Err(errno),
            _ => Err(Errno::EXDEV),
        }
    }

    fn change(&mut self, path: &mut Lookup<'_>, _: Change) -> Result<(), Stop> {
        self.existing(path, Purpose::Target)?;
        Err(Errno::EROFS.into())
    }

    fn enter(&mut self, path: &mut Lookup<'_>) -> Result<Vec<u8>, Stop> {
        let member = self.existing(path, Purpose::Target)?;
        if !self.is_folder(member) {
            return Err(Errno::ENOTDIR.into());
        }
        let path = path_of(self, member, |_, child| self.name_in(child));
        path.ok_or(Stop::Failed(Errno::ENOENT))
    }
}
