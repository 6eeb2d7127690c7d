// SPDX-License-Identifier: Apache-2.0
//! The mapper against a model of Xen's rules: what hardware and hypervisor would refuse, the model refuses.

use std::boxed::Box;
use std::collections::{BTreeMap, BTreeSet};
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::memory::layout::{AREA_BASE, DIRECT_MAP_BASE};

/// Machine frames are pseudo-physical ones in another order, so that mixing them up shows.
const SCRAMBLE: usize = 0x5_0000;
const EINVAL: i32 = 22;

struct Machine {
    frames: Vec<Box<[u64; ENTRIES]>>,
    /// Frames that are tables, with their level.
    tables: BTreeMap<usize, Level>,
    calls: usize,
    flushes: usize,
}

impl Machine {
    /// A domain of `total` frames whose first `mapped` are in the direct map, as the domain builder leaves it: all writable but
    /// the tables, which are the last frames of the mapped part.
    fn new(total: usize, mapped: usize) -> (Self, Pfn) {
        let mut machine = Self {
            frames: vec![Box::new([0; ENTRIES]); total],
            tables: BTreeMap::new(),
            calls: 0,
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
            machine.frames[table][Level::L1.index(address)] = Pte::leaf(Mfn(pfn ^ SCRAMBLE), protection).0;
        }
        (machine, Pfn(base))
    }

    /// Leaf entries of all tables that map `pfn` writable.
    fn writable_mappings(&self, pfn: usize) -> usize {
        let leaves = self.tables.iter().filter(|(_, level)| **level == Level::L1);
        leaves
            .flat_map(|(table, _)| self.frames[*table].iter())
            .filter(|raw| {
                let pte = Pte(**raw);
                pte.mfn() == Some(Mfn(pfn ^ SCRAMBLE)) && pte.has_protection(Protection::ReadWrite)
            })
            .count()
    }

    fn accept_leaf(&self, value: Pte) -> bool {
        let Some(mfn) = value.mfn() else { return true };
        let pfn = mfn.0 ^ SCRAMBLE;
        pfn < self.frames.len()
            && !(value.has_protection(Protection::ReadWrite) && self.tables.contains_key(&pfn))
    }

