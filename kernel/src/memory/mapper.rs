// SPDX-License-Identifier: Apache-2.0
//! Changes page tables in the way that Xen demands of a PV guest, many entries to a hypercall.
//!
//! A frame that serves as a table may not be mapped writable anywhere, and Xen checks every entry of a table as it is
//! hooked into another. So a new table is filled while it still is an ordinary frame, its own entry in the direct map becomes
//! read-only, and then one update hooks it up: two updates for 512 pages. Entries of a table that is hooked up already change
//! through `mmu_update`, in batches. The order of a batch is the order of execution (Xen's `public/xen.h`, `HYPERVISOR_mmu_update`).

use core::fmt;

use drivers::memory::{Mfn, PAGE_SIZE, Pfn, VirtAddr};

use super::layout::direct_map_address;
use super::pte::{ENTRIES, Level, Protection, Pte, PteFlags};

/// Updates that are collected before they go to Xen.
pub const BATCH: usize = 256;

/// One entry to be changed in a table that Xen knows as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Update {
    /// The machine frame of the table.
    pub table: Mfn,
    /// The entry's index.
    pub index: usize,
    /// Its new value.
    pub value: Pte,
}

/// Xen refused an update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The update.
    pub update: Update,
    /// Xen's error number, positive.
    pub errno: i32,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Update { table, index, value } = self.update;
        write!(f, "xen refused entry {index} of table {table} := {value:?} with error {}", self.errno)
    }
}

impl core::error::Error for Refused {}

/// What the mapper needs of the machine: Xen's, or a model of it in tests.
pub trait Mmu {
    /// The machine frame behind `pfn`.
    fn mfn(&self, pfn: Pfn) -> Mfn;
    /// The domain's frame that is `mfn`.
    fn pfn(&self, mfn: Mfn) -> Pfn;
    /// Reads an entry of a table.
    fn entry(&self, table: Pfn, index: usize) -> Pte;
    /// Empties a frame that is no table yet.
    fn clear(&mut self, frame: Pfn);
    /// Writes an entry into a frame that is no table yet.
    fn prepare(&mut self, frame: Pfn, index: usize, value: Pte);
    /// Carries out `updates` in their order.
    ///
    /// # Errors
    /// The first one that Xen refused; those after it are not carried out.
    fn update(&mut self, updates: &[Update]) -> Result<(), Refused>;
    /// Forgets translations that the processor holds.
    fn flush_tlb(&mut self);
}

/// Where [`Mapper::map`] takes what it maps, and frames for tables.
///
/// Neither can fail: the caller has made sure of enough frames, see [`tables_needed`].
pub trait Source {
    /// The entry for the page with this number, counted from the beginning of the range.
    fn leaf(&mut self, mmu: &dyn Mmu, page: usize) -> Pte;
    /// A frame, mapped writable in the direct map and nowhere else, for a new table.
    fn table(&mut self) -> Pfn;
}

/// The most tables that mapping `pages` from `start` can need.
#[must_use]
pub const fn tables_needed(start: VirtAddr, pages: usize) -> usize {
    if pages == 0 {
        return 0;
    }
    let last = start.0 + (pages - 1) * PAGE_SIZE;
    let mut tables = 0;
    let mut level = Some(Level::L4);
    while let Some(upper) = level {
        level = upper.below();
        if level.is_some() {
            tables += last / upper.entry_size() - start.0 / upper.entry_size() + 1;
        }
    }
    // An L4 entry spans a table of level 3, an L3 entry one of level 2, an L2 entry one of level 1.
    tables
}

/// The page tables of the domain, and updates of them that are still to be sent.
pub struct Mapper<M> {
    mmu: M,
    root: Pfn,
    pending: [Update; BATCH],
    pending_len: usize,
    tables: usize,
}

impl<M: Mmu> Mapper<M> {
    /// A mapper for the tables below `root`.
    pub const fn new(mmu: M, root: Pfn) -> Self {
        let nothing = Update { table: Mfn(0), index: 0, value: Pte::EMPTY };
        Self { mmu, root, pending: [nothing; BATCH], pending_len: 0, tables: 0 }
    }

    /// The machine underneath.
    pub const fn mmu(&self) -> &M {
        &self.mmu
    }

    /// Tables that this mapper has made.
    pub const fn tables(&self) -> usize {
        self.tables
    }

    /// Maps `pages` pages from `start`; what was mapped there before is replaced.
    ///
    /// # Errors
    /// [`Refused`] when Xen does not like an entry.
    pub fn map(&mut self, start: VirtAddr, pages: usize, source: &mut dyn Source) -> Result<(), Refused> {
        let mut page = 0;
        while page < pages {
            let address = VirtAddr(start.0 + page * PAGE_SIZE);
            let first = Level::L1.index(address);
            let count = (ENTRIES - first).min(pages - page);
            let parent = self.table_above_l1(address, source)?;
            let parent_index = Level::L2.index(address);
            if let Some(table) = self.mmu.entry(parent, parent_index).mfn() {
                for offset in 0..count {
                    let value = source.leaf(&self.mmu, page + offset);
                    self.queue(Update { table, index: first + offset, value })?;
                }
            } else {
                let table = source.table();
                if count < ENTRIES {
                    self.mmu.clear(table);
                }
                for offset in 0..count {
                    let value = source.leaf(&self.mmu, page + offset);
                    self.mmu.prepare(table, first + offset, value);
                }
                self.hook(parent, parent_index, table)?;
            }
            page += count;
        }
        self.send()
    }

