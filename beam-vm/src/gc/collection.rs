// SPDX-License-Identifier: Apache-2.0
//! How a collection goes: of which kind it is, what blocks it takes and how large the heap is afterwards (`minor_collection`,
//! `major_collection` and `garbage_collect_hibernate` of `erl_gc.c`).
#![expect(unsafe_code, reason = "moves what terms point to")]

use super::evacuate::{Pass, evacuate};
use super::size::next_binary_limit;
use super::{Excess, Moment, Outcome, Stress, Surroundings, next_size, size_above, verify};
use crate::heap::{BlockSize, Generations, ProcessHeap, RESERVED};
use crate::process::Process;
use crate::term::Term;

/// Below this size a heap is not made smaller by a minor collection.
const SHRINK_FROM: usize = 3000;

/// From this size on it is, however large the old generation is.
const SHRINK_ALWAYS_FROM: usize = 8000;

/// A full collection makes no heap smaller that is not larger than this (`H_MIN_SIZE`).
const SMALLEST_SHRUNK: usize = 233;

/// What a heap and stack with so many words in use get in stress mode beside what was asked for: nothing if they are small, or else
/// large ones would be moved for ever. A program that runs long gets more and more.
const fn stress_room(used: usize, turns: u64) -> usize {
    let patience = (turns / STRESS_TURNS) as usize;
    let room = if used < 10_000 { used / 100 } else { used / 2 };
    room + patience * (used / 4 + 8)
}

/// After so many collections in stress mode there is more room, and after as many again more.
const STRESS_TURNS: u64 = 20_000;

/// How a collection goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It gives the process the block that it would have begun with.
    First,
    Minor,
    Full,
}

/// A collection on its way.
pub(super) struct Collection<'a> {
    pub(super) process: &'a mut Process,
    pub(super) roots: &'a mut [Term],
    pub(super) need: usize,
    pub(super) surroundings: &'a Surroundings<'a>,
    /// Words that were copied.
    pub(super) moved: usize,
    pub(super) stress: Option<&'a mut Stress>,
    pub(super) excess: Option<Excess>,
}

