// SPDX-License-Identifier: Apache-2.0
//! What programs can learn of a heap: `process_info/2`.

use super::process::BlockSize;
use super::{HeapLimits, ProcessHeap, RESERVED};
use crate::atom::{Atom, predefined};
use crate::term::{Boxed, Kind, layout};

/// A refc binary as `process_info(binary)` tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BinaryInfo {
    /// What tells it from others: the address of its block.
    pub block: u64,
    /// Bytes in it.
    pub bytes: usize,
    /// Bytes that the block has room for.
    pub capacity: usize,
    /// How many refer to the block.
    pub references: usize,
}

impl ProcessHeap {
    /// `heap_size`: words of the young block. A new process seems to have the block that stock would have given it.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        match self.size {
            BlockSize::First => self.block_words().max(self.limits.min_words as usize),
            BlockSize::Chosen => self.block_words(),
            // Stock has no return address on the stack then, nor room for one, and at least a word.
            BlockSize::Hibernated => (self.block_words() - 1 - RESERVED).max(1),
        }
    }

    /// `total_heap_size`: words of both generations and of fragments.
    #[must_use]
    pub fn total_heap_size(&self) -> usize {
        self.heap_size() + self.old_block_words() + self.fragment_words
    }

    /// Bytes that the heap really holds, for `memory`.
    #[must_use]
    pub fn bytes(&self) -> usize {
        8 * (self.capacity + self.old_block_words() + self.fragment_words)
    }

    /// `garbage_collection_info`, in stock's order.
    #[must_use]
    pub fn collection_info(&self) -> [(Atom, usize); 11] {
        [
            (predefined::OLD_HEAP_BLOCK_SIZE, self.old_block_words()),
            (predefined::HEAP_BLOCK_SIZE, self.heap_size()),
            (predefined::MBUF_SIZE, self.fragment_words),
            (predefined::RECENT_SIZE, self.mature_words()),
            (predefined::STACK_SIZE, self.stack_words()),
            (predefined::OLD_HEAP_SIZE, self.old_used_words()),
            (predefined::HEAP_SIZE, self.used_words()),
            (predefined::BIN_VHEAP_SIZE, self.off_heap.words),
            (predefined::BIN_VHEAP_BLOCK_SIZE, self.binary_limit),
            (predefined::BIN_OLD_VHEAP_SIZE, self.old_off_heap.words),
            (predefined::BIN_OLD_VHEAP_BLOCK_SIZE, self.old_binary_limit),
        ]
    }

    /// `binary`: the refc binaries that the heap refers to.
    pub fn binaries(&self) -> impl Iterator<Item = BinaryInfo> + '_ {
        let objects = self.off_heap.objects().chain(self.old_off_heap.objects());
        objects.filter(|object| object.header().kind() == Kind::RefcBinary).map(binary)
    }
}

fn binary(object: Boxed) -> BinaryInfo {
    let words = object.words();
    let block = words[layout::REFC_BLOCK - 1];
    let (references, capacity) = super::binary::references_and_capacity(object);
    BinaryInfo { block, bytes: words[layout::REFC_BYTES - 1] as usize, capacity, references }
}

impl HeapLimits {
    /// The number of words that a `min_heap_size` or `min_bin_vheap_size` comes to: the next heap size.
    #[must_use]
    pub fn rounded(words: usize) -> u32 {
        u32::try_from(crate::gc::next_size(words)).unwrap_or(u32::MAX)
    }
}
