// SPDX-License-Identifier: Apache-2.0
//! The mapper against the model of Xen's rules.

use std::collections::BTreeSet;
use std::vec::Vec;

use proptest::prelude::*;

use super::model::{EINVAL, Machine, SCRAMBLE};
use super::*;
use crate::memory::layout::AREA_BASE;

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
    mapper.protect(start, 100, Protection::ReadWrite).expect("the model accepts it");
    assert_eq!((mapper.mmu.calls, mapper.mmu.flushes), (1, 1));
    mapper.protect(start, 100, Protection::ReadWrite).expect("nothing to do");
    assert_eq!((mapper.mmu.calls, mapper.mmu.flushes), (1, 1));
    mapper.protect(start, 100, Protection::ReadExecute).expect("the model accepts it");
    assert_eq!((mapper.mmu.calls, mapper.mmu.flushes), (2, 2));
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
        let tables: BTreeSet<usize> = mapper.mmu.tables();
        for table in tables {
            prop_assert_eq!(mapper.mmu.writable_mappings(table), 0);
        }
    }
}
