// SPDX-License-Identifier: Apache-2.0
//! Processes: heap and stack, where they go on, what they have been sent, who is told when they end.
//!
//! There is one scheduler, so signals need no queues: whoever sends one changes the receiver there and then. Between two processes
//! signals therefore arrive in the order in which they were sent.

mod dictionary;
mod links;
mod mailbox;
mod monitors;
mod parked;
mod saved_calls;
mod table;
mod watchers;

pub use dictionary::Dictionary;
pub use links::{Links, Peer};
pub use mailbox::{Mailbox, MarkerId, Message, Nodes};
pub use monitors::{AliasKind, Monitor, Monitors, Target, age};
pub use parked::{Decoding, Parked, Portion};
pub use saved_calls::{SavedCall, SavedCalls};
pub use table::{Lookup, ProcessTable, TableFull};
pub use watchers::Watchers;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::atom::{Atom, predefined};
use crate::files::OwnedFiles;
use crate::heap::{HeapLimits, ProcessHeap};
use crate::term::{LocalPid, Term};
use crate::timer::TimerId;
use crate::timers::TimerSlot;
use crate::trace::sequential::Sequence;
use crate::trace::{Timed, Tracee};

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
    /// It could run, unless it is suspended.
    Runnable,
    /// It waits for a signal or its timer.
    Waiting,
    /// It has hibernated, and waits for a message.
    Hibernating,
    /// It is ending.
    Exiting,
}

/// Where messages are kept: `message_queue_data`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MessagePlace {
    /// On the heap if it has room.
    #[default]
    OnHeap,
    /// Beside the heap, until they are received.
    OffHeap,
}

/// A reference's numbers.
pub type RefNumbers = [u32; 3];

/// What few processes need.
#[derive(Debug, Default)]
pub struct Extension {
    /// The process dictionary.
    pub dictionary: Dictionary,
    /// The files that go with it.
    pub files: OwnedFiles,
    /// What it watches, and its aliases.
    pub monitors: Monitors,
    /// Whom it has suspended, and how often.
    pub suspending: BTreeMap<LocalPid, u32>,
    /// Its name.
    pub registered: Option<Atom>,
    /// What the BIF that it is in has done so far.
    pub parked: Option<Parked>,
    /// The last calls of exported functions, if they are to be kept: `save_calls`.
    pub saved_calls: Option<SavedCalls>,
    /// How often it has asked to be told of other nodes: `monitor_nodes`.
    pub node_monitors: u32,
    /// Whether others may not look inside: `sensitive`.
    pub sensitive: bool,
    /// Whether it belongs to the machine rather than to the program.
    pub is_system: bool,
    /// How it is traced.
    pub tracee: Tracee,
    /// The function in which its time is measured.
    pub timed: Option<Timed>,
    /// What it has of sequences of messages.
    pub sequence: Sequence,
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
    /// Processes and ports that it is linked to.
    pub links: Links,
    /// Who watches it.
    pub watchers: Watchers,
    /// The timer of the `receive` that it waits in.
    pub timeout: Option<TimerId>,
    /// Whether that timer has gone off.
    pub timed_out: bool,
    /// Whether that `receive` waits for ever: its time is not looked at again, as it may be in a register that is gone.
    pub waits_forever: bool,
    /// The first of the timers that send to it.
    pub timers: Option<TimerSlot>,
    /// What it is doing.
    pub state: State,
    /// How often others have suspended it.
    pub suspended: u32,
    /// Whether it is in a run queue.
    pub is_queued: bool,
    /// Where its messages are kept.
    pub message_place: MessagePlace,
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
    /// What few need; see [`Process::extension`].
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
            links: Links::default(),
            watchers: Watchers::default(),
            timeout: None,
            timed_out: false,
            waits_forever: false,
            timers: None,
            state: State::Runnable,
            suspended: 0,
            is_queued: false,
            message_place: MessagePlace::OnHeap,
            priority: Priority::Normal,
            trap_exit: false,
            error_handler: predefined::ERROR_HANDLER,
            initial_call: (predefined::UNDEFINED, predefined::UNDEFINED, 0),
            parent,
            extension: None,
        }
    }

    /// Lets go of all that a process has that has ended; its memory is kept for another.
    pub fn retire(&mut self) {
        self.heap.retire();
        self.arguments.clear();
        self.extension = None;
    }

    /// Makes a process that has ended as [`new`](Self::new) makes one, of the same memory.
    pub fn renew(&mut self, pid: LocalPid, words: usize, limits: HeapLimits, parent: LocalPid) {
        debug_assert!(self.mailbox.is_empty() && self.arguments.is_empty() && self.extension.is_none());
        self.heap.renew(words, limits);
        self.pid = pid;
        self.reductions_left = 0;
        self.reductions = 0;
        self.raised = [Term::NIL; 2];
        self.exit_reason = Term::NIL;
        self.group_leader = Term::NIL;
        self.links = Links::default();
        self.watchers = Watchers::default();
        self.timeout = None;
        self.timed_out = false;
        self.waits_forever = false;
        self.timers = None;
        self.state = State::Runnable;
        self.suspended = 0;
        self.is_queued = false;
        self.message_place = MessagePlace::OnHeap;
        self.priority = Priority::Normal;
        self.trap_exit = false;
        self.error_handler = predefined::ERROR_HANDLER;
        self.parent = parent;
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

    /// Bytes that it holds: `memory`.
    #[must_use]
    pub fn memory(&self) -> usize {
        let messages: usize = self.mailbox.fragments().map(crate::heap::Fragment::words).sum();
        let extension = self.extension().map_or(0, |_| size_of::<Extension>());
        size_of::<Self>() + extension + self.heap.bytes() + 8 * messages + self.mailbox.memory()
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
            extension.monitors.roots(visit);
            extension.sequence.roots(visit);
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
