// SPDX-License-Identifier: Apache-2.0
//! Looks at all that is on a volume: every node, every page, every name, and which blocks are in use. It changes nothing.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crc32c::crc32c;

use super::disk::{BLOCK, Block};
use super::inode::{Body, Inode, Thing};
use super::keys::{Id, Key, ROOT};
use super::mount::Log;
use super::node::{Link, Node, Pointer};
use super::space::CHUNK;
use super::superblock::{Copy, SLOTS, Superblock};
use super::window::{PAGES, Window};
use super::{DataFs, tree};
use crate::Errno;

/// Damage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Where it is in the tree of folders, if that is known.
    pub path: Option<Vec<u8>>,
    /// What is wrong.
    pub what: String,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Report {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Files.
    pub files: u64,
    /// Folders.
    pub folders: u64,
    /// Symbolic links.
    pub links: u64,
    /// Blocks that are in use.
    pub used: u64,
    /// Blocks that are marked as in use and are not: they are only not available.
    pub lost: u64,
}

#[derive(Default)]
struct Walk {
    used: Vec<u64>,
    marked: BTreeMap<u64, Vec<u8>>,
    inodes: BTreeMap<Id, Inode>,
    /// Of each thing the names that it has: a folder and a name in it.
    names: BTreeMap<Id, Vec<(Id, Vec<u8>)>>,
    children: BTreeMap<Id, (u64, u32)>,
    orphans: BTreeSet<Id>,
    /// Damage in something that has a number.
    found: Vec<(Option<Id>, String)>,
    /// Contents in which pages are damaged.
    pages: Vec<(Id, u64)>,
    contents: BTreeMap<Id, Id>,
    links: BTreeMap<Id, u64>,
}

impl Walk {
    fn say(&mut self, id: Option<Id>, what: String) {
        self.found.push((id, what));
    }

    /// Says that a block is in use.
    fn take(&mut self, block: Block, id: Option<Id>) {
        let Some(word) = self.used.get_mut((block.0 / 64) as usize) else {
            return self.say(id, format!("block {} is not on the disk", block.0));
        };
        if *word >> (block.0 % 64) & 1 == 1 {
            self.say(id, format!("block {} is in use twice", block.0));
        } else {
            *word |= 1 << (block.0 % 64);
        }
    }

    fn path(&self, id: Id) -> Option<Vec<u8>> {
        let mut parts: Vec<&[u8]> = Vec::new();
        let mut at = id;
        while at != ROOT {
            let (folder, name) = self.names.get(&at)?.first()?;
            parts.push(name);
            at = *folder;
            if parts.len() > 4096 {
                return None;
            }
        }
        let mut path = Vec::new();
        for part in parts.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(part);
        }
        Some(if path.is_empty() { b"/".to_vec() } else { path })
    }

    fn pair(&mut self, key: &[u8], value: &[u8]) {
        match Key::decode(key) {
            Some(Key::Inode(id)) => match Inode::decode(value) {
                Some(inode) => {
                    if let Body::File(content) = inode.body {
                        self.contents.insert(content, id);
                    }
                    self.inodes.insert(id, inode);
                }
                None => self.say(Some(id), "its attributes make no sense".to_owned()),
            },
            Some(Key::Name(folder, name)) => match Thing::decode(value) {
                Some(thing) => {
                    self.names.entry(thing.id).or_default().push((folder, name.to_vec()));
                    let (names, folders) = self.children.entry(folder).or_default();
                    *names += 1;
                    *folders += u32::from(thing.is_folder());
                }
                None => self.say(Some(folder), "a name in it is of nothing".to_owned()),
            },
            Some(Key::Link(id, _)) => *self.links.entry(id).or_default() += value.len() as u64,
            Some(Key::Orphan(id)) => {
                self.orphans.insert(id);
            }
            Some(Key::Chunk(number)) => {
                self.marked.insert(number, value.to_vec());
            }
            Some(Key::Own(_) | Key::Window(..)) => {}
            None => self.say(None, format!("a key makes no sense: {key:02x?}")),
        }
    }
}