    fn accept_table(&mut self, value: Pte, level: Level) -> bool {
        let Some(mfn) = value.mfn() else { return true };
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
        for &update in updates {
            let table = update.table.0 ^ SCRAMBLE;
            let accepted = match self.tables.get(&table).copied().map(Level::below) {
                None => false,
                Some(None) => self.accept_leaf(update.value),
                Some(Some(below)) => self.accept_table(update.value, below),
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

/// Maps frames in their order from `next_leaf`, and takes tables from `next_table` upwards.
struct Ascending {
    next_leaf: usize,
    next_table: usize,
}

impl Source for Ascending {
    fn leaf(&mut self, mmu: &dyn Mmu, page: usize) -> Pte {
        Pte::leaf(mmu.mfn(Pfn(self.next_leaf + page)), Protection::ReadWrite)
    }

    fn table(&mut self) -> Pfn {
        self.next_table += 1;
        Pfn(self.next_table - 1)
    }
}

#[test]
fn a_whole_table_costs_two_updates() {
    let (machine, root) = Machine::new(4096, 1024);
    let mut mapper = Mapper::new(machine, root);
    let start = direct_map_address(Pfn(1280));
    assert_eq!(Level::L1.index(start), 0);
    let mut source = Ascending { next_leaf: 1280, next_table: 10 };
    assert_eq!(mapper.map(start, 1024, &mut source), Ok(()));
    assert_eq!((mapper.tables(), mapper.mmu.calls), (2, 1));
    assert_eq!(
        mapper.translate(direct_map_address(Pfn(1300))).and_then(Pte::mfn),
        Some(Mfn(1300 ^ SCRAMBLE))
    );
    assert_eq!(mapper.translate(direct_map_address(Pfn(1279))), None);
}

#[test]
fn a_new_table_becomes_read_only() {
    let (machine, root) = Machine::new(4096, 1024);
    let mut mapper = Mapper::new(machine, root);
    let mut source = Ascending { next_leaf: 1024, next_table: 10 };
    assert_eq!(mapper.map(direct_map_address(Pfn(1024)), 512, &mut source), Ok(()));
    let entry = mapper.translate(direct_map_address(Pfn(10))).expect("the frame stays mapped");
    assert!(entry.has_protection(Protection::ReadOnly));
}

#[test]
fn a_writable_mapping_of_a_table_is_refused_with_its_entry() {
    let (machine, root) = Machine::new(2048, 1024);
    let mut mapper = Mapper::new(machine, root);
    let mut source = Ascending { next_leaf: root.0, next_table: 10 };
    let refused =
        mapper.map(VirtAddr(AREA_BASE), 1, &mut source).expect_err("the root may not become writable");
    assert_eq!(refused.errno, EINVAL);
}

#[test]
fn unmapped_frames_are_handed_back_after_the_flush() {
    let (machine, root) = Machine::new(4096, 2048);
    let mut mapper = Mapper::new(machine, root);
    let start = VirtAddr(AREA_BASE + 500 * PAGE_SIZE);
    let mut source = Ascending { next_leaf: 100, next_table: 10 };
    mapper.map(start, 300, &mut source).expect("the model accepts it");
    let mut freed = Vec::new();
    mapper.unmap(start, 300, |pfn| freed.push(pfn.0)).expect("the model accepts it");
    assert_eq!(freed, (100..400).collect::<Vec<_>>());
    assert_eq!(mapper.translate(start), None);
    assert_eq!(mapper.mmu.flushes, 300_usize.div_ceil(BATCH));
}

#[test]
fn protection_changes_only_what_differs() {
    let (machine, root) = Machine::new(2048, 1024);
    let mut mapper = Mapper::new(machine, root);
    let start = direct_map_address(Pfn(0));
    mapper.protect(start, 100, Protection::ReadWrite).expect("nothing to do");
    assert_eq!((mapper.mmu.calls, mapper.mmu.flushes), (0, 0));
    mapper.protect(start, 100, Protection::ReadExecute).expect("the model accepts it");
    assert_eq!((mapper.mmu.calls, mapper.mmu.flushes), (1, 1));
    assert!(mapper.translate(start).is_some_and(|entry| entry.has_protection(Protection::ReadExecute)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Ranges anywhere in the areas: the model accepts all, exactly those pages are mapped, and the tables are as many as foretold.
    #[test]
    fn any_range_maps_exactly_itself(offset in 0_usize..1 << 20, pages in 1_usize..1500) {
        let (machine, root) = Machine::new(4096, 2048);
        let mut mapper = Mapper::new(machine, root);
        let start = VirtAddr(AREA_BASE + offset * PAGE_SIZE);
        let mut source = Ascending { next_leaf: 100, next_table: 10 };
        mapper.map(start, pages, &mut source).expect("the model accepts it");
        prop_assert!(mapper.tables() <= tables_needed(start, pages));
        prop_assert_eq!(mapper.translate(VirtAddr(start.0 - PAGE_SIZE)), None);
        prop_assert_eq!(mapper.translate(VirtAddr(start.0 + pages * PAGE_SIZE)), None);
        for page in 0..pages {
            let entry = mapper.translate(VirtAddr(start.0 + page * PAGE_SIZE));
            prop_assert_eq!(entry.and_then(Pte::mfn), Some(Mfn((100 + page) ^ SCRAMBLE)));
        }
        let tables: BTreeSet<usize> = mapper.mmu.tables.keys().copied().collect();
        for table in tables {
            prop_assert_eq!(mapper.mmu.writable_mappings(table), 0);
        }
    }
}
