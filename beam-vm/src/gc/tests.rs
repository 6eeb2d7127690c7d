// SPDX-License-Identifier: Apache-2.0
//! Collections of random graphs against a model, and the sizes and kinds of collections as stock has them.

mod model;
mod policy;
mod verifier;

use std::vec::Vec;

use super::{Collector, Extent, Moment, Outcome, Surroundings, verify};
use crate::atom::{AtomLimit, AtomTable};
use crate::heap::{HeapLimits, LiteralSpace, ProcessHeap};
use crate::platform::Reservation;
use crate::process::Process;
use crate::term::{LocalPid, Term};

/// A process whose roots are its arguments, and all that it takes to collect it.
struct Bench {
    atoms: AtomTable,
    literals: LiteralSpace,
    collector: Collector,
    process: Process,
}

impl Bench {
    fn new(words: usize, limits: HeapLimits) -> Self {
        let mut heap = ProcessHeap::new(words, limits);
        heap.push_return_address(core::ptr::null());
        Self {
            atoms: AtomTable::new(AtomLimit::DEFAULT),
            literals: LiteralSpace::new(Reservation::allocate(1 << 19).expect("memory")),
            collector: Collector::default(),
            process: Process::new(LocalPid(0), heap, Term::NIL, LocalPid(0)),
        }
    }

    fn heap(&mut self) -> &mut ProcessHeap {
        &mut self.process.heap
    }

    fn roots(&mut self) -> &mut Vec<Term> {
        &mut self.process.arguments
    }

    fn collect(&mut self, extent: Extent, need: usize) -> Outcome {
        let surroundings = Surroundings { literals: self.literals.addresses(), atoms: &self.atoms };
        // SAFETY: the tests use no terms afterwards but those that are arguments.
        #[expect(unsafe_code, reason = "moves what terms point to")]
        let outcome =
            unsafe { self.collector.collect(&mut self.process, &mut [], need, &surroundings, extent) };
        verify(&mut self.process, &[], &surroundings, Moment::Collected).expect("a sound heap");
        outcome
    }

    fn verify(&mut self) -> Result<(), super::Damage> {
        let surroundings = Surroundings { literals: self.literals.addresses(), atoms: &self.atoms };
        verify(&mut self.process, &[], &surroundings, Moment::Any)
    }
}
