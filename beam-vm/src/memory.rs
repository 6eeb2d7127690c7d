// SPDX-License-Identifier: Apache-2.0
//! The memory of processes as the machine sees it: collections, and what they come to.
#![expect(unsafe_code, reason = "moves what terms point to")]

use crate::atom::predefined;
use crate::gc::{Extent, Outcome, Surroundings};
use crate::process::Process;
use crate::term::Term;
use crate::vm::Vm;

impl Vm {
    /// Collects the heap of a process so that `need` words are free. When the heap is larger than the process may have, the process has
    /// its reason to end, and whoever has asked ends it.
    ///
    /// # Safety
    /// All terms of the process that are used afterwards have to be in `roots`, on its stack or where [`Process::roots`] looks.
    pub unsafe fn collect(
        &mut self,
        process: &mut Process,
        roots: &mut [Term],
        need: usize,
        extent: Extent,
    ) -> Outcome {
        let surroundings = Surroundings { literals: self.literals.addresses(), atoms: &self.atoms };
        // SAFETY: as the caller promises.
        let outcome = unsafe { self.collector.collect(process, roots, need, &surroundings, extent) };
        if outcome == Outcome::TooLarge {
            process.exit_reason = Term::atom(predefined::KILLED);
        }
        outcome
    }
}