    /// Replaces the entry of every mapped page of a range by what `change` makes of it, and forgets old translations.
    /// Pages that are not mapped are left out.
    ///
    /// # Errors
    /// [`Refused`] when Xen does not like an entry.
    pub fn change(
        &mut self,
        start: VirtAddr,
        pages: usize,
        mut change: impl FnMut(VirtAddr, Pte) -> Pte,
    ) -> Result<(), Refused> {
        let mut changed = false;
        for page in 0..pages {
            let address = VirtAddr(start.0 + page * PAGE_SIZE);
            if let Some((table, index, old)) = self.leaf(address) {
                let new = change(address, old);
                if new != old {
                    changed = true;
                    self.queue(Update { table: self.mmu.mfn(table), index, value: new })?;
                }
            }
        }
        self.send()?;
        if changed {
            self.mmu.flush_tlb();
        }
        Ok(())
    }

    /// Gives every mapped page of a range this protection.
    ///
    /// # Errors
    /// [`Refused`] when Xen does not like an entry.
    pub fn protect(&mut self, start: VirtAddr, pages: usize, protection: Protection) -> Result<(), Refused> {
        self.change(start, pages, |_, old| match old.mfn() {
            Some(mfn) if !old.has_protection(protection) => Pte::leaf(mfn, protection),
            _ => old,
        })
    }

    /// Takes from everything that the level 2 entry for `address` covers what `protection` does not allow; the pages'
    /// own entries can only narrow it further.
    ///
    /// # Errors
    /// [`Refused`] when Xen does not like the entry.
    pub fn restrict(&mut self, address: VirtAddr, protection: Protection) -> Result<(), Refused> {
        if let Some((table, index, old)) = self.entry(address, Level::L2) {
            let value = match protection {
                Protection::ReadWrite => old.0 | PteFlags::NO_EXECUTE.bits(),
                Protection::ReadOnly => (old.0 | PteFlags::NO_EXECUTE.bits()) & !PteFlags::WRITABLE.bits(),
                Protection::ReadExecute => old.0 & !PteFlags::WRITABLE.bits(),
            };
            self.queue(Update { table: self.mmu.mfn(table), index, value: Pte(value) })?;
            self.send()?;
            self.mmu.flush_tlb();
        }
        Ok(())
    }

    /// Unmaps a range and hands every frame that was mapped there to `release`, once no translation of it is left.
    ///
    /// # Errors
    /// [`Refused`] when Xen does not like an entry.
    pub fn unmap(
        &mut self,
        start: VirtAddr,
        pages: usize,
        mut release: impl FnMut(Pfn),
    ) -> Result<(), Refused> {
        let mut page = 0;
        while page < pages {
            let count = BATCH.min(pages - page);
            let batch = VirtAddr(start.0 + page * PAGE_SIZE);
            let mut frames = [None; BATCH];
            let mut found = 0;
            self.change(batch, count, |_, old| {
                frames[found] = old.mfn();
                found += 1;
                Pte::EMPTY
            })?;
            for mfn in frames.into_iter().flatten() {
                release(self.mmu.pfn(mfn));
            }
            page += count;
        }
        Ok(())
    }

    /// The entry that maps `address`, or `None` when nothing does.
    pub fn translate(&self, address: VirtAddr) -> Option<Pte> {
        self.leaf(address).map(|(_, _, entry)| entry)
    }

    /// The L1 table and index for `address`, and the entry there where it is present.
    fn leaf(&self, address: VirtAddr) -> Option<(Pfn, usize, Pte)> {
        self.entry(address, Level::L1)
    }

    /// The table of this level that covers `address`, the index in it, and the entry there where it is present.
    fn entry(&self, address: VirtAddr, wanted: Level) -> Option<(Pfn, usize, Pte)> {
        let mut table = self.root;
        let mut level = Level::L4;
        loop {
            let index = level.index(address);
            let entry = self.mmu.entry(table, index);
            let mfn = entry.mfn()?;
            if level == wanted {
                return Some((table, index, entry));
            }
            table = self.mmu.pfn(mfn);
            level = level.below()?;
        }
    }

    /// The L2 table that covers `address`, made where it is missing.
    fn table_above_l1(&mut self, address: VirtAddr, source: &mut dyn Source) -> Result<Pfn, Refused> {
        let mut table = self.root;
        for level in [Level::L4, Level::L3] {
            let index = level.index(address);
            table = match self.mmu.entry(table, index).mfn() {
                Some(mfn) => self.mmu.pfn(mfn),
                None => {
                    let new = source.table();
                    self.mmu.clear(new);
                    self.hook(table, index, new)?;
                    // The next walk reads the entry from memory.
                    self.send()?;
                    new
                }
            };
        }
        Ok(table)
    }

    /// Makes `table` read-only in the direct map and points an entry of `parent` to it.
    fn hook(&mut self, parent: Pfn, index: usize, table: Pfn) -> Result<(), Refused> {
        let mfn = self.mmu.mfn(table);
        if let Some((holder, slot, _)) = self.leaf(direct_map_address(table)) {
            let read_only = Pte::leaf(mfn, Protection::ReadOnly);
            self.queue(Update { table: self.mmu.mfn(holder), index: slot, value: read_only })?;
        }
        self.queue(Update { table: self.mmu.mfn(parent), index, value: Pte::table(mfn) })?;
        self.tables += 1;
        Ok(())
    }

    fn queue(&mut self, update: Update) -> Result<(), Refused> {
        if self.pending_len == BATCH {
            self.send()?;
        }
        self.pending[self.pending_len] = update;
        self.pending_len += 1;
        Ok(())
    }

    fn send(&mut self) -> Result<(), Refused> {
        let count = core::mem::take(&mut self.pending_len);
        if count == 0 { Ok(()) } else { self.mmu.update(&self.pending[..count]) }
    }
}

#[cfg(test)]
#[path = "mapper/model.rs"]
pub mod model;
#[cfg(test)]
#[path = "mapper/tests.rs"]
mod tests;
