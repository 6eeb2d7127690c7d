// SPDX-License-Identifier: Apache-2.0
//! Keys and pages that survive: the tree, the log before it, the blocks behind it.
//!
//! What changes is in memory at first. [`Store::sync`] appends what has changed since the last time to the log, in one write and one flush. A
//! checkpoint writes changed pages and nodes to blocks that nothing uses, flushes, and then says in a superblock where the tree is; the log begins anew. So what
//! is on the disk is always the tree of a checkpoint and the records that build on it.
//!
//! Callers change things between two calls of [`Store::admit`] only so far that every moment in which a record or checkpoint is made is one between two
//! operations: what a cut leaves is a state that was.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crc32c::crc32c;

use super::disk::{BLOCK, Block, Disk};
use super::keys::{Id, Key};
use super::node::Pair;
use super::record::{Item, Stamp, Writer};
use super::space::Space;
use super::superblock::{SLOTS, Superblock};
use super::tree::Tree;
use super::window::{PAGES, Place, Window};
use crate::Errno;

/// How many changed pages wait for a checkpoint.
pub const PAGES_MOST: usize = 128;
/// How many pages are written at once: what comes between two breaths.
const AT_ONCE: usize = 64;
/// How many pages are kept that have not changed.
const CACHE: usize = 128;
/// What an operation may change at most beside pages: nodes and chunks.
const OPERATION: u64 = 24;

/// The bytes of a page.
pub type Page = Box<[u8; BLOCK]>;

/// A page that is not on the disk as it is.
#[derive(Debug)]
pub struct Changed {
    pub bytes: Page,
    /// What has changed since the last record.
    pub patch: Option<(usize, usize)>,
}

/// Whether anything can be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It can.
    Writable,
    /// The disk is read-only.
    ReadOnly,
    /// A superblock may or may not have come to the disk: nothing may be written before the volume is opened again.
    Broken,
}

/// What an operation is to a full disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Growth {
    /// It needs so many blocks.
    Pages(u64),
    /// It makes room: it may use what is kept back.
    Less,
}

/// A part that is left out, to see that the tests find it missing.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Control {
    /// Nothing.
    #[default]
    Sound,
    /// The flush after a record.
    NoRecordFlush,
    /// The flush before a superblock.
    NoCheckpointFlush,
    /// The look at pages that the last record names.
    NoVerify,
    /// The wait for a checkpoint before a block is used again.
    EarlyReuse,
}

/// The store.
pub struct Store {
    pub disk: Disk,
    pub tree: Tree,
    pub space: Space,
    /// What the newest checkpoint says.
    pub superblock: Superblock,
    pub state: State,
    /// The next number of a thing.
    pub next: u64,
    /// Records since the checkpoint.
    pub(super) records: u64,
    /// Bytes of them.
    pub(super) log_at: u64,
    /// Keys that have changed since the last record.
    changed: BTreeSet<Vec<u8>>,
    /// Contents whose pages from one on were dropped since.
    dropped: BTreeMap<Id, u64>,
    pub(super) pages: BTreeMap<(Id, u64), Changed>,
    clean: BTreeMap<Block, (Page, u64)>,
    tick: u64,
    #[cfg(test)]
    pub control: Control,
}

impl Store {
    pub fn new(disk: Disk, superblock: Superblock, state: State) -> Self {
        let first = superblock.log.0 + superblock.log_blocks;
        Self {
            tree: Tree::new(superblock.root),
            space: Space::new(first, superblock.blocks, superblock.free, superblock.cursor),
            next: superblock.next,
            disk,
            superblock,
            state,
            records: 0,
            log_at: 0,
            changed: BTreeSet::new(),
            dropped: BTreeMap::new(),
            pages: BTreeMap::new(),
            clean: BTreeMap::new(),
            tick: 0,
            #[cfg(test)]
            control: Control::Sound,
        }
    }

    #[cfg(test)]
    pub(super) fn lacks(&self, control: Control) -> bool {
        self.control == control
    }

    /// What says that a record is the next one.
    pub fn stamp(&self) -> Stamp {
        let volume = self.superblock.uuid.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Stamp { volume, epoch: self.superblock.epoch, number: self.records }
    }

    /// A number that nothing has had.
    pub fn new_id(&mut self) -> Id {
        let id = Id(self.next);
        self.next += 1;
        id
    }

    /// How many changed nodes wait for a checkpoint.
    fn nodes_most(&self) -> u64 {
        (self.superblock.blocks / 64).clamp(16, 96)
    }

