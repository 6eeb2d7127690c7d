// SPDX-License-Identifier: Apache-2.0
//! A model of the machine and of Xen's rules for tests: what hardware and hypervisor would refuse, it refuses.

use std::boxed::Box;
use std::collections::{BTreeMap, BTreeSet};
use std::vec;
use std::vec::Vec;

use super::*;
use crate::memory::layout::DIRECT_MAP_BASE;

/// Machine frames are pseudo-physical ones in another order, so that mixing them up shows.
pub const SCRAMBLE: usize = 0x5_0000;
/// Xen's error number for what the model refuses.
pub const EINVAL: i32 = 22;

/// A machine with one domain.
pub struct Machine {
    frames: Vec<Box<[u64; ENTRIES]>>,
    /// Frames that are tables, with their level.
    tables: BTreeMap<usize, Level>,
    /// Batches of updates so far.
    pub calls: usize,
    /// Updates so far.
    pub updates: usize,
    /// Flushes of translations so far.
    pub flushes: usize,
}

impl Machine {
    /// A domain of `total` frames whose first `mapped` are in the direct map, as the domain builder leaves it: all executable, and writable but
    /// for the tables, which are the last frames of the mapped part.
    pub fn new(total: usize, mapped: usize) -> (Self, Pfn) {
        let mut machine = Self {
            frames: vec![Box::new([0; ENTRIES]); total],
            tables: BTreeMap::new(),
            calls: 0,
            updates: 0,
            flushes: 0,
        };
        let first = DIRECT_MAP_BASE / Level::L2.entry_size();
        let last = (DIRECT_MAP_BASE + mapped * PAGE_SIZE - 1) / Level::L2.entry_size();
        let count = 3 + last - first + 1;
        let base = mapped - count;
        for (offset, level) in [Level::L4, Level::L3, Level::L2].into_iter().enumerate() {
            machine.tables.insert(base + offset, level);
        }
        machine.frames[base][0] = Pte::table(Mfn((base + 1) ^ SCRAMBLE)).0;
        machine.frames[base + 1][0] = Pte::table(Mfn((base + 2) ^ SCRAMBLE)).0;
        for l1 in first..=last {
            let frame = base + 3 + l1 - first;
            machine.tables.insert(frame, Level::L1);
            machine.frames[base + 2][l1] = Pte::table(Mfn(frame ^ SCRAMBLE)).0;
        }
        for pfn in 0..mapped {
            let address = direct_map_address(Pfn(pfn));
            let table = base + 3 + address.0 / Level::L2.entry_size() - first;
            let protection = if pfn >= base { Protection::ReadOnly } else { Protection::ReadWrite };
            let entry = Pte::leaf(Mfn(pfn ^ SCRAMBLE), protection).0 & !PteFlags::NO_EXECUTE.bits();
            machine.frames[table][Level::L1.index(address)] = entry;
        }
        (machine, Pfn(base))
    }

    /// Leaf entries of all tables that map `pfn` writable.
    pub fn writable_mappings(&self, pfn: usize) -> usize {
        let leaves = self.tables.iter().filter(|(_, level)| **level == Level::L1);
        leaves
            .flat_map(|(table, _)| self.frames[*table].iter())
            .filter(|raw| {
                let pte = Pte(**raw);
                pte.mfn() == Some(Mfn(pfn ^ SCRAMBLE)) && pte.has_protection(Protection::ReadWrite)
            })
            .count()
    }

    /// Frames that are tables.
    pub fn tables(&self) -> BTreeSet<usize> {
        self.tables.keys().copied().collect()
    }

    /// What the tables allow at `address`, each level narrowing it; `None` where nothing is mapped.
    pub fn protection(&self, root: Pfn, address: VirtAddr) -> Option<Protection> {
        let (mut table, mut level) = (root, Level::L4);
        let (mut writable, mut no_execute) = (true, false);
        loop {
            let entry = self.entry(table, level.index(address));
            let mfn = entry.mfn()?;
            writable &= entry.flags().contains(PteFlags::WRITABLE);
            no_execute |= entry.flags().contains(PteFlags::NO_EXECUTE);
            let Some(below) = level.below() else {
                return Some(match (writable, no_execute) {
                    (true, true) => Protection::ReadWrite,
                    (true, false) => panic!("{address} is writable and executable"),
                    (false, true) => Protection::ReadOnly,
                    (false, false) => Protection::ReadExecute,
                });
            };
            (table, level) = (self.pfn(mfn), below);
        }
    }

    fn accept_leaf(&self, value: Pte) -> bool {
        let Some(mfn) = value.mfn() else { return true };
        let pfn = mfn.0 ^ SCRAMBLE;
        pfn < self.frames.len()
            && !(value.has_protection(Protection::ReadWrite) && self.tables.contains_key(&pfn))
    }

    fn accept_table(&mut self, old: Pte, value: Pte, level: Level) -> bool {
        let Some(mfn) = value.mfn() else { return true };
        if old.mfn() == Some(mfn) {
            return true;
        }
        let pfn = mfn.0 ^ SCRAMBLE;
        if pfn >= self.frames.len() || self.tables.contains_key(&pfn) || self.writable_mappings(pfn) != 0 {
            return false;
        }
        self.tables.insert(pfn, level);
        let entries = *self.frames[pfn];
        entries.iter().all(|raw| match level.below() {
            None => self.accept_leaf(Pte(*raw)),
            Some(_) => *raw == 0,
        })
    }
}

impl Mmu for Machine {
    fn mfn(&self, pfn: Pfn) -> Mfn {
        Mfn(pfn.0 ^ SCRAMBLE)
    }

    fn pfn(&self, mfn: Mfn) -> Pfn {
        Pfn(mfn.0 ^ SCRAMBLE)
    }

    fn entry(&self, table: Pfn, index: usize) -> Pte {
        assert!(self.tables.contains_key(&table.0), "{table} is read as a table and is none");
        Pte(self.frames[table.0][index])
    }

    fn clear(&mut self, frame: Pfn) {
        assert!(!self.tables.contains_key(&frame.0), "{frame} is a table and was written to");
        self.frames[frame.0].fill(0);
    }

    fn prepare(&mut self, frame: Pfn, index: usize, value: Pte) {
        assert!(!self.tables.contains_key(&frame.0), "{frame} is a table and was written to");
        self.frames[frame.0][index] = value.0;
    }

    fn update(&mut self, updates: &[Update]) -> Result<(), Refused> {
        self.calls += 1;
        self.updates += updates.len();
        for &update in updates {
            let table = update.table.0 ^ SCRAMBLE;
            let accepted = match self.tables.get(&table).copied().map(Level::below) {
                None => false,
                Some(None) => self.accept_leaf(update.value),
                Some(Some(below)) => {
                    self.accept_table(Pte(self.frames[table][update.index]), update.value, below)
                }
            };
            if !accepted {
                return Err(Refused { update, errno: EINVAL });
            }
            self.frames[table][update.index] = update.value.0;
        }
        Ok(())
    }

    fn flush_tlb(&mut self) {
        self.flushes += 1;
    }
}
