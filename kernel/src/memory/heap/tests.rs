// SPDX-License-Identifier: Apache-2.0
//! The heap over a region of the test's own: blocks do not overlap, are aligned, and come back.

use std::alloc::{alloc, dealloc};
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::memory::PAGE_SIZE;

/// A region of fixed size that is used up step by step.
struct Region {
    left: usize,
}

impl Backing for Region {
    fn grow(&mut self, bytes: usize) -> Option<()> {
        assert_eq!(bytes % PAGE_SIZE, 0);
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }

    fn left(&self) -> usize {
        self.left
    }
}

struct TestHeap {
    heap: HeapCore<Region>,
    base: NonNull<u8>,
    layout: Layout,
}

impl TestHeap {
    fn new(bytes: usize) -> Self {
        let layout = Layout::from_size_align(bytes, PAGE_SIZE).expect("valid");
        // SAFETY: the layout is not of size zero.
        let base = NonNull::new(unsafe { alloc(layout) }).expect("the host has memory");
        // SAFETY: the region is page-aligned and lives as long as the heap, see `drop`.
        let heap = unsafe { HeapCore::new(base, Region { left: bytes }) };
        Self { heap, base, layout }
    }
}

impl Drop for TestHeap {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout; the heap is not used any more.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("valid")
}

#[test]
fn freed_memory_is_used_again() {
    let mut test = TestHeap::new(1 << 20);
    for _ in 0..10_000 {
        let block = test.heap.allocate(layout(100_000, 8)).expect("fits each time");
        // SAFETY: just allocated with this layout.
        unsafe { test.heap.deallocate(block, layout(100_000, 8)) };
        let block = test.heap.allocate(layout(100, 8)).expect("fits each time");
        // SAFETY: just allocated with this layout.
        unsafe { test.heap.deallocate(block, layout(100, 8)) };
    }
    assert_eq!(test.heap.statistics().used, 0);
}

#[test]
fn little_is_taken_in_advance_where_little_is_left() {
    let mut test = TestHeap::new(16 << 20);
    while test.heap.backing.left > 1 << 20 {
        test.heap.allocate(layout(100_000, 8)).expect("there is memory");
    }
    let before = test.heap.statistics().reserved;
    while test.heap.statistics().reserved == before {
        test.heap.allocate(layout(10_000, 8)).expect("there is memory");
    }
    assert_eq!(test.heap.statistics().reserved - before, GROWTH);
}

#[test]
fn a_full_heap_refuses_and_lives_on() {
    let mut test = TestHeap::new(256 * 1024);
    let mut blocks = Vec::new();
    while let Some(block) = test.heap.allocate(layout(1024, 8)) {
        blocks.push(block);
    }
    assert!(blocks.len() > 200, "only {} blocks of a KiB in 256 KiB", blocks.len());
    assert_eq!(test.heap.allocate(layout(usize::MAX / 4, 8)), None);
    // SAFETY: allocated above with this layout, once.
    unsafe { test.heap.deallocate(blocks.pop().expect("not empty"), layout(1024, 8)) };
    assert!(test.heap.allocate(layout(1024, 8)).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Random requests: each block is filled with its own byte, which must still be there when it is resized and given back.
    #[test]
    fn blocks_are_disjoint_and_aligned(
        steps in prop::collection::vec((any::<bool>(), 1_usize..6000, 0_u32..8, any::<u16>()), 1..300),
    ) {
        let mut test = TestHeap::new(4 << 20);
        let mut live: Vec<(NonNull<u8>, Layout, u8)> = Vec::new();
        for (take, size, align, pick) in steps {
            if take {
                let layout = layout(size, 1 << align);
                let Some(block) = test.heap.allocate(layout) else { continue };
                prop_assert_eq!(block.as_ptr() as usize % layout.align(), 0);
                let mark = pick as u8;
                // SAFETY: the block has `size` bytes.
                unsafe { block.as_ptr().write_bytes(mark, size) };
                live.push((block, layout, mark));
            } else if pick % 4 == 0 && !live.is_empty() {
                let index = usize::from(pick) % live.len();
                let (block, old, mark) = live[index];
                // SAFETY: allocated with this layout; the new size is not 0.
                if unsafe { test.heap.resize(block, old, size) } {
                    // SAFETY: the block has `size` bytes now.
                    let contents = unsafe { core::slice::from_raw_parts_mut(block.as_ptr(), size) };
                    prop_assert!(contents[..size.min(old.size())].iter().all(|byte| *byte == mark));
                    contents.fill(mark);
                    live[index].1 = layout(size, old.align());
                }
            } else if !live.is_empty() {
                let (block, layout, mark) = live.swap_remove(usize::from(pick) % live.len());
                // SAFETY: the block is alive, has that size and was written to.
                let contents = unsafe { core::slice::from_raw_parts(block.as_ptr(), layout.size()) };
                prop_assert!(contents.iter().all(|byte| *byte == mark));
                // SAFETY: allocated with this layout, given back once.
                unsafe { test.heap.deallocate(block, layout) };
            }
        }
        let wanted: usize = live.iter().map(|(_, layout, _)| layout.size()).sum();
        prop_assert!(test.heap.statistics().used >= wanted);
    }
}
