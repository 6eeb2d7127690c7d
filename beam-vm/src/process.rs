// SPDX-License-Identifier: Apache-2.0
//! Processes: heap and stack, where they go on, what they have been sent, who is told when they end.
//!
//! There is one scheduler, so signals need no queues: whoever sends one changes the receiver there and then. Between two processes
//! signals therefore arrive in the order in which they were sent.

mod dictionary;
mod mailbox;
mod parked;
mod table;

pub use dictionary::Dictionary;
pub use mailbox::{Mailbox, Message};
pub use parked::{Decoding, Parked};
pub use table::{Lookup, ProcessTable, TableFull};

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::atom::{Atom, predefined};
use crate::heap::ProcessHeap;
use crate::term::{LocalPid, Term};
use crate::timer::TimerId;

/// How urgent a process is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Priority {
    /// Before all others.
    Max,
    /// Before normal ones.
    High,
    /// As most.
    Normal,
    /// One turn for eight of normal ones.
    Low,
}

/// What a process is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is in a run queue, or runs.
    Runnable,
    /// It waits for a signal or its timer.
    Waiting,
    /// Others have suspended it; whether it would wait.
    Suspended,
    /// It is ending.
    Exiting,
}

/// A reference's numbers.
pub type RefNumbers = [u32; 3];

/// A monitor that a process has set up.
#[derive(Clone, Copy, Debug)]
pub struct Monitor {
    /// Whom it watches.
    pub target: LocalPid,
    /// The name by which it was asked for, if any.
    pub name: Option<Atom>,
}

/// What few processes need.
#[derive(Debug, Default)]
pub struct Extension {
    /// The process dictionary.
    pub dictionary: Dictionary,
    /// Monitors that it has set up, by reference.
    pub monitors: BTreeMap<RefNumbers, Monitor>,
    /// Who watches it: reference and watcher.
    pub watchers: BTreeMap<RefNumbers, LocalPid>,
    /// References by which others may send to it, and whether a reply takes that away.
    pub aliases: BTreeMap<RefNumbers, AliasKind>,
    /// The term that the message of a monitor has in place of `'DOWN'`.
    pub tags: BTreeMap<RefNumbers, Term>,
    /// How often each other process has suspended it.
    pub suspenders: BTreeMap<LocalPid, u32>,
    /// Its name.
    pub registered: Option<Atom>,
    /// What the BIF that it is in has done so far.
    pub parked: Option<Parked>,
}

/// When an alias ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AliasKind {
    /// When it is taken away.
    Explicit,
    /// With its monitor.
    Demonitor,
    /// With its monitor, or with the first message through it.
    ReplyDemonitor,
    /// With the first message through it.
    Reply,
}

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
    /// Reductions of the time slices before.
    pub reductions: u64,
    /// What `erlang:raise/3` was given: reason and stack trace.
    pub raised: [Term; 2],
    /// Why it ends, once [`Raise::Ended`](crate::bif::Raise::Ended) was given.
    pub exit_reason: Term,
    /// Messages.
    pub mailbox: Mailbox,
    /// The process that answers for its input and output.
    pub group_leader: Term,
    /// Processes that it is linked to.
    pub links: BTreeSet<LocalPid>,
    /// The timer of the `receive` that it waits in.
    pub timeout: Option<TimerId>,
    /// Whether that timer has gone off.
    pub timed_out: bool,
    /// What it is doing.
    pub state: State,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether exit signals become messages.
    pub trap_exit: bool,
    /// The module that is asked about functions that are not there.
    pub error_handler: Atom,
    /// Module, function and arity that it began with.
    pub initial_call: (Atom, Atom, u32),
    /// Who made it.
    pub parent: LocalPid,
    /// What few need.
    extension: Option<Box<Extension>>,
}

impl Process {
    /// A process that is still to be told where to begin.
    #[must_use]
    pub fn new(pid: LocalPid, heap: ProcessHeap, group_leader: Term, parent: LocalPid) -> Self {
        Self {
            heap,
            pid,
            ip: core::ptr::null(),
            arguments: Vec::new(),
            reductions_left: 0,
            reductions: 0,
            raised: [Term::NIL; 2],
            exit_reason: Term::NIL,
            mailbox: Mailbox::default(),
            group_leader,
            links: BTreeSet::new(),
            timeout: None,
            timed_out: false,
            state: State::Runnable,
            priority: Priority::Normal,
            trap_exit: false,
            error_handler: predefined::ERROR_HANDLER,
            initial_call: (predefined::UNDEFINED, predefined::UNDEFINED, 0),
            parent,
            extension: None,
        }
    }

    /// What few processes need, made if need be.
    pub fn extension_mut(&mut self) -> &mut Extension {
        self.extension.get_or_insert_default()
    }

    /// What few processes need, if it was made.
    #[must_use]
    pub fn extension(&self) -> Option<&Extension> {
        self.extension.as_deref()
    }

    /// The module that is asked about functions that are not there: `process_flag(error_handler, _)`.
    #[must_use]
    pub fn error_handler(&self) -> Atom {
        self.error_handler
    }

    /// Shows all places that hold terms of the heap, the stack excepted.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        self.arguments.iter_mut().for_each(&mut *visit);
        self.raised.iter_mut().for_each(&mut *visit);
        visit(&mut self.exit_reason);
        visit(&mut self.group_leader);
        self.mailbox.roots(visit);
        if let Some(extension) = self.extension.as_deref_mut() {
            extension.dictionary.roots(visit);
            extension.tags.values_mut().for_each(&mut *visit);
            if let Some(parked) = &mut extension.parked {
                parked.roots(visit);
            }
        }
    }

    /// Replaces the arguments.
    pub fn set_arguments(&mut self, arguments: &[Term]) {
        self.arguments.clear();
        self.arguments.extend_from_slice(arguments);
    }
}
