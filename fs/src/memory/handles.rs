// SPDX-License-Identifier: Apache-2.0
//! Open files: reading, writing, sizes.

use super::content::{Content, PAGE};
use super::inode::{Body, Ino};
use super::{INODE, LARGEST, MASK, MemoryFs};
use crate::walk::{Last, Purpose, Tree};
use crate::{At, Errno, From, Lookup, Modes, Node, Stop};

impl MemoryFs {
    pub(super) fn open_at(&mut self, path: &mut Lookup<'_>, modes: Modes) -> Result<Node, Stop> {
        let purpose = Purpose::of_opening(modes)?;
        let is_new = purpose == Purpose::NewFile;
        let found = self.find(path, purpose)?;
        let ino = match (found.id, found.last) {
            (Some(_), _) if is_new => return Err(Errno::EEXIST.into()),
            (Some(ino), _) => {
                self.check_open(ino, modes)?;
                ino
            }
            (None, _) if !modes.create => return Err(Errno::ENOENT.into()),
            (None, Last::Name(name)) => {
                self.may_write(found.folder)?;
                self.take(INODE + name.len() as u64)?;
                let now = self.now();
                let inode = self.inode(Body::File(Content::default()), 0o666 & !MASK, now);
                let ino = self.insert(inode);
                self.enter_name(found.folder, name, ino);
                ino
            }
            (None, _) => return Err(Errno::EISDIR.into()),
        };
        if modes.truncate && modes.write && found.id.is_some() {
            self.resize_file(ino, 0)?;
        }
        self.at_mut(ino).opened += 1;
        Ok(self.open.insert(ino, modes))
    }

    /// Whether something that is there may be opened like this.
    fn check_open(&self, ino: Ino, modes: Modes) -> Result<(), Errno> {
        let is_folder = self.is_folder(ino);
        if is_folder && (modes.write || modes.create) {
            return Err(Errno::EISDIR);
        }
        if modes.folder && !is_folder {
            return Err(Errno::ENOTDIR);
        }
        let access = self.at(ino).access(self.user);
        let reads = modes.read || !modes.write;
        if reads && !access.read || modes.write && !access.write {
            return Err(Errno::EACCES);
        }
        Ok(())
    }

    pub(super) fn close_node(&mut self, file: Node) -> Result<(), Errno> {
        let ino = self.open.remove(file)?.what;
        self.at_mut(ino).opened -= 1;
        self.release(ino);
        Ok(())
    }

    pub(super) fn read_node(&mut self, file: Node, at: At, into: &mut [u8]) -> Result<usize, Errno> {
        let open = self.open.get(file)?;
        let offset = open.read_from(at)?;
        let now = self.now();
        let inode = self.at_mut(open.what);
        let Body::File(content) = &inode.body else { return Err(Errno::EISDIR) };
        let count = content.read(offset, into);
        if count > 0 {
            inode.accessed = now;
        }
        self.open.advance(file, at, offset + count as u64);
        Ok(count)
    }

    pub(super) fn write_node(&mut self, file: Node, at: At, parts: &[&[u8]]) -> Result<usize, Errno> {
        let open = self.open.get(file)?;
        let start = open.write_from(at, || Ok(self.at(open.what).size()))?;
        let mut offset = start;
        for part in parts {
            match self.write_part(open.what, offset, part) {
                Ok(0) => {}
                Ok(count) => {
                    offset += count as u64;
                    if count < part.len() {
                        break;
                    }
                }
                Err(errno) if offset == start => return Err(errno),
                Err(_) => break,
            }
        }
        if offset > start {
            self.touch(open.what);
            self.open.advance(file, at, offset);
        }
        Ok((offset - start) as usize)
    }

    /// Writes bytes, fewer than there are if there is no room for all.
    fn write_part(&mut self, ino: Ino, offset: u64, bytes: &[u8]) -> Result<usize, Errno> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let most = LARGEST.checked_sub(offset).filter(|most| *most > 0).ok_or(Errno::EFBIG)?;
        let mut length = most.min(bytes.len() as u64);
        loop {
            let Body::File(content) = &self.at(ino).body else { return Err(Errno::EINVAL) };
            let pages = content.missing(offset, length);
            match self.take(PAGE * pages) {
                Ok(()) => break,
                // Without the last page there may be room.
                Err(errno) => {
                    let end = (offset + length - 1) / PAGE * PAGE;
                    length = end.checked_sub(offset).filter(|length| *length > 0).ok_or(errno)?;
                }
            }
        }
        self.fill(ino, |content| content.write(offset, &bytes[..length as usize]))?;
        Ok(length as usize)
    }

    /// Does what makes pages, whose room was taken; gives back what is not used of it because there is no memory.
    fn fill(&mut self, ino: Ino, act: impl FnOnce(&mut Content) -> Result<(), Errno>) -> Result<(), Errno> {
        let Body::File(content) = &mut self.at_mut(ino).body else { return Err(Errno::EINVAL) };
        let done = act(content);
        if done.is_err() {
            self.used = self.count();
        }
        done
    }

    /// Counts what is in use.
    pub(super) fn count(&self) -> u64 {
        let inodes = self.inodes.iter().flatten();
        let own: u64 = inodes
            .map(|inode| {
                let body = match &inode.body {
                    Body::File(content) => PAGE * content.pages(),
                    Body::Link(target) => target.len() as u64,
                    Body::Folder { entries, .. } => entries.keys().map(|name| name.len() as u64).sum(),
                };
                INODE + body
            })
            .sum();
        let garbage: u64 = self.garbage.iter().map(|content| PAGE * content.pages()).sum();
        own + garbage
    }

    pub(super) fn seek_node(&mut self, file: Node, from: From, offset: i64) -> Result<u64, Errno> {
        let open = self.open.get(file)?;
        let position = open.seek_to(from, offset, LARGEST, || Ok(self.at(open.what).size()))?;
        self.open.set_position(file, position);
        Ok(position)
    }

    pub(super) fn resize_node(&mut self, file: Node, size: u64) -> Result<(), Errno> {
        let open = self.open.get(file)?;
        open.check_resize(size, LARGEST)?;
        self.resize_file(open.what, size)
    }

    pub(super) fn resize_file(&mut self, ino: Ino, size: u64) -> Result<(), Errno> {
        let Body::File(content) = &mut self.at_mut(ino).body else { return Err(Errno::EINVAL) };
        let cut = content.resize(size);
        if cut.pages() > 0 {
            self.garbage.push(cut);
        }
        self.touch(ino);
        Ok(())
    }

    pub(super) fn allocate_node(&mut self, file: Node, offset: u64, length: u64) -> Result<(), Errno> {
        let open = self.open.get(file)?;
        open.check_allocate(offset, length, LARGEST)?;
        let Body::File(content) = &self.at(open.what).body else { return Err(Errno::ENODEV) };
        let pages = content.missing(offset, length);
        self.take(PAGE * pages)?;
        self.fill(open.what, |content| content.allocate(offset, length))?;
        self.touch(open.what);
        Ok(())
    }
}
