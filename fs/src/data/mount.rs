// SPDX-License-Identifier: Apache-2.0
//! How a volume is made, and opened again: the newest superblock, then the records of the log that build on it, until one is not whole.
//!
//! A record is good with the pages that it names. Those of the last record are looked at, as a cut may have come between; those of earlier ones are proven by
//! the records after them, which were written after a flush.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;

use crc32c::crc32c;

use super::disk::{BLOCK, Block, Disk};
use super::inode::Body;
use super::keys::{Key, ROOT};
use super::orphans::Orphans;
use super::readers::Readers;
use super::record::{HEADER, Item, Record};
use super::store::{PAGES_MOST, State, Store};
use super::superblock::{BLOCKS_MOST, Copy, LOG_MOST, NUMBER_MOST, SLOTS, Superblock, VERSION};
use super::window::Window;
use super::{Clock, DataFs, blank};
use crate::Errno;
use crate::block::BlockDevice;
use crate::memory::User;
use crate::opened::OpenFiles;

/// The smallest volume, in blocks.
const LEAST: u64 = 512;
/// What is looked at of a disk before it is made into a volume.
const FRONT: u64 = 256;
const BACK: u64 = 16;

/// What a volume is opened with.
pub struct Settings {
    /// Who uses it.
    pub user: User,
    /// Its number as a device.
    pub device: u32,
    /// What tells the time.
    pub clock: Clock,
    /// What it is called if it is new: random.
    pub uuid: [u8; 16],
}

/// What becomes of a disk that is blank.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blank {
    /// It is made into a volume.
    Format,
    /// It is refused.
    Refuse,
}

/// Why a disk is not mounted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MountError {
    /// The disk has failed.
    Disk,
    /// It has no volume, and nothing else.
    Blank,
    /// It has something else.
    Holds(&'static str),
    /// The volume is of another version.
    Version(u32),
    /// What is needed to open the volume is damaged.
    Damaged(&'static str),
    /// The disk is too small: so many blocks of 4096 bytes, and as many that it needs.
    Small(u64, u64),
    /// Its sectors have so many bytes.
    Sector(u32),
}

impl fmt::Display for MountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk => f.write_str("the disk reports an error"),
            Self::Blank => f.write_str("the disk is blank"),
            Self::Holds(what) => {
                write!(f, "the disk has {what}: only a blank disk is made into a volume")
            }
            Self::Version(version) => {
                write!(f, "the volume's format has version {version}, this is for version {VERSION}")
            }
            Self::Damaged(what) => write!(f, "the volume's {what} is damaged"),
            Self::Small(blocks, least) => {
                write!(f, "the disk has {blocks} blocks of {BLOCK} bytes, the volume needs {least}")
            }
            Self::Sector(bytes) => write!(f, "the disk has sectors of {bytes} bytes, not 512 or 4096"),
        }
    }
}

impl core::error::Error for MountError {}

impl From<Errno> for MountError {
    fn from(_: Errno) -> Self {
        Self::Disk
    }
}

/// What the log was like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Log {
    /// It ended as it does after a cut at most.
    Sound,
    /// There were records behind one that is damaged: what was synced with them is lost.
    Damaged,
}

impl DataFs {
    /// Mounts a disk. A blank one may be made into a volume before.
    ///
    /// # Errors
    /// [`MountError`]; the disk is as it was.
    pub fn open(device: Box<dyn BlockDevice>, settings: Settings, blank: Blank) -> Result<Self, MountError> {
        Self::open_store(Disk::new(device), settings, blank, |_| ())
    }

