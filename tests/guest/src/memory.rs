// SPDX-License-Identifier: Apache-2.0
//! Uses the domain's memory to the last frames: heap and areas, with contents checked, and everything given back.

use alloc::vec;
use alloc::vec::Vec;

use boot::kernel::drivers::memory::VirtAddr;
use boot::kernel::memory::area::{self, AreaError, Protection};
use boot::kernel::memory::layout::AREA_BASE;
use boot::kernel::memory::{PAGE_SIZE, statistics};
use boot::kernel::{Machine, time};
use log::info;

use crate::words;

/// Frames that may be missing at the end: page tables of the areas stay, and the heap keeps what it has grown to.
const KEPT: usize = 64;

pub fn run(_: &mut Machine) {
    heap();
    let before = statistics().expect("started");
    let began = time::now();
    let length = commit_all();
    let after = statistics().expect("started");
    info!("{before}");
    info!("committed {} KiB in {} us", length / 1024, (time::now() - began).as_micros());
    assert!(after.available * PAGE_SIZE < before.total * PAGE_SIZE / 50 + 256 * 1024, "left over: {after}");

    words::check(AREA_BASE, length / size_of::<u64>());
    protections();
    area::decommit(VirtAddr(AREA_BASE), length).expect("the range is one of the areas");
    let end = statistics().expect("started");
    let lost = before.available - end.available;
    let tables = end.tables - before.tables;
    assert!(lost <= tables + KEPT, "{lost} frames were lost, {tables} of them are page tables");
    info!("heap: {}", boot::heap_statistics());
}

/// Blocks of many sizes, with marks, freed in another order.
fn heap() {
    let mut blocks: Vec<Vec<u8>> = (0..600).map(|index| vec![index as u8; index * 7 % 3000 + 1]).collect();
    for index in (0..600).step_by(2) {
        blocks[index] = Vec::new();
    }
    for (index, block) in blocks.iter().enumerate().filter(|(index, _)| index % 2 == 1) {
        assert!(block.iter().all(|byte| *byte == index as u8));
    }
    let large = vec![0x5a_u8; 512 * 1024];
    assert!(large.iter().all(|byte| *byte == 0x5a));
}

/// Commits areas until memory is full, in steps that halve; returns how much that is.
fn commit_all() -> usize {
    let mut length = 0;
    let mut step = 1 << 30;
    while step >= 16 * PAGE_SIZE {
        match area::commit(VirtAddr(AREA_BASE + length), step) {
            Ok(()) => length += step,
            Err(AreaError::OutOfMemory { needed, available }) => {
                assert!(needed > available);
                step /= 2;
            }
            Err(error) => panic!("{error}"),
        }
    }
    length
}

/// A block can be made read-only and writable again, and keeps its contents.
fn protections() {
    let start = VirtAddr(AREA_BASE);
    area::protect(start, 8 * PAGE_SIZE, Protection::ReadOnly).expect("the range is one of the areas");
    words::read(AREA_BASE, 8 * PAGE_SIZE / size_of::<u64>());
    area::protect(start, 8 * PAGE_SIZE, Protection::ReadWrite).expect("the range is one of the areas");
    words::check(AREA_BASE, 8 * PAGE_SIZE / size_of::<u64>());
}
