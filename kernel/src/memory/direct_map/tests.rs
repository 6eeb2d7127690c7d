// SPDX-License-Identifier: Apache-2.0
//! The start of the direct map, against the model of Xen's rules.

use super::*;
use crate::memory::mapper::model::Machine;

const TOTAL: usize = 8192;
const MAPPED: usize = 1792;

fn page(number: usize) -> VirtAddr {
    direct_map_address(Pfn(number))
}

/// An image of which the constants reach into a part without text.
fn image() -> KernelImage {
    KernelImage {
        text: page(0)..page(60),
        read_only: [page(60)..page(70), page(300)..page(305), page(900)..page(910)],
        stack_guards: [page(100); 3],
    }
}

#[test]
fn every_page_of_the_builder_gets_its_protection_and_no_other() {
    let (machine, root) = Machine::new(TOTAL, MAPPED);
    let mut mapper = Mapper::new(machine, root);
    protect(&mut mapper, MAPPED, &image()).expect("the model accepts it");
    let tables = mapper.mmu().tables();
    for number in 0..MAPPED {
        let expected = match number {
            0..60 => Some(Protection::ReadExecute),
            60..70 | 300..305 | 900..910 => Some(Protection::ReadOnly),
            100 => None,
            table if tables.contains(&table) => Some(Protection::ReadOnly),
            _ => Some(Protection::ReadWrite),
        };
        assert_eq!(mapper.mmu().protection(root, page(number)), expected, "page {number}");
    }
}

#[test]
fn a_long_list_of_constants_costs_an_entry_for_512_pages() {
    let (machine, root) = Machine::new(TOTAL, MAPPED);
    let mut mapper = Mapper::new(machine, root);
    let before = mapper.mmu().updates;
    let long =
        KernelImage { read_only: [page(60)..page(70), page(300)..page(1500), page(0)..page(0)], ..image() };
    protect(&mut mapper, MAPPED, &long).expect("the model accepts it");
    for number in 300..1500 {
        assert_eq!(mapper.mmu().protection(root, page(number)), Some(Protection::ReadOnly), "page {number}");
    }
    assert_eq!(mapper.mmu().protection(root, page(1500)), Some(Protection::ReadWrite));
    // The part with the text, an entry for each of the three further parts, and the pages at both ends of the list.
    assert!(
        mapper.mmu().updates - before <= 256 + 3 + 468 + 220,
        "{} updates",
        mapper.mmu().updates - before
    );
}

#[test]
fn the_extension_goes_to_the_frame_that_is_asked_for() {
    let (machine, root) = Machine::new(TOTAL, MAPPED);
    let first_free = Pfn(200);
    let mut mapper = Mapper::new(machine, root);
    let extended = extend(&mut mapper, first_free, Pfn(5000), TOTAL).expect("the model accepts it");
    assert_eq!((extended.builder_end, extended.mapped_end), (Pfn(MAPPED), Pfn(5000)));
    assert_eq!(extended.unused.0 - first_free.0, mapper.tables());
    protect(&mut mapper, MAPPED, &image()).expect("the model accepts it");
    assert_eq!(mapper.mmu().protection(root, page(4999)), Some(Protection::ReadWrite));
    assert_eq!(mapper.mmu().protection(root, page(5000)), None);
    assert_eq!(mapper.mmu().protection(root, page(first_free.0)), Some(Protection::ReadOnly));
}

#[test]
fn nothing_is_mapped_when_the_builder_has_mapped_enough() {
    let (machine, root) = Machine::new(TOTAL, MAPPED);
    let mut mapper = Mapper::new(machine, root);
    let extended = extend(&mut mapper, Pfn(200), Pfn(400), TOTAL).expect("nothing to do");
    let unchanged = Extended { unused: Pfn(200), builder_end: Pfn(MAPPED), mapped_end: Pfn(MAPPED) };
    assert_eq!(extended, unchanged);
    assert_eq!(mapper.tables(), 0);
}