    pub(super) fn open_store(
        mut disk: Disk,
        settings: Settings,
        blank: Blank,
        prepare: impl FnOnce(&mut Store),
    ) -> Result<Self, MountError> {
        let sector = disk.sector();
        if sector != 512 && sector != BLOCK {
            return Err(MountError::Sector(sector as u32));
        }
        if disk.blocks() < LEAST {
            return Err(MountError::Small(disk.blocks(), LEAST));
        }
        let superblock = match newest(&mut disk)? {
            Some(superblock) => superblock,
            None => format(&mut disk, settings.uuid, blank)?,
        };
        if disk.blocks() < superblock.blocks {
            return Err(MountError::Small(disk.blocks(), superblock.blocks));
        }
        let state = if disk.is_writable() { State::Writable } else { State::ReadOnly };
        let mut store = Store::new(disk, superblock, state);
        prepare(&mut store);
        let log = store.replay()?;
        let mut system = Self {
            store: RefCell::new(store),
            user: settings.user,
            device: settings.device,
            clock: settings.clock,
            open: OpenFiles::new(),
            opened: BTreeMap::new(),
            covers: BTreeMap::new(),
            orphans: Orphans::From(super::keys::Id(0)),
            readers: Readers::default(),
            log,
        };
        system.make_root()?;
        let store = system.store();
        if state == State::Writable {
            store.grow()?;
            if store.records > 0 {
                store.checkpoint()?;
            }
        }
        Ok(system)
    }

    /// A new volume has no root.
    fn make_root(&mut self) -> Result<(), MountError> {
        let root = self.store().get(Key::Inode(ROOT)).map_err(|_| MountError::Damaged("tree"))?;
        if root.is_none() {
            let root = self.new_inode(Body::Folder(ROOT), 0o755);
            self.put_inode(ROOT, &root)?;
        }
        match self.inode(ROOT) {
            Ok(root) if root.is_folder() => Ok(()),
            _ => Err(MountError::Damaged("root folder")),
        }
    }
}

/// The newest superblock.
fn newest(disk: &mut Disk) -> Result<Option<Superblock>, MountError> {
    let mut newest: Option<Superblock> = None;
    let mut refusal = None;
    for slot in 0..SLOTS {
        let block = disk.read_block(Block(slot))?;
        for copy in Superblock::decode(&block) {
            match copy {
                Copy::Good(superblock) => {
                    if newest.as_ref().is_none_or(|newest| newest.epoch < superblock.epoch) {
                        newest = Some(superblock);
                    }
                }
                Copy::Version(version) => refusal = Some(MountError::Version(version)),
                Copy::Damaged => refusal = refusal.or(Some(MountError::Damaged("superblock"))),
                Copy::Foreign | Copy::Blank => {}
            }
        }
    }
    match (newest, refusal) {
        (Some(newest), _) => Ok(Some(newest)),
        (None, Some(refusal)) => Err(refusal),
        (None, None) => Ok(None),
    }
}

/// Makes a blank disk into a volume: one write, so that it is one or not.
fn format(disk: &mut Disk, uuid: [u8; 16], blank: Blank) -> Result<Superblock, MountError> {
    let blocks = disk.blocks().min(BLOCKS_MOST);
    let front = disk.read(0, (FRONT.min(blocks) as usize) * BLOCK)?;
    if let Some(what) = blank::found(&front) {
        return Err(MountError::Holds(what));
    }
    let back = disk.read(Block(blocks - BACK).byte(), BACK as usize * BLOCK)?;
    if back.iter().any(|byte| *byte != 0) {
        return Err(MountError::Holds("something at its end (a partition table, a part of a RAID)"));
    }
    if blank == Blank::Refuse || !disk.is_writable() {
        return Err(MountError::Blank);
    }
    let log_blocks = (blocks / 16).min(LOG_MOST);
    let superblock = Superblock {
        sector: disk.sector() as u32,
        uuid,
        blocks,
        log: Block(SLOTS),
        log_blocks,
        epoch: 1,
        root: None,
        free: blocks - SLOTS - log_blocks,
        next: ROOT.0 + 1,
        cursor: SLOTS + log_blocks,
    };
    disk.write(Block(superblock.epoch % SLOTS).byte(), &superblock.encode());
    disk.flush()?;
    Ok(superblock)
}

