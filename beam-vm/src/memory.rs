// SPDX-License-Identifier: Apache-2.0
//! The memory of processes as the machine sees it: collections, and what they come to.
#![expect(unsafe_code, reason = "moves what terms point to")]

mod report;

pub use report::Report;

use alloc::vec;
use alloc::vec::Vec;

use crate::accounting::Microstate;
use crate::atom::predefined;
use crate::gc::{Excess, Extent, Outcome, Surroundings};
use crate::heap::build;
use crate::process::Process;
use crate::term::{LocalPid, Term};
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
        let watched = if self.tracing.is_used { self.collection_begins(process, need, extent) } else { None };
        if self.settings.collection_delay > 0 && watched.is_some() {
            let until = self.platform.monotonic() + self.settings.collection_delay;
            while self.platform.monotonic() < until {
                core::hint::spin_loop();
            }
        }
        let began = self.state_begins();
        let surroundings = Surroundings { literals: self.literals.addresses(), atoms: &self.atoms };
        // SAFETY: as the caller promises.
        let outcome = unsafe { self.collector.collect(process, roots, need, &surroundings, extent) };
        self.state_ends(Microstate::Collection, began);
        if let Some(excess) = self.collector.excess.take() {
            self.log_excess(process, &excess);
        }
        if outcome == Outcome::TooLarge {
            process.exit_reason = Term::atom(predefined::KILLED);
        } else if let Some(watched) = watched {
            self.collection_ended(process, watched);
        }
        outcome
    }

    /// Collects a process that does not run, if there is such a process. Gives whether it still is there afterwards.
    pub fn collect_parked(&mut self, pid: LocalPid, extent: Extent) -> bool {
        let Some(mut process) = self.processes.take(pid) else { return false };
        // SAFETY: the X registers of a process that does not run are in it.
        let outcome = unsafe { self.collect(&mut process, &mut [], 0, extent) };
        if outcome == Outcome::TooLarge {
            self.begin_end(process);
            return false;
        }
        self.processes.park(process);
        true
    }

    fn log_excess(&mut self, process: &mut Process, excess: &Excess) {
        let limits = *process.heap.limits();
        let messages = process.mailbox.len();
        let pid = process.pid;
        self.log(predefined::ERROR, pid, process.group_leader, EXCESS, &mut |heap| {
            let info: Vec<Term> = excess
                .info
                .iter()
                .map(|(name, words)| build::tuple(heap, &[Term::atom(*name), Term::count(*words)]))
                .collect();
            vec![
                Term::pid(pid),
                Term::count(limits.max_words),
                Term::count(excess.words),
                Term::boolean(limits.max_kills),
                Term::boolean(limits.max_logs),
                Term::count(messages),
                build::list(heap, &info),
            ]
        });
    }
}

/// What stock says of a process whose heap is too large.
const EXCESS: &str = "     Process:            ~p ~n     Context:            maximum heap size reached~n     Max Heap Size:      ~p~n     \
Total Heap Size:    ~p~n     Kill:               ~p~n     Error Logger:       ~p~n     Message Queue Len:  ~p~n     \
GC Info:            ~p~n";
