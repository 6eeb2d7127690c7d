// SPDX-License-Identifier: Apache-2.0
//! The way from a path to what it names, in a file system that is a tree of numbered things (POSIX 4.13, Linux's `path_resolution(7)`): component
//! by component, over symbolic links, until the path ends or leaves the file system.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::path::join;
use crate::{Errno, Follow, Locate, Lookup, Make, Modes, Remove, Stop};

/// The most bytes of a path (`PATH_MAX` without its NUL).
pub const PATH: usize = 4095;
/// The most bytes of a name (`NAME_MAX`).
pub const NAME: usize = 255;

/// The permissions that can be set.
pub const PERMISSIONS: u32 = 0o7777;

/// The most folders that are in each other.
pub const DEEP: usize = 65_536;

/// A tree.
pub trait Tree {
    /// The number of something.
    type Id: Copy + PartialEq;

    /// The folder that is in no other.
    fn root(&self) -> Self::Id;

    /// What has a name in a folder.
    ///
    /// # Errors
    /// `ENOTDIR` when it is no folder, `EACCES` when nobody may look for names in it.
    fn entry(&self, folder: Self::Id, name: &[u8]) -> Result<Option<Self::Id>, Errno>;

    /// The folder in which a folder is.
    ///
    /// # Errors
    /// It cannot be read.
    fn parent(&self, folder: Self::Id) -> Result<Self::Id, Errno>;

    /// Where it leads, if it is a symbolic link.
    ///
    /// # Errors
    /// It cannot be read.
    fn target(&self, id: Self::Id) -> Result<Option<Cow<'_, [u8]>>, Errno>;

    /// Whether it is a folder.
    fn is_folder(&self, id: Self::Id) -> bool;

    /// The place in the name space of what is mounted here.
    fn cover(&self, folder: Self::Id) -> Option<&[u8]>;
}

/// What is done with the last component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// What it leads to is used: a link is followed.
    Target,
    /// A link itself is used, unless a slash follows.
    Link,
    /// The name itself is made, removed or moved, whatever slashes follow and however long it is: what is mounted there is in the way.
    Name,
    /// A file is used, or made if it is not there: a link is followed, a slash is wrong.
    File,
    /// A file is made that is not there: a slash is wrong.
    NewFile,
}

impl Purpose {
    /// What opening with these modes is for.
    ///
    /// # Errors
    /// `EINVAL` for a folder that is to be made: opening makes files.
    pub const fn of_opening(modes: Modes) -> Result<Self, Errno> {
        match (modes.create, modes.folder, modes.exclusive) {
            (true, true, _) => Err(Errno::EINVAL),
            (true, false, true) => Ok(Self::NewFile),
            (true, false, false) => Ok(Self::File),
            (false, ..) => Ok(Self::Target),
        }
    }

    /// What asking for facts is for.
    pub const fn of_asking(follow: Follow) -> Self {
        match follow {
            Follow::Target => Self::Target,
            Follow::Link => Self::Link,
        }
    }

    /// What looking for a place is for.
    pub const fn of_locating(what: Locate) -> Self {
        match what {
            Locate::Existing => Self::Link,
            Locate::Name => Self::Name,
        }
    }
}

/// The last component of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Last {
    /// A name.
    Name(Vec<u8>),
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// There is none: the path is `/`.
    Root,
}

/// Where a path ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found<I> {
    /// The folder in which the last component is, or that it is itself.
    pub folder: I,
    /// The last component.
    pub last: Last,
    /// What is there.
    pub id: Option<I>,
    /// Whether a slash follows, so that it has to be a folder.
    pub has_slash: bool,
}

/// A name in a folder, and what has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry<I> {
    /// The folder.
    pub folder: I,
    /// The name.
    pub name: Vec<u8>,
    /// Whether a slash follows.
    pub has_slash: bool,
    id: Option<I>,
}

impl<I: Copy> Entry<I> {
    /// What has the name.
    ///
    /// # Errors
    /// `ENAMETOOLONG`: nothing can have it.
    pub fn id(&self) -> Result<Option<I>, Errno> {
        if self.name.len() > NAME { Err(Errno::ENAMETOOLONG) } else { Ok(self.id) }
    }
}

impl<I> Found<I> {
    /// The name that the path ends in.
    ///
    /// # Errors
    /// `dots` when it ends in something else.
    pub fn entry(self, dots: Errno) -> Result<Entry<I>, Errno> {
        let Self { folder, last, id, has_slash } = self;
        match last {
            Last::Name(name) => Ok(Entry { folder, name, has_slash, id }),
            _ => Err(dots),
        }
    }

