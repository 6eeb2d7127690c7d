// SPDX-License-Identifier: Apache-2.0
//! Uses the domain's memory to the last frames: heap, large blocks and areas, with contents checked, and everything given back.

use alloc::vec;
use alloc::vec::Vec;

use boot::kernel::drivers::memory::VirtAddr;
use boot::kernel::memory::area::{self, AreaError, Protection};
use boot::kernel::memory::layout::AREA_BASE;
use boot::kernel::memory::{PAGE_SIZE, lazy, statistics};
use boot::kernel::{Machine, time};
use log::info;

use crate::words;

/// Frames that may be missing at the end: page tables of the areas stay, and the heap keeps what it has grown to.
const KEPT: usize = 64;

pub fn run(_: &mut Machine) {
    heap();
    lazy();
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

/// Large blocks of zeros, more than the smallest of domains has memory: only pages that are touched take any.
fn lazy() {
    const BLOCK: usize = 1 << 20;
    const BLOCKS: usize = 64;
    let take = || (0..BLOCKS).map(|_| vec![0_u8; BLOCK]).collect::<Vec<_>>();
    // Page tables stay when the blocks are given back, so the second time costs only what is touched.
    for round in 0..2 {
        let before = statistics().expect("started");
        let mut blocks = take();
        for (index, block) in blocks.iter_mut().enumerate() {
            assert!([0, BLOCK / 2, BLOCK - 1].iter().all(|at| block[*at] == 0), "a block is not of zeros");
            block[0] = index as u8 + 1;
            block[BLOCK - 1] = index as u8 + 1;
        }
        let used = statistics().expect("started");
        assert!(blocks.iter().enumerate().all(|(index, block)| block[0] == index as u8 + 1));
        lazy::discard(&mut blocks[0][1..]);
        let discarded = statistics().expect("started");
        assert_eq!(discarded.available, used.available + 2, "all but the first page is given back");
        assert_eq!((blocks[0][0], blocks[0][BLOCK - 1]), (1, 0));
        let tables = used.tables - before.tables;
        let touched = before.available - used.available - tables;
        assert!(touched.abs_diff(3 * BLOCKS) <= KEPT, "{touched} frames for {BLOCKS} blocks");
        assert!(round == 0 || tables == 0, "{tables} page tables more in the second round");
        drop(blocks);
        let after = statistics().expect("started");
        let returned = after.available - used.available;
        assert!(returned.abs_diff(3 * BLOCKS) <= KEPT, "{returned} frames of {BLOCKS} blocks came back");
    }
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