impl DataFs {
    /// Looks at all that is on the volume. What is in memory goes to the disk before, if it can be written to.
    ///
    /// # Errors
    /// `EIO` when that fails.
    pub fn check(&mut self) -> Result<Report, Errno> {
        self.rest()?;
        let blocks = self.store().superblock.blocks;
        let mut walk = Walk { used: alloc::vec![0; blocks.div_ceil(64) as usize], ..Walk::default() };
        self.check_superblocks(&mut walk)?;
        if self.log == Log::Damaged {
            walk.say(
                None,
                "the log was damaged: what was synced last before the volume was opened is lost".to_owned(),
            );
        }
        self.check_nodes(&mut walk);
        for (content, page) in core::mem::take(&mut walk.pages) {
            let owner = walk.contents.get(&content).copied();
            walk.say(owner, format!("its page {page} (byte {}) is damaged", page * BLOCK as u64));
        }
        check_things(&mut walk);
        let mut report = Report::default();
        for inode in walk.inodes.values() {
            match inode.body {
                Body::File(_) => report.files += 1,
                Body::Folder(_) => report.folders += 1,
                Body::Link => report.links += 1,
            }
        }
        self.check_space(&mut walk, &mut report);
        let found = core::mem::take(&mut walk.found);
        let findings =
            found.into_iter().map(|(id, what)| Finding { path: id.and_then(|id| walk.path(id)), what });
        report.findings = findings.collect();
        Ok(report)
    }

    fn check_superblocks(&mut self, walk: &mut Walk) -> Result<(), Errno> {
        for slot in 0..SLOTS {
            let block = self.store().disk.read_block(Block(slot))?;
            for copy in Superblock::decode(&block) {
                // Blank is what was not yet written, be it because of a cut.
                if !matches!(copy, Copy::Good(_) | Copy::Blank) {
                    walk.say(None, format!("a copy of the superblock in block {slot} is damaged"));
                }
            }
        }
        let superblock = self.store().superblock.clone();
        for block in 0..superblock.log.0 + superblock.log_blocks {
            walk.take(Block(block), None);
        }
        Ok(())
    }

    fn check_nodes(&mut self, walk: &mut Walk) {
        let Some(root) = self.store().superblock.root else { return };
        let mut left: Vec<(Pointer, Vec<u8>, Option<Vec<u8>>)> = Vec::from([(root, Vec::new(), None)]);
        while let Some((pointer, low, high)) = left.pop() {
            walk.take(pointer.block, None);
            let node = tree::read(&mut self.store().disk, pointer);
            let owner = |key: &[u8]| match Key::decode(key) {
                Some(Key::Inode(id) | Key::Name(id, _) | Key::Link(id, _) | Key::Own(id)) => Some(id),
                _ => None,
            };
            let is_within =
                |key: &[u8]| key >= low.as_slice() && high.as_deref().is_none_or(|high| key < high);
            match node {
                Err(_) => {
                    let id = owner(&low);
                    let what = format!(
                        "block {} of the tree is damaged: what is lost begins with key {low:02x?}, and ends before {high:02x?}",
                        pointer.block.0
                    );
                    walk.say(id, what);
                }
                Ok(Node::Inner(_, pairs)) => {
                    for (at, (key, link)) in pairs.iter().enumerate() {
                        let Link::Disk(below) = link else { continue };
                        let key = if at == 0 { &low } else { key };
                        if !is_within(key) {
                            walk.say(None, format!("block {} of the tree is out of order", pointer.block.0));
                            continue;
                        }
                        let next = pairs.get(at + 1).map(|(key, _)| key.clone()).or_else(|| high.clone());
                        left.push((*below, key.clone(), next));
                    }
                }
                Ok(Node::Leaf(pairs)) => {
                    for (key, value) in &pairs {
                        if !is_within(key) {
                            walk.say(None, format!("block {} of the tree is out of order", pointer.block.0));
                        }
                        walk.pair(key, value);
                        if let Some(Key::Window(content, number)) = Key::decode(key) {
                            self.check_window(walk, content, number, value);
                        }
                    }
                }
            }
        }
    }