impl Collection<'_> {
    /// Words in use.
    pub(super) fn words(&self) -> usize {
        let heap = &self.process.heap;
        heap.used_words() + heap.fragment_words + heap.old_used_words()
    }

    pub(super) fn verify(&mut self, moment: Moment) {
        if let Err(damage) = verify(self.process, self.roots, self.surroundings, moment) {
            panic!("the heap of {:?} is damaged: {damage}", self.process.pid);
        }
    }

    /// The heap size for a number of words: stock's table, but not below the process's minimum.
    fn size_for(&self, words: usize) -> usize {
        next_size(words).max(self.process.heap.limits.min_words as usize)
    }

    /// The words that have to be in the block after a pass, if the heap has that many.
    fn needed(&self) -> usize {
        let heap = &self.process.heap;
        heap.used_words() + heap.stack_words() + self.need + RESERVED
    }

    /// The block to copy to when the heap size is to be `base` and all that could be alive has `before` words. If what was asked for is
    /// little beside that, it is large enough for both.
    fn room(&self, base: usize, before: usize) -> usize {
        if 2 * self.need > before {
            return base;
        }
        base.max(self.size_for(self.process.heap.stack_words() + before + self.need + RESERVED))
    }

    unsafe fn pass(&mut self, words: usize, pass: Pass) {
        let old = self.process.heap.old_used_words();
        // SAFETY: as for the collection.
        let left = unsafe { evacuate(self.process, self.roots, words, &self.surroundings.literals, pass) };
        let heap = &self.process.heap;
        self.moved += heap.used_words() + heap.old_used_words().saturating_sub(old);
        if let Some(stress) = &mut self.stress {
            stress.keep(left);
        }
    }

    /// Makes the heap size `words`, which is enough for heap and stack: in the block if that is not much larger, else in a new one.
    unsafe fn resize(&mut self, words: usize) {
        let capacity = self.process.heap.capacity;
        if let Some(stress) = &self.stress {
            // With no more room than what was asked for, the next allocation collects; a large heap gets some, or it would be moved for ever.
            let heap = &self.process.heap;
            let words = self.needed() + stress_room(heap.used_words() + heap.stack_words(), stress.turns);
            if words > capacity {
                // SAFETY: as for the collection; the block has room for all.
                unsafe { self.pass(words, Pass::Move) };
            } else {
                self.process.heap.set_end(words);
            }
            return;
        }
        if words <= capacity && capacity <= words + words / 2 {
            self.process.heap.set_end(words);
            return;
        }
        let mature = self.process.heap.mature_words();
        // SAFETY: as for the collection; the block has room for all.
        unsafe {
            self.pass(words, Pass::Move);
            let heap = &mut self.process.heap;
            // All that was copied before is alive, and either all of it is mature or nothing.
            if mature == 0 {
                heap.high_water = heap.start;
            }
        }
    }

    /// How the collection goes on if nothing was said of that.
    pub(super) fn kind(&self) -> Kind {
        kind(&self.process.heap, self.need, self.stress.as_deref())
    }

    /// Whether the process is not to have so many words, and is to be killed; some of them are new blocks of its generations.
    fn is_too_large(&mut self, words: usize, young: usize, old: usize) -> bool {
        let heap = &self.process.heap;
        let limits = heap.limits;
        if limits.max_words == 0 {
            return false;
        }
        let binaries = if limits.max_counts_binaries { heap.binary_words() } else { 0 };
        let words = words + binaries;
        if words <= limits.max_words {
            return false;
        }
        if limits.max_logs {
            let mut info = heap.collection_info();
            info[0].1 += old;
            info[1].1 += young;
            self.excess = Some(Excess { words, info });
        }
        limits.max_kills
    }

    /// The collection that gives the process the block that it would have begun with in stock.
    pub(super) unsafe fn first(&mut self) -> Outcome {
        let heap = &self.process.heap;
        let before = heap.used_words() + heap.fragment_words;
        let base = self.size_for(heap.stack_words() + before);
        if self.is_too_large(before + base, base, 0) {
            return Outcome::TooLarge;
        }
        // SAFETY: as the caller promises; the block has room for all.
        unsafe {
            self.pass(self.room(base, before), Pass::Young);
            let heap = &mut self.process.heap;
            heap.high_water = heap.start;
            heap.size = BlockSize::Chosen;
            let size = self.size_for(self.needed());
            self.resize(size.max(base));
        }
        Outcome::Done
    }

    /// A minor collection.
    pub(super) unsafe fn minor(&mut self) -> Outcome {
        let heap = &self.process.heap;
        let before = heap.used_words() + heap.fragment_words;
        let base = self.size_for(heap.stack_words() + before);
        let mature = heap.mature_words();
        let new_old = if heap.old_start.is_null() && mature > 0 { size_above(before) } else { 0 };
        // What lies between heap and stack counts too.
        let most = self.size_for(before + heap.stack_words() + heap.free_words());
        let total = before + heap.old_block_words() + new_old + most;
        if self.is_too_large(total, most, new_old) {
            return Outcome::TooLarge;
        }
        if new_old > 0 {
            self.process.heap.make_old(new_old);
        }
        // SAFETY: as the caller promises; there is room for what is mature in the old generation, and for all else in the new block.
        unsafe {
            self.pass(self.room(base, before), Pass::Promote);
            let heap = &mut self.process.heap;
            let least = heap.limits.min_binary_words as usize;
            heap.binary_limit = next_binary_limit(heap.off_heap.words, heap.binary_limit, least);
            heap.generations.minor = heap.generations.minor.saturating_add(1);
            let needed = self.needed();
            let old = self.process.heap.old_block_words();
            let is_wide =
                base > SHRINK_FROM && 4 * needed < base && (base > SHRINK_ALWAYS_FROM || base > old);
            let size = if is_wide {
                // Not too small beside the old generation.
                let wanted = if 27 * needed < old { (old / 8).max(3 * needed) } else { 3 * needed };
                self.size_for(wanted).min(base)
            } else if needed > base {
                self.size_for(needed)
            } else {
                base
            };
            self.resize(size);
        }
        Outcome::Done
    }

    /// A full collection.
    pub(super) unsafe fn full(&mut self) -> Outcome {
        let heap = &self.process.heap;
        let before = heap.used_words() + heap.fragment_words + heap.old_used_words();
        let mut base = self.size_for(heap.stack_words() + before);
        if base == heap.block_words() && heap.generations.grows {
            base = size_above(base);
        }
        let unused = heap.old_block_words() - heap.old_used_words() + heap.stack_words() + heap.free_words();
        if self.is_too_large(before + unused + base, base, 0) {
            return Outcome::TooLarge;
        }
        // SAFETY: as the caller promises; the new block has room for all.
        unsafe {
            self.all(self.room(base, before));
            let needed = self.needed();
            let size = if needed > base {
                self.size_for(needed)
            } else if 4 * needed < base && base > SMALLEST_SHRUNK {
                self.size_for(2 * needed).min(base)
            } else {
                self.process.heap.generations.grows = 3 * base < 4 * needed;
                base
            };
            self.resize(size);
        }
        Outcome::Done
    }

    /// Moves both generations to a new block.
    unsafe fn all(&mut self, words: usize) {
        let binaries = self.process.heap.off_heap.words;
        // SAFETY: as for the collection.
        unsafe { self.pass(words, Pass::All) };
        let heap = &mut self.process.heap;
        let least = heap.limits.min_binary_words as usize;
        heap.old_binary_limit = next_binary_limit(binaries, heap.old_binary_limit, least);
        heap.binary_limit = next_binary_limit(heap.off_heap.words, heap.binary_limit, least);
        heap.generations = Generations::default();
        heap.size = BlockSize::Chosen;
    }

    /// A full collection after which the block has no room to spare.
    pub(super) unsafe fn hibernate(&mut self) -> Outcome {
        let heap = &self.process.heap;
        let stack = heap.stack_words();
        let before = heap.used_words() + heap.fragment_words + heap.old_used_words();
        // SAFETY: as the caller promises; each block has room for all that there is.
        unsafe {
            self.all(stack + before);
            let words = self.process.heap.used_words() + stack + RESERVED;
            if words < self.process.heap.capacity {
                self.pass(words, Pass::Move);
            }
        }
        self.process.heap.size = BlockSize::Hibernated;
        Outcome::Done
    }
}

/// How a collection goes on of which nothing was said.
pub(super) fn kind(heap: &ProcessHeap, need: usize, stress: Option<&Stress>) -> Kind {
    // Not if the program has asked for a collection: in stock that is one like any other.
    let is_needed = need > 0 || heap.is_collection_due();
    if stress.is_none() && heap.size == BlockSize::First && is_needed {
        return Kind::First;
    }
    let generations = &heap.generations;
    if generations.minor >= heap.limits.fullsweep_after || generations.full_is_due {
        return Kind::Full;
    }
    if stress.is_some_and(|stress| stress.turns.is_multiple_of(2)) {
        return Kind::Full;
    }
    let mature = heap.mature_words();
    let has_room = if heap.old_start.is_null() {
        // Nothing has survived a collection: there is none to be counted as the first.
        mature > 0
    } else {
        mature <= heap.old_block_words() - heap.old_used_words()
            && heap.old_off_heap.words < heap.old_binary_limit
    };
    if has_room { Kind::Minor } else { Kind::Full }
}
