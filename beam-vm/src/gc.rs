// SPDX-License-Identifier: Apache-2.0
//! The collector: generational copying, as `erts/emulator/internal_doc/GarbageCollection.md` describes stock's.
//!
//! A minor collection moves what has survived one before to the old generation, and everything else that is alive to a new block. A full
//! one moves all to a new block. Fragments are taken in by both. Literals are told by their addresses and left alone. The lists of
//! off-heap objects are swept afterwards.
//!
//! When there is a collection, of which kind, and how large the heap is afterwards is as in stock (`erl_gc.c`), since programs can see
//! it. One thing differs: a new process begins with a block that is smaller than its smallest heap size, which makes most parked
//! processes small. The collection that gives it the block that stock would have begun with is not counted and lets nothing age.
#![expect(unsafe_code, reason = "moves what terms point to")]

mod cheney;
mod evacuate;
mod size;
mod sweep;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use cheney::point_to_bytes;
pub use size::{next_size, size_above, sizes};
pub use verify::{Damage, Moment, Surroundings, verify};

use alloc::collections::VecDeque;

use crate::atom::Atom;
use crate::heap::{BlockSize, Generations, RESERVED};
use crate::process::Process;
use crate::term::Term;
use evacuate::{Left, Pass, evacuate};

/// What a collection has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The words that were asked for are free.
    Done,
    /// The heap is larger than the process may have, and it is to be killed. Nothing was moved.
    TooLarge,
}

/// How much is collected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// The young generation, unless it is time for all.
    Minor,
    /// All.
    Full,
    /// All, and the block becomes as small as it can be: `hibernate/3`.
    Hibernate,
}

/// The collector of a machine: what it counts, and how strict it is.
#[derive(Debug, Default)]
pub struct Collector {
    /// Collections of all processes.
    pub collections: u64,
    /// Words that they have freed.
    pub reclaimed: u64,
    /// Finds what would otherwise be found by luck.
    pub stress: Option<Stress>,
    /// What the log is to tell of the last collection.
    pub excess: Option<Excess>,
}

/// A heap that is larger than its process has said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Excess {
    /// Words that it would come to.
    pub words: usize,
    /// `garbage_collection_info` with the blocks that the collection would have taken.
    pub info: [(Atom, usize); 11],
}

/// What the collector does in stress mode, in which there is a collection wherever there can be one.
#[derive(Debug, Default)]
pub struct Stress {
    /// Blocks that were left, which are kept for a while so that a pointer that was forgotten leads to [`POISON`].
    left: VecDeque<Left>,
    /// Collections so far: every other one is full.
    turns: u64,
}

/// What blocks that were left are filled with in stress mode: as a term it points to an address that no processor has, and it is
/// no header.
pub const POISON: u64 = 0xDEAD_DEAD_DEAD_DEAE;

/// How many blocks that were left are kept in stress mode.
const KEPT: usize = 64;

/// What a heap and stack with so many words in use get in stress mode beside what it has asked for: nothing if it is small, or else large ones would be
/// moved for ever.
const fn stress_room(used: usize) -> usize {
    if used < 10_000 { used / 100 } else { used / 2 }
}

/// Live words that are moved for one reduction (`gc_cost`).
const WORDS_FOR_REDUCTION: usize = 10;

/// Below this size a heap is not made smaller by a minor collection.
const SHRINK_FROM: usize = 3000;
/// From this size on it is, however large the old generation is.
const SHRINK_ALWAYS_FROM: usize = 8000;
/// A full collection makes no heap smaller that is not larger than this (`H_MIN_SIZE`).
const SMALLEST_SHRUNK: usize = 233;