    /// Blocks that only what makes room may use.
    fn reserve(&self) -> u64 {
        2 * self.nodes_most() + 2 * OPERATION
    }

    /// Blocks that the next checkpoint takes.
    fn committed(&self) -> u64 {
        (self.tree.unplaced_count() + self.pages.len() + self.space.changed()) as u64
    }

    /// Blocks that files can still get.
    pub fn available(&self) -> u64 {
        (self.space.free + self.space.freed()).saturating_sub(self.committed() + self.reserve())
    }

    /// Says that an operation begins: makes room for it in memory and on the disk.
    pub fn admit(&mut self, growth: Growth) -> Result<(), Errno> {
        match self.state {
            State::Writable => {}
            State::ReadOnly => return Err(Errno::EROFS),
            State::Broken => return Err(Errno::EIO),
        }
        let most = self.nodes_most();
        let is_much = self.tree.dirty() as u64 + self.space.changed() as u64 > most
            || self.pages.len() > PAGES_MOST
            || self.changed.len() > 4 * PAGES_MOST;
        if is_much {
            self.checkpoint()?;
        }
        let needed = match growth {
            Growth::Pages(pages) => pages + OPERATION + self.reserve(),
            Growth::Less => OPERATION,
        };
        if self.space.free < self.committed() + needed && self.space.freed() > 0 {
            self.checkpoint()?;
        }
        if self.space.free < self.committed() + needed { Err(Errno::ENOSPC) } else { Ok(()) }
    }

    pub fn get(&mut self, key: Key<'_>) -> Result<Option<Vec<u8>>, Errno> {
        self.tree.get(&mut self.disk, &key.encode())
    }

    /// The first key from one on, and its value.
    pub fn next_from(&mut self, from: &[u8]) -> Result<Option<Pair<Vec<u8>>>, Errno> {
        self.tree.next(&mut self.disk, from)
    }

    pub fn put(&mut self, key: Key<'_>, value: &[u8]) -> Result<(), Errno> {
        let key = key.encode();
        let done = self.tree.put(&mut self.disk, &key, value);
        self.changed.insert(key);
        self.absorb();
        done
    }

    pub fn delete(&mut self, key: Key<'_>) -> Result<(), Errno> {
        let key = key.encode();
        let done = self.tree.delete(&mut self.disk, &key);
        self.changed.insert(key);
        self.absorb();
        done
    }

    /// The blocks of nodes that are gone are freed.
    pub(super) fn absorb(&mut self) {
        for block in core::mem::take(&mut self.tree.freed) {
            self.free(block);
        }
    }

    pub(super) fn free(&mut self, block: Block) {
        self.space.free(block);
        #[cfg(test)]
        if self.lacks(Control::EarlyReuse) {
            self.space.release(|_| ());
        }
    }

    pub fn window(&mut self, content: Id, number: u64) -> Result<Window, Errno> {
        match self.get(Key::Window(content, number))? {
            Some(value) => Window::decode(&value).ok_or(Errno::EIO),
            None => Ok(Window::default()),
        }
    }

    /// Changes a window. Blocks that it has no more are freed.
    pub fn set_window(&mut self, content: Id, number: u64, old: &Window, new: &Window) -> Result<(), Errno> {
        let key = Key::Window(content, number);
        if new.is_empty() {
            self.delete(key)?;
        } else {
            self.put(key, &new.encode())?;
        }
        let kept: BTreeSet<Block> = new.blocks().collect();
        for block in old.blocks().filter(|block| !kept.contains(block)) {
            self.free(block);
        }
        Ok(())
    }

    /// Takes blocks, and writes pages to them. They are there when this returns, if not for good.
    pub fn place_pages(&mut self, pages: &[u8]) -> Result<Vec<Place>, Errno> {
        let mut places: Vec<Place> = Vec::new();
        let count = pages.len() / BLOCK;
        let mut done = Ok(());
        while places.len() < count && done.is_ok() {
            let wanted = (count - places.len()).min(AT_ONCE) as u64;
            match self.space.allocate(&mut self.tree, &mut self.disk, wanted) {
                Ok((first, length)) => {
                    let start = places.len() * BLOCK;
                    let bytes = &pages[start..start + length as usize * BLOCK];
                    self.disk.write(first.byte(), bytes);
                    let pages = bytes.chunks(BLOCK).zip(first.0..);
                    places
                        .extend(pages.map(|(page, block)| Place { block: Block(block), crc: crc32c(page) }));
                }
                Err(errno) => done = Err(errno),
            }
        }
        let settled = self.disk.settle();
        if let Err(errno) = done.and(settled) {
            places.iter().for_each(|place| self.free(place.block));
            return Err(errno);
        }
        Ok(places)
    }

