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
mod collection;
mod evacuate;
mod funs;
mod size;
mod sweep;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use cheney::point_to_bytes;
pub use funs::FunCount;
pub use size::{next_size, size_above, sizes};
pub use verify::{Damage, Moment, Surroundings, verify};

use alloc::collections::VecDeque;

use crate::atom::Atom;
use crate::process::Process;
use crate::term::Term;
use collection::{Collection, Kind};
use evacuate::Left;

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

/// Live words that are moved for one reduction (`gc_cost`).
const WORDS_FOR_REDUCTION: usize = 10;

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

impl Collector {
    /// Whether a collection would be full, or none if it is one of those that are not counted.
    #[must_use]
    pub fn is_full(&self, process: &Process, need: usize, extent: Extent) -> Option<bool> {
        if extent != Extent::Minor {
            return Some(true);
        }
        match collection::kind(&process.heap, need, self.stress.as_ref()) {
            Kind::First => None,
            Kind::Minor => Some(false),
            Kind::Full => Some(true),
        }
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
