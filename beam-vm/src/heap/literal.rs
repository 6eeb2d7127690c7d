// SPDX-License-Identifier: Apache-2.0
//! Literals: terms that no process owns, the constants of modules and persistent terms. A collector leaves them where they are, which it
//! has to see by the address alone: all of them are in one range, reserved at the start.
#![expect(unsafe_code, reason = "divides a reserved range")]

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use alloc::collections::BTreeMap;
use core::ops::Range;
use core::ptr::NonNull;

use super::{Heap, OffHeap};

/// The range of all literals.
pub struct LiteralSpace {
    start: NonNull<u64>,
    words: usize,
    /// Free ranges, in words from the start: where, how many.
    free: BTreeMap<usize, usize>,
    owned: bool,
}

/// A part of the range that was reserved for the literals of one module, or one persistent term.
#[derive(Debug)]
pub struct LiteralArea {
    start: NonNull<u64>,
    used: usize,
    words: usize,
    off_heap: OffHeap,
}

impl LiteralSpace {
    /// A range from the global allocator; on a system that commits memory when it is touched, a large one costs nothing.
    #[must_use]
    pub fn new(words: usize) -> Option<Self> {
        // SAFETY: the layout is checked not to be empty.
        let memory = unsafe { alloc_zeroed(space_layout(words)?) };
        Some(Self {
            start: NonNull::new(memory.cast())?,
            words,
            free: BTreeMap::from([(0, words)]),
            owned: true,
        })
    }

    /// A range that the platform has reserved.
    ///
    /// # Safety
    /// The memory has to be readable and writable, used by nobody else, as long as the machine lives.
    #[must_use]
    pub unsafe fn from_reserved(start: NonNull<u64>, words: usize) -> Self {
        Self { start, words, free: BTreeMap::from([(0, words)]), owned: false }
    }

    /// The addresses of the range, which tell a literal from all else.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        let start = self.start.addr().get();
        start..start + 8 * self.words
    }

    /// An area of `words` words, if the range has room for it.
    #[must_use]
    pub fn area(&mut self, words: usize) -> Option<LiteralArea> {
        if words == 0 {
            return Some(LiteralArea { start: self.start, used: 0, words: 0, off_heap: OffHeap::default() });
        }
        let (&at, &free) = self.free.iter().find(|(_, free)| **free >= words)?;
        self.free.remove(&at);
        if free > words {
            self.free.insert(at + words, free - words);
        }
        // SAFETY: free ranges are within the space.
        let start = unsafe { self.start.add(at) };
        Some(LiteralArea { start, used: 0, words, off_heap: OffHeap::default() })
    }

    /// Takes an area back.
    ///
    /// # Safety
    /// No term may point into it any more.
    pub unsafe fn release(&mut self, area: LiteralArea) {
        if area.words == 0 {
            return;
        }
        let mut at = (area.start.addr().get() - self.start.addr().get()) / 8;
        let mut words = area.words;
        if let Some(next) = self.free.remove(&(at + words)) {
            words += next;
        }
        let before = self.free.range(..at).next_back().map(|(at, words)| (*at, *words));
        if let Some((start, length)) = before.filter(|(start, length)| start + length == at) {
            at = start;
            words += length;
        }
        self.free.insert(at, words);
    }
}

impl Drop for LiteralSpace {
    fn drop(&mut self) {
        if let Some(layout) = space_layout(self.words).filter(|_| self.owned) {
            // SAFETY: the memory was allocated with this layout, and the machine that had terms in it is gone.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

fn space_layout(words: usize) -> Option<Layout> {
    Layout::array::<u64>(words).ok().filter(|layout| layout.size() > 0)
}

impl LiteralArea {
    /// The addresses of the area.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        let start = self.start.addr().get();
        start..start + 8 * self.words
    }

    /// How many words are in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }
}

impl Heap for LiteralArea {
    /// # Panics
    /// When more is asked for than the area was made for: whoever made it has counted.
    fn allocate(&mut self, words: usize) -> NonNull<u64> {
        assert!(words <= self.words - self.used, "the literals were counted before");
        // SAFETY: within the area.
        let at = unsafe { self.start.add(self.used) };
        self.used += words;
        at
    }

    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.off_heap
    }

    fn give_back(&mut self, at: NonNull<u64>, words: usize) {
        // SAFETY: what is given back was allocated, so it is within the area.
        if unsafe { at.add(words) == self.start.add(self.used) } {
            self.used -= words;
        }
    }
}