impl Store {
    /// Does again what the log says.
    fn replay(&mut self) -> Result<Log, MountError> {
        let log = self.disk.read(self.superblock.log.byte(), self.superblock.log_blocks as usize * BLOCK)?;
        let mut at = 0;
        let mut records = Vec::new();
        let mut stamp = self.stamp();
        while let Some(record) = Record::decode(&log[at..])
            && record.stamp == stamp
        {
            records.push(record);
            stamp.number += 1;
            at = (at + record.room).min(log.len());
        }
        let is_behind = |at: usize| {
            let record = Record::decode(&log[at..]).map(|record| record.stamp);
            record.is_some_and(|found| {
                found > stamp && (found.volume, found.epoch) == (stamp.volume, stamp.epoch)
            })
        };
        let is_damaged = (at..log.len().saturating_sub(HEADER)).step_by(512).any(is_behind);
        let count = records.len();
        for (number, record) in records.into_iter().enumerate() {
            let is_last = number + 1 == count;
            let Some(items) = record.items() else { return Ok(Log::Damaged) };
            if is_last && !self.is_whole(&items)? {
                // It must never be taken for whole later.
                self.records += 1;
                break;
            }
            self.redo(&items).map_err(|_| MountError::Damaged("log"))?;
            self.next = record.next.clamp(self.next, NUMBER_MOST);
            self.records += 1;
            self.log_at = 0;
        }
        Ok(if is_damaged { Log::Damaged } else { Log::Sound })
    }

    /// Whether the pages that a record names first are there.
    fn is_whole(&mut self, items: &[Item<'_>]) -> Result<bool, Errno> {
        #[cfg(test)]
        if self.lacks(super::store::Control::NoVerify) {
            return Ok(true);
        }
        for item in items {
            let Item::Put(key, value) = item else { continue };
            let (Some(Key::Window(..)), Some(new)) = (Key::decode(key), Window::decode(value)) else {
                continue;
            };
            let old = self.tree.get(&mut self.disk, key)?;
            let old = old.and_then(|value| Window::decode(&value)).unwrap_or_default();
            for (new, old) in new.places.iter().zip(&old.places) {
                let Some(place) = new.filter(|_| new != old) else { continue };
                if !self.space.contains(place.block) {
                    return Ok(false);
                }
                if crc32c(&self.disk.read_block(place.block)?) != place.crc {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Does what a record says.
    fn redo(&mut self, items: &[Item<'_>]) -> Result<(), Errno> {
        for item in items {
            if let Item::Drop(content, page) = item {
                self.drop_pages(*content, *page);
            }
        }
        for item in items {
            match item {
                Item::Put(key, value) => self.redo_key(key, Some(value))?,
                Item::Delete(key) => self.redo_key(key, None)?,
                Item::Drop(..) | Item::Patch(..) => {}
            }
        }
        for item in items {
            let Item::Patch(content, page, at, bytes) = item else { continue };
            if self.pages.len() > 4 * PAGES_MOST {
                return Err(Errno::EIO);
            }
            // A page that is damaged stays so, which reading it tells.
            match self.patch(*content, *page, *at, bytes) {
                Ok(()) | Err(Errno::EIO) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    fn redo_key(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Errno> {
        let window = match Key::decode(key).ok_or(Errno::EIO)? {
            // Which blocks are in use is not logged, it follows from the rest.
            Key::Chunk(_) => return Err(Errno::EIO),
            Key::Window(content, number) => Some((content, number)),
            _ => None,
        };
        if let Some((content, number)) = window {
            let decode = |value: &[u8]| Window::decode(value).ok_or(Errno::EIO);
            let old = self.tree.get(&mut self.disk, key)?;
            let old = old.as_deref().map(decode).transpose()?.unwrap_or_default();
            let new = value.map(decode).transpose()?.unwrap_or_default();
            let first = number.checked_mul(super::window::PAGES).ok_or(Errno::EIO)?;
            for (page, (old, new)) in (first..).zip(old.places.iter().zip(&new.places)) {
                if old == new {
                    continue;
                }
                self.forget_pages(content, page, page + 1);
                if let Some(place) = new {
                    self.space.take(&mut self.tree, &mut self.disk, place.block)?;
                }
                if let Some(place) = old {
                    self.free(place.block);
                }
            }
        }
        match value {
            Some(value) => self.tree.put(&mut self.disk, key, value)?,
            None => self.tree.delete(&mut self.disk, key)?,
        }
        self.absorb();
        Ok(())
    }

    /// Takes what a disk has more than it had.
    fn grow(&mut self) -> Result<(), Errno> {
        let blocks = self.disk.blocks().min(BLOCKS_MOST);
        if blocks > self.superblock.blocks {
            self.space.grow(&mut self.tree, &mut self.disk, blocks)?;
            self.superblock.blocks = blocks;
        }
        Ok(())
    }
}