    /// Whether so many blocks from one on can be those of files.
    fn are_pages(&self, first: Block, count: usize) -> bool {
        let last = Block(first.0.saturating_add(count as u64).saturating_sub(1));
        self.space.contains(first) && self.space.contains(last)
    }

    /// Pages from the first on that follow each other on the disk and have to be read from there.
    pub fn run(&self, content: Id, first: u64, places: &[Option<Place>]) -> Vec<Place> {
        let Some(Some(start)) = places.first() else { return Vec::new() };
        let follows = |(index, place): (usize, &Option<Place>)| {
            let place = (*place)?;
            let is_next = place.block.0 == start.block.0 + index as u64;
            let is_known = self.clean.contains_key(&place.block)
                || self.pages.contains_key(&(content, first + index as u64));
            (is_next && !is_known).then_some(place)
        };
        places.iter().enumerate().map_while(follows).collect()
    }

    /// Reads pages that follow each other on the disk, past the cache: what is read in large parts is seldom read again soon. Gives how many are right, from
    /// the first on.
    pub fn read_run(&mut self, run: &[Place], into: &mut [u8]) -> Result<usize, Errno> {
        let Some(first) = run.first() else { return Ok(0) };
        if !self.are_pages(first.block, run.len()) {
            return Err(Errno::EIO);
        }
        let bytes = self.disk.read(first.block.byte(), run.len() * BLOCK)?;
        let is_right = |(bytes, place): (&[u8], &Place)| crc32c(bytes) == place.crc;
        let right = bytes.chunks(BLOCK).zip(run).take_while(|page| is_right(*page)).count();
        into[..right * BLOCK].copy_from_slice(&bytes[..right * BLOCK]);
        if right == 0 { Err(Errno::EIO) } else { Ok(right) }
    }

    /// Begins to read pages of a content that are likely to be asked for soon.
    pub fn expect(&mut self, content: Id, pages: core::ops::Range<u64>) -> Result<(), Errno> {
        let mut page = pages.start;
        while page < pages.end {
            let window = self.window(content, page / PAGES)?;
            let slot = (page % PAGES) as usize;
            let count = (pages.end - page).min(PAGES - page % PAGES) as usize;
            let run = self.run(content, page, &window.places[slot..slot + count]);
            if let Some(first) = run.first()
                && self.are_pages(first.block, run.len())
            {
                self.disk.expect(first.block.byte(), run.len() * BLOCK);
            }
            page += run.len().max(1) as u64;
        }
        Ok(())
    }

    /// The bytes of pages that follow each other on the disk.
    fn load(&mut self, first: Place, rest: &[Place]) -> Result<(), Errno> {
        if !self.are_pages(first.block, 1 + rest.len()) {
            return Err(Errno::EIO);
        }
        let bytes = self.disk.read(first.block.byte(), (1 + rest.len()) * BLOCK)?;
        for (at, (bytes, place)) in bytes.chunks(BLOCK).zip(core::iter::once(&first).chain(rest)).enumerate()
        {
            if crc32c(bytes) == place.crc {
                self.keep(place.block, bytes);
            } else if at == 0 {
                return Err(Errno::EIO);
            }
        }
        Ok(())
    }

    fn keep(&mut self, block: Block, bytes: &[u8]) {
        if self.clean.len() >= CACHE
            && let Some(oldest) =
                self.clean.iter().min_by_key(|(_, (_, used))| *used).map(|(block, _)| *block)
        {
            self.clean.remove(&oldest);
        }
        self.tick += 1;
        let mut page: Page = Box::new([0; BLOCK]);
        page.copy_from_slice(bytes);
        self.clean.insert(block, (page, self.tick));
    }

    /// A page that is on the disk. `ahead` are those after it, of which as many are read with it as follow it on the disk.
    pub fn placed_page(&mut self, place: Place, ahead: &[Option<Place>]) -> Result<&[u8; BLOCK], Errno> {
        if !self.clean.contains_key(&place.block) {
            let following = ahead.iter().zip(place.block.0 + 1..);
            let run: Vec<Place> =
                following.map_while(|(next, block)| next.filter(|next| next.block.0 == block)).collect();
            self.load(place, &run)?;
        }
        self.tick += 1;
        let tick = self.tick;
        let (page, used) = self.clean.get_mut(&place.block).ok_or(Errno::EIO)?;
        *used = tick;
        Ok(page)
    }