impl Collector {
    /// Collects the heap of a process so that `need` words are free afterwards.
    ///
    /// # Safety
    /// All terms of the process that are used afterwards have to be in `roots`, on its stack or where [`Process::roots`] looks.
    ///
    /// # Panics
    /// In stress mode, when the heap is damaged.
    pub unsafe fn collect(
        &mut self,
        process: &mut Process,
        roots: &mut [Term],
        need: usize,
        surroundings: &Surroundings<'_>,
        extent: Extent,
    ) -> Outcome {
        // A message that is looked at is in a register, so it has to move with the heap.
        process.mailbox.take_in_current(&mut process.heap);
        let mut collection =
            Collection { process, roots, need, surroundings, moved: 0, stress: None, excess: None };
        if let Some(stress) = &mut self.stress {
            collection.verify(Moment::Any);
            stress.turns += 1;
            collection.stress = Some(stress);
        }
        let before = collection.words();
        // SAFETY: as the caller promises.
        let outcome = unsafe {
            match extent {
                Extent::Hibernate => collection.hibernate(),
                Extent::Full => collection.full(),
                Extent::Minor => match collection.kind() {
                    Kind::First => collection.first(),
                    Kind::Minor => collection.minor(),
                    Kind::Full => collection.full(),
                },
            }
        };
        self.excess = collection.excess.take();
        if outcome == Outcome::TooLarge {
            return outcome;
        }
        self.collections += 1;
        self.reclaimed += before.saturating_sub(collection.words()) as u64;
        let cost = (collection.moved / WORDS_FOR_REDUCTION).max(1);
        collection.process.reductions_left -= cost as i64;
        if collection.stress.is_some() {
            collection.verify(Moment::Collected);
        }
        outcome
    }
}

impl Stress {
    /// Takes blocks that were left.
    fn keep(&mut self, mut left: Left) {
        left.poison(POISON);
        self.left.push_back(left);
        if self.left.len() > KEPT {
            self.left.pop_front();
        }
    }
}

/// How a collection goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// It gives the process the block that it would have begun with.
    First,
    Minor,
    Full,
}

/// A collection on its way.
struct Collection<'a> {
    process: &'a mut Process,
    roots: &'a mut [Term],
    need: usize,
    surroundings: &'a Surroundings<'a>,
    /// Words that were copied.
    moved: usize,
    stress: Option<&'a mut Stress>,
    excess: Option<Excess>,
}

impl Collection<'_> {
    /// Words in use.
    fn words(&self) -> usize {
        let heap = &self.process.heap;
        heap.used_words() + heap.fragment_words + heap.old_used_words()
    }

    fn verify(&mut self, moment: Moment) {
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
        if self.stress.is_some() {
            // With no more room than what was asked for, the next allocation collects; a large heap gets some, or it would be moved for ever.
            let heap = &self.process.heap;
            let words = self.needed() + stress_room(heap.used_words() + heap.stack_words());
            if words > capacity {
                // SAFETY: as for the collection; the block has room for all.
                unsafe { self.pass(words, Pass::Young) };
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
            self.pass(words, Pass::Young);
            let heap = &mut self.process.heap;
            // All that was copied before is alive, and either all of it is mature or nothing.
            if mature == 0 {
                heap.high_water = heap.start;
            }
        }
    }

    /// How a collection goes on of which nothing was said.
    fn kind(&self) -> Kind {
        let heap = &self.process.heap;
        if self.stress.is_none() && heap.size == BlockSize::First {
            return Kind::First;
        }
        let generations = &heap.generations;
        if generations.minor >= heap.limits.fullsweep_after || generations.full_is_due {
            return Kind::Full;
        }
        if self.stress.as_ref().is_some_and(|stress| stress.turns.is_multiple_of(2)) {
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
    unsafe fn first(&mut self) -> Outcome {
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
    unsafe fn minor(&mut self) -> Outcome {
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
            heap.binary_limit = size::next_binary_limit(heap.off_heap.words, heap.binary_limit, least);
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
    unsafe fn full(&mut self) -> Outcome {
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
        heap.old_binary_limit = size::next_binary_limit(binaries, heap.old_binary_limit, least);
        heap.binary_limit = size::next_binary_limit(heap.off_heap.words, heap.binary_limit, least);
        heap.generations = Generations::default();
        heap.size = BlockSize::Chosen;
    }

    /// A full collection after which the block has no room to spare.
    unsafe fn hibernate(&mut self) -> Outcome {
        let heap = &self.process.heap;
        let stack = heap.stack_words();
        let before = heap.used_words() + heap.fragment_words + heap.old_used_words();
        // SAFETY: as the caller promises; each block has room for all that there is.
        unsafe {
            self.all(stack + before);
            let words = self.process.heap.used_words() + stack + RESERVED;
            if words < self.process.heap.capacity {
                self.pass(words, Pass::Young);
            }
        }
        self.process.heap.size = BlockSize::Hibernated;
        Outcome::Done
    }
}
