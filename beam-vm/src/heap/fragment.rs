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
    /// The block that has room, and how many of its words are in use. A message has no other.
    last: Option<(WordBlock, usize)>,
    before: Vec<(WordBlock, usize)>,
}

impl Fragment {
    /// A fragment with room for `words` words in one block; it takes more if need be.
    #[must_use]
    pub fn with_capacity(words: usize) -> Self {
        let last = (words > 0).then(|| (WordBlock::new(words), 0));
        Self { last, ..Self::default() }
    }

    /// How many words are in use.
    #[must_use]
    pub fn words(&self) -> usize {
        self.blocks().map(|(_, used)| used).sum()
    }

    /// The used words of each block: address and length.
    pub fn used(&self) -> impl Iterator<Item = (NonNull<u64>, usize)> + '_ {
        self.blocks().map(|(block, used)| (block.start(), *used))
    }

    fn blocks(&self) -> impl Iterator<Item = &(WordBlock, usize)> {
        self.before.iter().chain(&self.last)
    }

    /// Takes in another fragment; what is in it stays where it is.
    pub fn absorb(&mut self, mut other: Self) {
        self.before.append(&mut other.before);
        match self.last {
            None => self.last = other.last,
            Some(_) => self.before.extend(other.last),
        }
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
        self.last.is_none() && self.before.is_empty()
    }
}

impl Heap for Fragment {
    fn allocate(&mut self, words: usize) -> NonNull<u64> {
        if let Some((block, used)) = &mut self.last {
            let at = *used;
            if block.words() - at >= words {
                *used += words;
                // SAFETY: the block has room for `words` words from `at` on.
                return unsafe { block.start().add(at) };
            }
        }
        // Doubling keeps the number of blocks small when a BIF makes many small objects.
        let more = self.last.as_ref().map_or(64, |(block, _)| 2 * block.words()).min(1 << 20);
        let block = WordBlock::new(words.max(more));
        let start = block.start();
        self.before.extend(self.last.replace((block, words)));
        start
    }

    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.off_heap
    }

    fn give_back(&mut self, at: NonNull<u64>, words: usize) {
        if let Some((block, used)) = &mut self.last {
            // SAFETY: `used` is within the block or at its end.
            let end = unsafe { block.start().add(*used) };
            // SAFETY: what is given back was allocated, so it does not go beyond its block.
            if unsafe { at.add(words) } == end {
                *used -= words;
            }
        }
    }
}
