// SPDX-License-Identifier: Apache-2.0
//! A file system of an archive: files that somebody has laid out and nobody changes, the application of a guest. All that would change
//! something is `EROFS`, where Linux says so on a file system that is mounted to read only.
//!
//! The archive itself is a tree of numbered things that is read in place; what it is made of is the matter of whoever has it.

mod files;
#[cfg(test)]
mod tests;

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::opened::OpenFiles;
use crate::path::components;
use crate::walk::{Purpose, Tree, walk};
use crate::{Access, Errno, Info, Kind, Lookup, Stop};

/// The number of something in an archive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Member(pub u32);

/// What an archive knows of something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts<'a> {
    /// What it is: a file, a folder or a link.
    pub kind: Kind,
    /// The permissions: the lowest 12 bits of the mode.
    pub permissions: u32,
    /// When it was modified: seconds since 1970.
    pub modified: i64,
    /// The folder in which it is; the root is in itself.
    pub parent: Member,
    /// Its name in that folder.
    pub name: &'a [u8],
    /// A file's bytes, a link's target.
    pub bytes: &'a [u8],
}

/// Files that nobody changes.
pub trait Archive {
    /// The folder that is in no other.
    fn root(&self) -> Member;

    /// What is known of something; nothing if there is no such number.
    fn facts(&self, member: Member) -> Option<Facts<'_>>;

    /// Whether a file's bytes are those that were laid out. Asked whenever one is opened.
    fn is_whole(&self, _file: Member) -> bool {
        true
    }

    /// What has a name in a folder.
    fn entry(&self, folder: Member, name: &[u8]) -> Option<Member>;

    /// What is in a folder, by name.
    fn children(&self, folder: Member) -> impl Iterator<Item = Member>;
}

/// A file system of an archive. Everything in it is user 0's.
pub struct ArchiveFs<A> {
    archive: A,
    /// Its number as a device.
    device: u32,
    open: OpenFiles<Member>,
    /// Where in the name space what is mounted over folders is.
    covers: BTreeMap<Member, Vec<u8>>,
    /// Folders that the archive has not, for what is mounted there: where each is, and its name.
    places: Vec<(Member, Vec<u8>)>,
}

/// The number of the first folder that the archive has not; those of others are below it.
const FIRST_PLACE: u32 = 1 << 31;

impl<A: Archive> ArchiveFs<A> {
    /// A file system of this archive, with this number as a device.
    #[must_use]
    pub fn new(archive: A, device: u32) -> Self {
        Self { archive, device, open: OpenFiles::new(), covers: BTreeMap::new(), places: Vec::new() }
    }

    /// The archive.
    #[must_use]
    pub fn archive(&self) -> &A {
        &self.archive
    }

    fn facts(&self, member: Member) -> Result<Facts<'_>, Errno> {
        self.known(member).ok_or(Errno::ENOENT)
    }

    fn known(&self, member: Member) -> Option<Facts<'_>> {
        let Some(place) = member.0.checked_sub(FIRST_PLACE) else { return self.archive.facts(member) };
        let (parent, name) = self.places.get(place as usize)?;
        let root = self.archive.facts(self.archive.root())?;
        Some(Facts { permissions: 0o755, parent: *parent, name, ..root })
    }

    /// The folders of `places`, with their numbers.
    fn places(&self) -> impl Iterator<Item = (Member, &(Member, Vec<u8>))> {
        (FIRST_PLACE..).map(Member).zip(&self.places)
    }

    fn named(&self, folder: Member, name: &[u8]) -> Option<Member> {
        let of_archive = (folder.0 < FIRST_PLACE).then(|| self.archive.entry(folder, name)).flatten();
        let is_it = |(_, place): &(Member, &(Member, Vec<u8>))| place.0 == folder && place.1 == name;
        of_archive.or_else(|| self.places().find(is_it).map(|(member, _)| member))
    }

    fn children(&self, folder: Member) -> impl Iterator<Item = Member> {
        let of_archive = (folder.0 < FIRST_PLACE).then(|| self.archive.children(folder));
        let places = self.places().filter(move |(_, place)| place.0 == folder).map(|(member, _)| member);
        of_archive.into_iter().flatten().chain(places)
    }

    /// A folder at a path, made with those above it if the archive has none.
    fn place(&mut self, path: &[u8]) -> Result<Member, Stop> {
        let mut at = self.root();
        let mut so_far = Vec::new();
        for name in components(path) {
            so_far.push(b'/');
            so_far.extend_from_slice(name);
            at = match self.existing(&mut Lookup::new(&so_far), Purpose::Target) {
                Ok(member) if self.is_folder(member) => member,
                Ok(_) => return Err(Errno::ENOTDIR.into()),
                Err(Stop::Failed(Errno::ENOENT)) if self.named(at, name).is_none() => {
                    self.places.push((at, name.to_vec()));
                    Member(FIRST_PLACE + self.places.len() as u32 - 1)
                }
                Err(stop) => return Err(stop),
            };
        }
        Ok(at)
    }

    /// What is at a path.
    fn existing(&self, lookup: &mut Lookup<'_>, purpose: Purpose) -> Result<Member, Stop> {
        walk(self, lookup, purpose)?.id.ok_or(Stop::Failed(Errno::ENOENT))
    }

    fn describe(&self, member: Member) -> Result<Info, Errno> {
        let facts = self.facts(member)?;
        let kind_bits = match facts.kind {
            Kind::Folder => 0o040_000,
            Kind::Link => 0o120_000,
            Kind::Regular | Kind::Device | Kind::Other => 0o100_000,
        };
        let links = if facts.kind == Kind::Folder {
            let folders = self.children(member).filter(|child| self.is_folder(*child));
            2 + folders.count() as u32
        } else {
            1
        };
        Ok(Info {
            size: facts.bytes.len() as u64,
            kind: facts.kind,
            access: Access { read: true, write: false },
            accessed: facts.modified,
            modified: facts.modified,
            changed: facts.modified,
            mode: kind_bits | facts.permissions,
            links,
            device: self.device,
            special: 0,
            inode: member.0 + 1,
            user: 0,
            group: 0,
        })
    }

    fn name_in(&self, child: Member) -> Option<Vec<u8>> {
        Some(self.known(child)?.name.to_vec())
    }
}

impl<A: Archive> Tree for ArchiveFs<A> {
    type Id = Member;

    fn root(&self) -> Member {
        self.archive.root()
    }

    fn entry(&self, folder: Member, name: &[u8]) -> Result<Option<Member>, Errno> {
        if self.is_folder(folder) { Ok(self.named(folder, name)) } else { Err(Errno::ENOTDIR) }
    }

    fn parent(&self, folder: Member) -> Result<Member, Errno> {
        Ok(self.known(folder).map_or(folder, |facts| facts.parent))
    }

    fn target(&self, id: Member) -> Result<Option<Cow<'_, [u8]>>, Errno> {
        let facts = self.known(id).filter(|facts| facts.kind == Kind::Link);
        Ok(facts.map(|facts| Cow::Borrowed(facts.bytes)))
    }

    fn is_folder(&self, id: Member) -> bool {
        self.known(id).is_some_and(|facts| facts.kind == Kind::Folder)
    }

    fn cover(&self, folder: Member) -> Option<&[u8]> {
        self.covers.get(&folder).map(Vec::as_slice)
    }
}

impl<A> core::fmt::Debug for ArchiveFs<A> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let open = self.open.count();
        f.debug_struct("ArchiveFs").field("device", &self.device).field("open", &open).finish_non_exhaustive()
    }
}
