// SPDX-License-Identifier: Apache-2.0
//! A process: its heap and stack, where it goes on, what it has been sent, who is told when it ends.

use alloc::vec::Vec;

use crate::atom::{Atom, predefined};
use crate::heap::ProcessHeap;
use crate::term::{LocalPid, Term};

/// A process. The process that runs is outside of the table of processes, and what the machine's registers hold of it is stored here
/// before anybody else looks.
#[derive(Debug)]
pub struct Process {
    /// Heap and stack.
    pub heap: ProcessHeap,
    /// Who it is.
    pub pid: LocalPid,
    /// The instruction at which it goes on.
    pub ip: *const u64,
    /// The live X registers while it does not run, and what a BIF that traps or yields leaves for the next call.
    pub arguments: Vec<Term>,
    /// Reductions that are left of the time slice, while a BIF runs and after.
    pub reductions_left: i64,
    /// What `erlang:raise/3` was given: reason and stack trace.
    pub raised: [Term; 2],
    /// Why it ends, once [`Raise::Ended`](crate::bif::Raise::Ended) was given.
    pub exit_reason: Term,
}

impl Process {
    /// The module that is asked about functions that are not there: `process_flag(error_handler, _)`.
    #[must_use]
    pub fn error_handler(&self) -> Atom {
        predefined::ERROR_HANDLER
    }

    /// Replaces the arguments.
    pub fn set_arguments(&mut self, arguments: &[Term]) {
        self.arguments.clear();
        self.arguments.extend_from_slice(arguments);
    }
}
