// SPDX-License-Identifier: Apache-2.0
//! The heap's mechanism: free lists of small blocks before `talc`, which has the large ones in lists by their size.
//!
//! Nearly all requests are small and repeat the same sizes, so they are
//! served from free lists by size class, refilled a slab at a time, and need no words of their own beside them. A slab stays with its class. When the large
//! blocks run out, the region grows at its end through [`Backing`].
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::Layout;
use core::ptr::NonNull;

use talc::base::Talc;
use talc::base::binning::DefaultBinning;
use talc::source::Manual;

use super::size_class::{ALIGNMENT, SIZES, class_for};
use super::statistics::{ClassStatistics, HeapStatistics};

/// Bytes of a slab; each class's slab holds at least four blocks.
const SLAB: usize = 8192;
/// The region grows by at least this much, if there is that much.
const GROWTH: usize = 128 * 1024;
/// Of what the region has, the part by which it grows at once where memory is plenty.
const GROWTH_PART: usize = 8;
/// Of what is left, the part that it takes in advance at most: what lies unused in it is missing elsewhere.
const LEFT_PART: usize = 16;
/// What `talc` may need beside the block itself: a tag, and the rest of a unit.
const SLACK: usize = 64;

/// Where the heap gets memory.
pub trait Backing {
    /// Makes `bytes` more usable at the end of the region, or nothing; `bytes` is a multiple of the page size.
    fn grow(&mut self, bytes: usize) -> Option<()>;
    /// Bytes that it could still get, for this heap and for all else.
    fn left(&self) -> usize;
}

/// A free small block: its first word links to the next one.
struct FreeBlock {
    next: Option<NonNull<FreeBlock>>,
}

#[derive(Clone, Copy)]
struct Class {
    free: Option<NonNull<FreeBlock>>,
    free_count: usize,
    total: usize,
}

/// A heap over one region that grows.
pub struct HeapCore<B> {
    base: NonNull<u8>,
    classes: [Class; SIZES.len()],
    large: Talc<Manual, DefaultBinning>,
    /// Where the region ends for `large`, once it has one.
    end: Option<NonNull<u8>>,
    /// Bytes of the region.
    reserved: usize,
    /// Bytes of large blocks, slabs among them.
    used: usize,
    backing: B,
    allocations: u64,
}

impl<B: Backing> HeapCore<B> {
    /// An empty heap whose region begins at `base`.
    ///
    /// # Safety
    /// `base` is aligned to a page, and whatever `backing` says has grown there is memory for this heap alone, for ever.
    pub const unsafe fn new(base: NonNull<u8>, backing: B) -> Self {
        let class = Class { free: None, free_count: 0, total: 0 };
        Self {
            base,
            classes: [class; SIZES.len()],
            large: Talc::new(Manual),
            end: None,
            reserved: 0,
            used: 0,
            backing,
            allocations: 0,
        }
    }

    /// A block for `layout`, or `None` when memory is full.
    pub fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let block = match class_for(layout.size(), layout.align()) {
            Some(class) => self.allocate_small(class),
            None => self.allocate_large(layout),
        }?;
        self.allocations += 1;
        Some(block)
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// `block` came from `allocate` of this heap with the same `layout`, is given back once, and is not used any more.
    pub unsafe fn deallocate(&mut self, block: NonNull<u8>, layout: Layout) {
        match class_for(layout.size(), layout.align()) {
            // SAFETY: the block is a free block of that class from here on, at least 16 bytes and so aligned.
            Some(class) => unsafe { self.push(class, block) },
            None => {
                // SAFETY: the caller's promise; blocks that are not small came from `large` with the same layout.
                unsafe { self.large.deallocate(block.as_ptr(), layout) };
                self.used -= layout.size();
            }
        }
    }

    /// Changes the length of a block that stays where it is; false when it cannot stay.
    ///
    /// # Safety
    /// `block` came from `allocate` of this heap with `layout`, and is of `size` bytes afterwards if this says so. `size` is not 0.
    pub unsafe fn resize(&mut self, block: NonNull<u8>, layout: Layout, size: usize) -> bool {
        match (class_for(layout.size(), layout.align()), class_for(size, layout.align())) {
            (None, None) => {
                // SAFETY: the caller's promise; the block is a large one, which came from `large` with this layout.
                let is_done = unsafe { self.large.try_realloc_in_place(block.as_ptr(), layout, size) };
                if is_done {
                    self.used = self.used - layout.size() + size;
                }
                is_done
            }
            (before, after) => before == after,
        }
    }