    /// A page to change: as it is, or zeros where there is none.
    pub fn change_page(&mut self, content: Id, page: u64) -> Result<&mut Changed, Errno> {
        if !self.pages.contains_key(&(content, page)) {
            let window = self.window(content, page / PAGES)?;
            let bytes = match window.places[(page % PAGES) as usize] {
                Some(place) => Box::new(*self.placed_page(place, &[])?),
                None => Box::new([0; BLOCK]),
            };
            self.pages.insert((content, page), Changed { bytes, patch: None });
        }
        self.pages.get_mut(&(content, page)).ok_or(Errno::EIO)
    }

    /// Writes bytes into a page.
    pub fn patch(&mut self, content: Id, page: u64, at: usize, bytes: &[u8]) -> Result<(), Errno> {
        let changed = self.change_page(content, page)?;
        let end = at + bytes.len();
        changed.bytes[at..end].copy_from_slice(bytes);
        let (low, high) = changed.patch.unwrap_or((at, end));
        changed.patch = Some((low.min(at), high.max(end)));
        Ok(())
    }

    /// A page that has been changed.
    pub fn changed_page(&self, content: Id, page: u64) -> Option<&[u8; BLOCK]> {
        self.pages.get(&(content, page)).map(|changed| &*changed.bytes)
    }

    /// Forgets changed pages that the disk has better, or that are needed no more.
    pub fn forget_pages(&mut self, content: Id, first: u64, end: u64) {
        let pages = self.pages.range((content, first)..(content, end));
        for page in pages.map(|(page, _)| *page).collect::<Vec<_>>() {
            self.pages.remove(&page);
        }
    }

    /// Forgets all pages of a content from one on.
    pub fn drop_pages(&mut self, content: Id, first: u64) {
        self.forget_pages(content, first, u64::MAX);
        let lowest = self.dropped.entry(content).or_insert(first);
        *lowest = first.min(*lowest);
    }

    fn has_news(&self) -> bool {
        !self.changed.is_empty()
            || !self.dropped.is_empty()
            || self.pages.values().any(|changed| changed.patch.is_some())
    }

    fn forget_news(&mut self) {
        self.changed.clear();
        self.dropped.clear();
        self.pages.values_mut().for_each(|changed| changed.patch = None);
    }

    /// Makes everything that was done so far stay.
    pub fn sync(&mut self) -> Result<(), Errno> {
        match self.state {
            State::Writable => {}
            State::ReadOnly => return Ok(()),
            State::Broken => return Err(Errno::EIO),
        }
        if !self.has_news() {
            return Ok(());
        }
        let room = self.superblock.log_blocks * BLOCK as u64 - self.log_at;
        let patches = self.pages.values().filter_map(|changed| changed.patch);
        if patches.map(|(low, high)| (high - low) as u64).sum::<u64>() >= room {
            return self.checkpoint();
        }
        let mut writer = Writer::new(self.stamp(), self.next);
        for (content, page) in &self.dropped {
            writer.push(&Item::Drop(*content, *page));
        }
        for key in &self.changed {
            match self.tree.get(&mut self.disk, key)? {
                Some(value) => writer.push(&Item::Put(key, &value)),
                None => writer.push(&Item::Delete(key)),
            }
        }
        for ((content, page), changed) in &self.pages {
            if let Some((low, high)) = changed.patch {
                writer.push(&Item::Patch(*content, *page, low, &changed.bytes[low..high]));
            }
        }
        let record = writer.finish(self.disk.sector());
        if record.len() as u64 > room {
            return self.checkpoint();
        }
        self.disk.write(self.superblock.log.byte() + self.log_at, &record);
        self.barrier(
            #[cfg(test)]
            Control::NoRecordFlush,
        )?;
        self.records += 1;
        self.log_at += record.len() as u64;
        self.forget_news();
        Ok(())
    }

    /// Makes what was written stay.
    fn barrier(&mut self, #[cfg(test)] control: Control) -> Result<(), Errno> {
        #[cfg(test)]
        if self.lacks(control) {
            return self.disk.settle();
        }
        self.disk.flush()
    }