    fn check_window(&mut self, walk: &mut Walk, content: Id, number: u64, value: &[u8]) {
        let Some(window) = Window::decode(value) else {
            return walk.pages.push((content, number.saturating_mul(PAGES)));
        };
        for (slot, place) in window.places.iter().enumerate() {
            let Some(place) = place else { continue };
            walk.take(place.block, None);
            let bytes = self.store().disk.read_block(place.block);
            if bytes.map_or(true, |bytes| crc32c(&bytes) != place.crc) {
                walk.pages.push((content, number.saturating_mul(PAGES).saturating_add(slot as u64)));
            }
        }
    }

    fn check_space(&mut self, walk: &mut Walk, report: &mut Report) {
        let blocks = self.store().superblock.blocks;
        let fixed = self.store().superblock.log.0 + self.store().superblock.log_blocks;
        let mut free = 0;
        for block in fixed..blocks {
            let at = block % CHUNK;
            let marks = walk.marked.get(&(block / CHUNK)).and_then(|bits| bits.get((at / 8) as usize));
            let is_marked = marks.is_some_and(|byte| byte >> (at % 8) & 1 == 1);
            let is_used = walk.used[(block / 64) as usize] >> (block % 64) & 1 == 1;
            report.used += u64::from(is_used);
            report.lost += u64::from(is_marked && !is_used);
            free += u64::from(!is_marked);
            if is_used && !is_marked {
                walk.say(None, format!("block {block} is in use and marked as free"));
            }
        }
        let said = self.store().superblock.free;
        if said != free {
            walk.say(None, format!("{free} blocks are free, the superblock says {said}"));
        }
        if report.lost > 0 {
            walk.say(None, format!("{} blocks are marked as in use, and nothing uses them", report.lost));
        }
    }
}

fn check_things(walk: &mut Walk) {
    let mut found = Vec::new();
    for (id, names) in &walk.names {
        if !walk.inodes.contains_key(id) {
            found.push((Some(*id), "its attributes are lost".to_owned()));
        }
        for (folder, name) in names {
            if !walk.inodes.get(folder).is_some_and(Inode::is_folder) {
                let name = String::from_utf8_lossy(name);
                found.push((Some(*id), format!("the folder in which it is called {name} is lost")));
            }
        }
    }
    for (id, inode) in &walk.inodes {
        let names = walk.names.get(id).map_or(0, Vec::len) as u32;
        let (children, folders) = walk.children.get(id).copied().unwrap_or_default();
        let links = match inode.body {
            Body::Folder(_) if *id == ROOT || names > 0 => 2 + folders,
            Body::Folder(_) => 0,
            _ => names,
        };
        if links != inode.links {
            found.push((Some(*id), format!("it has {links} names and says {}", inode.links)));
        }
        if links == 0 && !walk.orphans.contains(id) {
            found.push((None, format!("thing {} has no name and would stay", id.0)));
        }
        match inode.body {
            Body::Folder(above) => {
                if children != inode.size {
                    found.push((Some(*id), format!("it has {children} names in it and says {}", inode.size)));
                }
                let is_right =
                    walk.names.get(id).is_none_or(|names| names.iter().all(|(folder, _)| *folder == above));
                if !is_right {
                    found.push((Some(*id), "it is not in the folder that it says".to_owned()));
                }
            }
            Body::Link if walk.links.get(id).copied().unwrap_or(0) != inode.size => {
                found.push((Some(*id), "where it leads is lost".to_owned()));
            }
            _ => {}
        }
    }
    walk.found.append(&mut found);
}