    /// What the heap holds.
    pub fn statistics(&self) -> HeapStatistics {
        let classes = core::array::from_fn(|class| {
            let Class { free_count, total, .. } = self.classes[class];
            ClassStatistics { block_size: SIZES[class], used: total - free_count, free: free_count }
        });
        let in_slabs_free: usize = classes.iter().map(|class| class.free * class.block_size).sum();
        HeapStatistics {
            reserved: self.reserved,
            used: self.used - in_slabs_free,
            allocations: self.allocations,
            classes,
        }
    }

    fn allocate_small(&mut self, class: usize) -> Option<NonNull<u8>> {
        if self.classes[class].free.is_none() {
            self.refill(class)?;
        }
        let block = self.classes[class].free?;
        // SAFETY: blocks on a free list are unused memory of the class's size in which `push` wrote a `FreeBlock`.
        self.classes[class].free = unsafe { block.as_ref() }.next;
        self.classes[class].free_count -= 1;
        Some(block.cast())
    }

    fn refill(&mut self, class: usize) -> Option<()> {
        let size = SIZES[class];
        let count = SLAB / size;
        let layout = Layout::from_size_align(count * size, ALIGNMENT).ok()?;
        let slab = self.allocate_large(layout)?;
        for index in (0..count).rev() {
            // SAFETY: `index * size` lies within the slab of `count * size` bytes.
            let block = unsafe { slab.add(index * size) };
            // SAFETY: the block is a part of the slab that nobody else holds, aligned to 16 as size and slab are.
            unsafe { self.push(class, block) };
        }
        self.classes[class].total += count;
        Some(())
    }

    /// Puts a block on its class's free list.
    ///
    /// # Safety
    /// `block` is memory of that class's size that belongs to this heap and that nobody uses.
    unsafe fn push(&mut self, class: usize, block: NonNull<u8>) {
        let block: NonNull<FreeBlock> = block.cast();
        // SAFETY: unused memory of at least 16 bytes, aligned to 16: room for a `FreeBlock`.
        unsafe { block.write(FreeBlock { next: self.classes[class].free }) };
        self.classes[class].free = Some(block);
        self.classes[class].free_count += 1;
    }

    fn allocate_large(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: layouts of large blocks are not of size 0: 0 has the least class.
        let block = match unsafe { self.large.try_allocate(layout) } {
            Some(block) => block,
            None => {
                self.extend(layout.size().checked_add(layout.align())?.checked_add(SLACK)?)?;
                // SAFETY: as above.
                unsafe { self.large.try_allocate(layout) }?
            }
        };
        self.used += layout.size();
        Some(block)
    }

    /// Grows the region so that a block of `needed` bytes fits at its end.
    fn extend(&mut self, needed: usize) -> Option<()> {
        let first = if self.end.is_none() { talc::min_first_heap_size::<DefaultBinning>() } else { 0 };
        let least = needed.checked_add(first)?.checked_next_multiple_of(super::PAGE_SIZE)?;
        let in_advance = (self.reserved / GROWTH_PART).min(self.backing.left() / LEFT_PART);
        let comfortable = least.max(GROWTH).max(in_advance).next_multiple_of(super::PAGE_SIZE);
        let bytes = match self.backing.grow(comfortable) {
            Some(()) => comfortable,
            None => {
                self.backing.grow(least)?;
                least
            }
        };
        self.reserved += bytes;
        self.end = Some(match self.end {
            // SAFETY: the backing made `bytes` usable from `base` on, for this heap alone (contract of `new`).
            None => unsafe { self.large.claim(self.base.as_ptr(), bytes) }?,
            // SAFETY: the backing made `bytes` usable right behind what the heap has, so that all up to the new end is the heap's.
            Some(end) => unsafe { self.large.extend(end, self.base.as_ptr().add(self.reserved)) },
        });
        Some(())
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