    /// Writes changed pages to blocks of their own.
    fn write_back(&mut self) -> Result<(), Errno> {
        let keys: Vec<(Id, u64)> = self.pages.keys().copied().collect();
        let mut bytes = Vec::with_capacity(keys.len() * BLOCK);
        self.pages.values().for_each(|changed| bytes.extend_from_slice(&*changed.bytes));
        let places = self.place_pages(&bytes)?;
        let mut at = 0;
        while at < keys.len() {
            let (content, page) = keys[at];
            let number = page / PAGES;
            let end = keys[at..].partition_point(|(other, page)| *other == content && page / PAGES == number);
            let old = self.window(content, number);
            let changed = old.and_then(|old| {
                let mut new = old.clone();
                for ((_, page), place) in keys[at..at + end].iter().zip(&places[at..]) {
                    new.places[(page % PAGES) as usize] = Some(*place);
                }
                self.set_window(content, number, &old, &new)
            });
            if let Err(errno) = changed {
                places[at..].iter().for_each(|place| self.free(place.block));
                return Err(errno);
            }
            for ((key, place), bytes) in
                keys[at..at + end].iter().zip(&places[at..]).zip(bytes[at * BLOCK..].chunks(BLOCK))
            {
                self.pages.remove(key);
                self.keep(place.block, bytes);
            }
            at += end;
        }
        Ok(())
    }

    /// Whether a checkpoint would change anything.
    pub fn is_clean(&self) -> bool {
        self.tree.dirty() == 0
            && self.pages.is_empty()
            && self.space.changed() == 0
            && self.records == 0
            && !self.has_news()
    }

    /// Writes all that is in memory, and begins the log anew.
    pub fn checkpoint(&mut self) -> Result<(), Errno> {
        match self.state {
            State::Writable if self.is_clean() => return Ok(()),
            State::Writable => {}
            State::ReadOnly => return Err(Errno::EROFS),
            State::Broken => return Err(Errno::EIO),
        }
        self.write_back()?;
        self.settle_places()?;
        let epoch = self.superblock.epoch + 1;
        let written = self.tree.write(&mut self.disk, epoch)?;
        self.barrier(
            #[cfg(test)]
            Control::NoCheckpointFlush,
        )?;
        let superblock = Superblock {
            epoch,
            root: self.tree.root(&written),
            free: self.space.free + self.space.freed(),
            next: self.next,
            cursor: self.space.cursor,
            ..self.superblock.clone()
        };
        self.disk.write(Block(epoch % SLOTS).byte(), &superblock.encode());
        if let Err(errno) = self.disk.flush() {
            self.state = State::Broken;
            return Err(errno);
        }
        self.superblock = superblock;
        self.tree.commit(&written);
        let clean = &mut self.clean;
        self.space.release(|block| {
            clean.remove(&block);
        });
        self.forget_news();
        (self.records, self.log_at) = (0, 0);
        Ok(())
    }

    /// Gives every changed node a block, and writes down which blocks are in use, which changes nodes.
    fn settle_places(&mut self) -> Result<(), Errno> {
        let mut written: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        loop {
            let unplaced = self.tree.unplaced();
            let mut blocks = Vec::new();
            while blocks.len() < unplaced.len() {
                let wanted = (unplaced.len() - blocks.len()) as u64;
                match self.space.allocate(&mut self.tree, &mut self.disk, wanted) {
                    Ok((first, count)) => blocks.extend((first.0..first.0 + count).map(Block)),
                    Err(errno) => {
                        blocks.into_iter().for_each(|block| self.free(block));
                        return Err(errno);
                    }
                }
            }
            for (id, block) in unplaced.iter().zip(blocks) {
                self.tree.place(*id, block);
            }
            let mut has_changed = false;
            for number in self.space.changed_chunks() {
                let value = self.space.value(&mut self.tree, &mut self.disk, number)?;
                if written.get(&number) != Some(&value) {
                    self.tree.put(&mut self.disk, &Key::Chunk(number).encode(), &value)?;
                    self.absorb();
                    written.insert(number, value);
                    has_changed = true;
                }
            }
            if unplaced.is_empty() && !has_changed {
                return Ok(());
            }
        }
    }

    /// About how many bytes of memory are in use.
    #[cfg(test)]
    pub fn memory(&self) -> usize {
        let pages = (self.pages.len() + self.clean.len()) * (BLOCK + 64);
        pages + self.tree.memory() + self.space.memory() + self.changed.iter().map(Vec::len).sum::<usize>()
    }
}