    /// The name that something is to get for the first time.
    ///
    /// # Errors
    /// `EEXIST`, `ENAMETOOLONG`, `ENOENT` for a slash behind what is no folder.
    pub fn entry_to_make(self, what: Make<'_>) -> Result<Entry<I>, Errno>
    where
        I: Copy,
    {
        if self.id.is_some() {
            return Err(Errno::EEXIST);
        }
        let entry = self.entry(Errno::EEXIST)?;
        entry.id()?;
        if entry.has_slash && !matches!(what, Make::Folder) {
            return Err(Errno::ENOENT);
        }
        Ok(entry)
    }

    /// The name that is to go, and what has it.
    ///
    /// # Errors
    /// What Linux says of a path that ends in dots, or is `/`; `ENOENT`; `ENOTDIR` for a slash behind a file.
    pub fn entry_to_remove(
        self,
        what: Remove,
        is_folder: impl FnOnce(I) -> bool,
    ) -> Result<(Entry<I>, I), Errno>
    where
        I: Copy,
    {
        let dots = match (&self.last, what) {
            (Last::Name(_), _) => Errno::EINVAL,
            (_, Remove::File) => Errno::EISDIR,
            (Last::Dot, _) => Errno::EINVAL,
            (Last::DotDot, _) => Errno::ENOTEMPTY,
            (Last::Root, _) => Errno::EBUSY,
        };
        let entry = self.entry(dots)?;
        let id = entry.id()?.ok_or(Errno::ENOENT)?;
        if entry.has_slash && what == Remove::File && !is_folder(id) {
            return Err(Errno::ENOTDIR);
        }
        Ok((entry, id))
    }

    /// The whole path, `folder` being that of the folder.
    pub fn path_within(&self, folder: Vec<u8>) -> Vec<u8> {
        let mut path = match &self.last {
            Last::Name(name) => join(&folder, name),
            // The way back is from whatever is in it: the folder itself will do, as all that matters is that it ends in dots.
            Last::Dot | Last::DotDot => join(&folder, b"."),
            Last::Root => folder,
        };
        if self.has_slash && path.last() != Some(&b'/') {
            path.push(b'/');
        }
        path
    }
}

/// Whether a link may lead to such a target.
///
/// # Errors
/// `ENOENT` for an empty one, `ENAMETOOLONG`.
pub const fn check_target(what: Make<'_>) -> Result<(), Errno> {
    match what {
        Make::SymbolicLink([]) => Err(Errno::ENOENT),
        Make::SymbolicLink(target) if target.len() > PATH => Err(Errno::ENAMETOOLONG),
        _ => Ok(()),
    }
}

/// Why something cannot be made at a path: what is mounted there is there already.
pub fn instead_of_making(stop: Stop) -> Stop {
    match stop {
        Stop::Failed(Errno::EBUSY) => Stop::Failed(Errno::EEXIST),
        stop => stop,
    }
}

/// Follows a path.
///
/// # Errors
/// [`Stop`].
pub fn walk<T: Tree>(tree: &T, lookup: &mut Lookup<'_>, purpose: Purpose) -> Result<Found<T::Id>, Stop> {
    let mut path = lookup.path.to_vec();
    let mut folder = tree.root();
    let mut last = Last::Root;
    let mut has_slash = false;
    if path.len() > PATH {
        return Err(Errno::ENAMETOOLONG.into());
    }
    loop {
        let Some(start) = path.iter().position(|byte| *byte != b'/') else {
            return Ok(Found { folder, last, id: Some(folder), has_slash });
        };
        path.drain(..start);
        let end = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
        let after = path.split_off(end);
        let name = core::mem::replace(&mut path, after);
        let is_last = path.iter().all(|byte| *byte == b'/');
        has_slash = !path.is_empty();
        if name == b"." {
            last = Last::Dot;
            continue;
        }
        if name == b".." {
            if folder == tree.root() {
                return Err(Stop::Above(path));
            }
            folder = tree.parent(folder)?;
            last = Last::DotDot;
            continue;
        }
        if is_last && has_slash && matches!(purpose, Purpose::File | Purpose::NewFile) {
            return Err(Errno::EISDIR.into());
        }
        if name.len() > NAME {
            if is_last && purpose == Purpose::Name {
                return Ok(Found { folder, last: Last::Name(name), id: None, has_slash });
            }
            return Err(Errno::ENAMETOOLONG.into());
        }
        let Some(id) = tree.entry(folder, &name)? else {
            if !is_last {
                return Err(Errno::ENOENT.into());
            }
            return Ok(Found { folder, last: Last::Name(name), id: None, has_slash });
        };
        if let Some(place) = tree.cover(id) {
            if is_last && purpose == Purpose::Name {
                return Err(Errno::EBUSY.into());
            }
            return Err(Stop::Elsewhere([place, &path].concat()));
        }
        let is_followed = match purpose {
            _ if !is_last => true,
            Purpose::Target | Purpose::File => true,
            Purpose::Link => has_slash,
            Purpose::Name | Purpose::NewFile => false,
        };
        if is_followed && let Some(target) = tree.target(id)? {
            lookup.links = lookup.links.checked_sub(1).ok_or(Errno::ELOOP)?;
            let next = [&*target, &path].concat();
            if next.len() > PATH {
                return Err(Errno::ENAMETOOLONG.into());
            }
            if target.first() == Some(&b'/') {
                return Err(Stop::Elsewhere(next));
            }
            path = next;
            continue;
        }
        if is_last {
            if has_slash && purpose != Purpose::Name && !tree.is_folder(id) {
                return Err(Errno::ENOTDIR.into());
            }
            return Ok(Found { folder, last: Last::Name(name), id: Some(id), has_slash });
        }
        if !tree.is_folder(id) {
            return Err(Errno::ENOTDIR.into());
        }
        folder = id;
        last = Last::Name(name);
    }
}

/// The path of a folder from the root: without links and dots.
pub fn path_of<T: Tree>(
    tree: &T,
    folder: T::Id,
    name_in: impl Fn(T::Id, T::Id) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let mut names = Vec::new();
    let mut at = folder;
    while at != tree.root() {
        // More than any path leads through: the tree is damaged.
        if names.len() > DEEP {
            return None;
        }
        let parent = tree.parent(at).ok()?;
        names.push(name_in(parent, at)?);
        at = parent;
    }
    let mut path = Vec::from(*b"/");
    for name in names.iter().rev() {
        path = join(&path, name);
    }
    Some(path)
}
