// SPDX-License-Identifier: Apache-2.0
//! Fragments: blocks of words beside a heap. A BIF gets them when the heap is full, a message comes in one; the next collection of the
//! process moves what is alive in them to the heap.
#![expect(unsafe_code, reason = "lets the owner of a block write to it")]

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::{Heap, OffHeap, WordBlock};

/// A block of words with the off-heap objects among them.
#[derive(Default)]
pub struct Fragment {
    /// Before the blocks, so that it is dropped before the objects that it links.
    pub(super) off_heap: OffHeap,
    blocks: Vec<(WordBlock, usize)>,
}

impl Fragment {
    /// A fragment with room for `words` words in one block; it takes more if need be.
    #[must_use]
    pub fn with_capacity(words: usize) -> Self {
        let mut fragment = Self::default();
        if words > 0 {
            fragment.blocks.push((WordBlock::new(words), 0));
        }
        fragment
    }

    /// How many words are in use.
    #[must_use]
    pub fn words(&self) -> usize {
        self.blocks.iter().map(|(_, used)| used).sum()
    }

    /// The used words of each block: address and length.
    pub fn used(&self) -> impl Iterator<Item = (NonNull<u64>, usize)> + '_ {
        self.blocks.iter().map(|(block, used)| (block.start(), *used))
    }

    /// Takes in another fragment; what is in it stays where it is.
    pub fn absorb(&mut self, mut other: Self) {
        self.blocks.append(&mut other.blocks);
        self.off_heap.append(&mut other.off_heap);
    }

    /// The list of the off-heap objects in it.
    #[must_use]
    pub const fn linked(&self) -> &OffHeap {
        &self.off_heap
    }

    /// Whether nothing was ever allocated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

impl Heap for Fragment {
    fn allocate(&mut self, words: usize) -> NonNull<u64> {
        let fits = self.blocks.last().is_some_and(|(block, used)| block.words() - used >= words);
        if !fits {
            // Doubling keeps the number of blocks small when a BIF makes many small objects.
            let more = self.blocks.last().map_or(64, |(block, _)| 2 * block.words()).min(1 << 20);
            self.blocks.push((WordBlock::new(words.max(more)), 0));
        }
        let last = self.blocks.len() - 1;
        let (block, used) = &mut self.blocks[last];
        let at = *used;
        *used += words;
        // SAFETY: the block has room for `words` words from `at` on.
        unsafe { block.start().add(at) }
    }

    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.off_heap
    }

    fn give_back(&mut self, at: NonNull<u64>, words: usize) {
        if let Some((block, used)) = self.blocks.last_mut() {
            // SAFETY: `used` is within the block or at its end.
            let end = unsafe { block.start().add(*used) };
            // SAFETY: what is given back was allocated, so it does not go beyond its block.
            if unsafe { at.add(words) } == end {
                *used -= words;
            }
        }
    }
}
