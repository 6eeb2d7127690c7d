// SPDX-License-Identifier: Apache-2.0
//! Literals: terms that no process owns, the constants of modules and persistent terms. A collector leaves them where they are, which it
//! has to see by the address alone: all of them are in one range, reserved at the start.
#![expect(unsafe_code, reason = "divides a reserved range")]

use alloc::collections::BTreeMap;
use core::ops::Range;
use core::ptr::NonNull;

use super::{Heap, OffHeap};
use crate::platform::{Platform, Reservation};

/// Words that are committed at once, at least: 64 KiB.
const STEP: usize = 8 * 1024;

/// The range of all literals.
pub struct LiteralSpace {
    memory: Reservation,
    /// Free ranges, in words from the start: where, how many.
    free: BTreeMap<usize, usize>,
    /// How many words from the start have memory.
    committed: usize,
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
    /// A range that was reserved.
    #[must_use]
    pub fn new(memory: Reservation) -> Self {
        let free = BTreeMap::from([(0, memory.words())]);
        Self { memory, free, committed: 0 }
    }

    /// The addresses of the range, which tell a literal from all else.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        let start = self.memory.start().addr().get();
        start..start + 8 * self.memory.words()
    }

    /// The words of all areas, those side by side together: address and length.
    pub fn used(&self) -> impl Iterator<Item = (NonNull<u64>, usize)> + '_ {
        let end = core::iter::once((self.memory.words(), 0));
        let free = self.free.iter().map(|(at, words)| (*at, *words)).chain(end);
        let gaps = free.scan(0, |from, (at, words)| {
            let start = core::mem::replace(from, at + words);
            Some((start, at - start))
        });
        // SAFETY: the gaps are within the space.
        gaps.filter(|(_, words)| *words > 0)
            .map(|(start, words)| (unsafe { self.memory.start().add(start) }, words))
    }

    /// Bytes that areas have.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        8 * (self.memory.words() - self.free.values().sum::<usize>())
    }

    /// An area of `words` words, if the range has room for it and the platform memory.
    #[must_use]
    pub fn area(&mut self, words: usize, platform: &mut dyn Platform) -> Option<LiteralArea> {
        if words == 0 {
            return Some(LiteralArea {
                start: self.memory.start(),
                used: 0,
                words: 0,
                off_heap: OffHeap::default(),
            });
        }
        let (&at, &free) = self.free.iter().find(|(_, free)| **free >= words)?;
        self.commit(at + words, platform)?;
        self.free.remove(&at);
        if free > words {
            self.free.insert(at + words, free - words);
        }
        // SAFETY: free ranges are within the space.
        let start = unsafe { self.memory.start().add(at) };
        Some(LiteralArea { start, used: 0, words, off_heap: OffHeap::default() })
    }

    /// Makes sure that the words before `end` have memory.
    fn commit(&mut self, end: usize, platform: &mut dyn Platform) -> Option<()> {
        if end <= self.committed {
            return Some(());
        }
        let end = end.next_multiple_of(STEP).min(self.memory.words());
        let start = self.memory.start().addr().get();
        if !platform.commit(start + 8 * self.committed..start + 8 * end) {
            return None;
        }
        self.committed = end;
        Some(())
    }

    /// Takes an area back.
    ///
    /// # Safety
    /// No term may point into it any more.
    pub unsafe fn release(&mut self, area: LiteralArea) {
        if area.words == 0 {
            return;
        }
        let mut at = (area.start.addr().get() - self.memory.start().addr().get()) / 8;
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

impl LiteralArea {
    /// The addresses of the area.
    #[must_use]
    pub fn addresses(&self) -> Range<usize> {
        let start = self.start.addr().get();
        start..start + 8 * self.words
    }

    /// The list of the off-heap objects in it.
    #[must_use]
    pub const fn linked(&self) -> &OffHeap {
        &self.off_heap
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
