// SPDX-License-Identifier: Apache-2.0
//! The items of `process_info/2` before they are terms (`pi_args` in OTP's `erl_bif_info.c` lists them).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use crate::atom::{Atom, predefined};
use crate::bif::memory;
use crate::bif::processes::flags::{message_place_atom, priority_atom};
use crate::code::Location;
use crate::emu::place;
use crate::heap::{BinaryInfo, Fragment, HeapLimits, ProcessHeap, build};
use crate::print::Printed;
use crate::process::{Extension, MessagePlace, Peer, Process, SavedCall, State, Target};
use crate::term::Term;
use crate::trace::Name;
use crate::trace::sequential::Token;
use crate::vm::Vm;

/// Whom is asked about.
pub(super) struct Subject<'a> {
    /// The machine.
    pub(super) vm: &'a Vm,
    /// The process.
    pub(super) process: &'a Process,
    /// Whether it is the one that asks.
    pub(super) is_running: bool,
}

/// What is known of a process.
pub(super) enum Facts {
    /// A term.
    Term(Term),
    /// A number.
    Number(u64),
    /// A list.
    Terms(Vec<Term>),
    /// A list of tuples.
    Tuples(Vec<Vec<Term>>),
    /// What kind each is that is watched, its identifier or name, and the node of the names.
    Monitors(Vec<(Atom, Term)>, Atom),
    /// A list of names with numbers.
    Numbers([(Atom, usize); 11]),
    /// What the collector was asked for, and how many minor collections there were.
    Limits(HeapLimits, usize),
    /// `max_heap_size`.
    MaxHeap(HeapLimits),
    /// A function: module, name, arity.
    Function(Atom, Atom, u32),
    /// Where a process is.
    Place(Location),
    /// Where it is and whence it was called.
    Places(Vec<Location>),
    /// A text.
    Text(String),
    /// The last calls.
    Calls(Vec<SavedCall>),
    /// The token of a sequence of messages.
    Token(Option<Token>),
}

impl Facts {
    /// An item; none if there is no such item.
    pub(super) fn of(subject: &Subject<'_>, item: Atom) -> Option<Self> {
        let Subject { process, .. } = *subject;
        let heap = &process.heap;
        let limits = heap.limits();
        let extension = process.extension();
        let atom = |atom| Self::Term(Term::atom(atom));
        let count = |value: usize| Self::Number(value as u64);
        Some(match item {
            predefined::REGISTERED_NAME => {
                Self::Term(extension.and_then(|extension| extension.registered).map_or(Term::NIL, Term::atom))
            }
            predefined::CURRENT_FUNCTION => match subject.current() {
                Some(place) => Self::Function(place.module, place.function, place.arity),
                None => atom(predefined::UNDEFINED),
            },
            predefined::CURRENT_LOCATION => match subject.current() {
                Some(place) => Self::Place(place),
                None => atom(predefined::UNDEFINED),
            },
            predefined::CURRENT_STACKTRACE => {
                Self::Places(subject.places().into_iter().take(subject.vm.backtrace_depth).collect())
            }
            predefined::INITIAL_CALL => {
                let (module, function, arity) = process.initial_call;
                Self::Function(module, function, arity)
            }
            predefined::STATUS => atom(subject.status()),
            predefined::MESSAGES if subject.is_closed() => Self::Terms(Vec::new()),
            predefined::MESSAGES => Self::Terms(process.mailbox.terms().collect()),
            predefined::MESSAGE_QUEUE_LEN => count(process.mailbox.len()),
            predefined::MESSAGE_QUEUE_DATA => Self::Term(message_place_atom(process.message_place)),
            predefined::LINKS => {
                let mut links: Vec<Term> = process.links.iter().map(Peer::term).collect();
                links.reverse();
                Self::Terms(links)
            }
            predefined::MONITORS => {
                Self::Monitors(extension.map(monitors).unwrap_or_default(), subject.vm.node.name)
            }
            predefined::MONITORED_BY => Self::Terms(
                process.watchers.sorted().into_iter().rev().map(|(_, pid)| Term::pid(pid)).collect(),
            ),
            predefined::DICTIONARY if subject.is_closed() => Self::Tuples(Vec::new()),
            predefined::DICTIONARY => {
                let pairs = extension.into_iter().flat_map(|extension| extension.dictionary.pairs());
                Self::Tuples(pairs.map(|(key, value)| Vec::from([key, value])).collect())
            }
            predefined::SUSPENDING => Self::Tuples(extension.map(suspending).unwrap_or_default()),
            predefined::TRAP_EXIT => Self::Term(Term::boolean(process.trap_exit)),
            predefined::ERROR_HANDLER => atom(process.error_handler),
            predefined::PRIORITY => Self::Term(priority_atom(process.priority)),
            predefined::GROUP_LEADER => Self::Term(process.group_leader),
            predefined::PARENT => Self::Term(Term::pid(process.parent)),
            predefined::REDUCTIONS => Self::Number(subject.reductions()),
            predefined::HEAP_SIZE => count(heap.heap_size()),
            predefined::STACK_SIZE => count(heap.stack_words()),
            predefined::TOTAL_HEAP_SIZE => {
                let messages: usize = match process.message_place {
                    MessagePlace::OnHeap => process.mailbox.fragments().map(Fragment::words).sum(),
                    MessagePlace::OffHeap => 0,
                };
                count(heap.total_heap_size() + messages)
            }
            predefined::MEMORY => count(process.memory()),
            predefined::MIN_HEAP_SIZE => count(limits.min_words as usize),
            predefined::MIN_BIN_VHEAP_SIZE => count(limits.min_binary_words as usize),
            predefined::MAX_HEAP_SIZE => Self::MaxHeap(*limits),
            predefined::FULLSWEEP_AFTER => count(usize::from(limits.fullsweep_after)),
            predefined::GARBAGE_COLLECTION => Self::Limits(*limits, usize::from(heap.generations().minor)),
            predefined::GARBAGE_COLLECTION_INFO => Self::Numbers(heap.collection_info()),
            predefined::BINARY => Self::Tuples(binaries(heap)),
            predefined::CATCHLEVEL => {
                count(heap.stack().iter().filter(|word| word.as_catch().is_some()).count())
            }
            predefined::TRACE => Self::Number(0),
            predefined::SEQUENTIAL_TRACE_TOKEN => {
                Self::Token(extension.and_then(|extension| extension.sequence.token))
            }
            predefined::BACKTRACE if subject.is_closed() => Self::Text(String::new()),
            predefined::BACKTRACE => Self::Text(subject.backtrace()),
            predefined::LAST_CALLS => match process.saved_calls() {
                Some(saved) => Self::Calls(saved.calls().collect()),
                None => atom(predefined::FALSE),
            },
            _ => return None,
        })
    }

    /// Roughly the words that there are to be built.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Terms(terms) => 2 * terms.len(),
            Self::Tuples(tuples) => 5 * tuples.len(),
            Self::Calls(calls) => 5 * calls.len(),
            Self::Text(text) => text.len() / 8,
            _ => 10,
        }
    }

    /// With other terms.
    pub(super) fn map(self, mut change: impl FnMut(Term) -> Term) -> Self {
        match self {
            Self::Term(term) => Self::Term(change(term)),
            Self::Terms(terms) => Self::Terms(terms.into_iter().map(change).collect()),
            Self::Tuples(tuples) => Self::Tuples(
                tuples.into_iter().map(|tuple| tuple.into_iter().map(&mut change).collect()).collect(),
            ),
            Self::Token(Some(token)) => Self::Token(Some(Token { label: change(token.label), ..token })),
            other => other,
        }
    }

    /// The term.
    pub(super) fn build(self, heap: &mut ProcessHeap) -> Term {
        match self {
            Self::Term(term) => term,
            Self::Number(value) => build::unsigned(heap, value),
            Self::Terms(terms) => build::list(heap, &terms),
            Self::Tuples(tuples) => {
                let tuples: Vec<Term> = tuples.iter().map(|tuple| build::tuple(heap, tuple)).collect();
                build::list(heap, &tuples)
            }
            Self::Monitors(watched, node) => {
                let entry = |(kind, term): &(Atom, Term)| {
                    let object = match term.as_atom() {
                        Some(_) => build::tuple(heap, &[*term, Term::atom(node)]),
                        None => *term,
                    };
                    build::tuple(heap, &[Term::atom(*kind), object])
                };
                let entries: Vec<Term> = watched.iter().map(entry).collect();
                build::list(heap, &entries)
            }
            Self::Numbers(numbers) => memory::pairs(heap, &numbers),
            Self::MaxHeap(limits) => memory::max_heap_size_map(heap, &limits),
            Self::Limits(limits, minor) => memory::collection_settings(heap, &limits, Some(minor)),
            Self::Function(module, function, arity) => named(heap, (module, function, arity)),
            Self::Place(location) => entry(heap, &location),
            Self::Places(locations) => {
                let entries: Vec<Term> = locations.iter().map(|location| entry(heap, location)).collect();
                build::list(heap, &entries)
            }
            Self::Calls(calls) => {
                let calls: Vec<Term> = calls.into_iter().map(|call| saved(heap, call)).collect();
                build::list(heap, &calls)
            }
            Self::Text(text) => build::binary(heap, text.as_bytes()),
            Self::Token(token) => token.map_or(Term::NIL, |token| token.term(heap)),
        }
    }
}

fn named(heap: &mut ProcessHeap, (module, function, arity): Name) -> Term {
    build::tuple(heap, &[Term::atom(module), Term::atom(function), Term::count(arity as usize)])
}

fn saved(heap: &mut ProcessHeap, call: SavedCall) -> Term {
    match call {
        SavedCall::Function(name) => named(heap, name),
        SavedCall::Send => Term::atom(predefined::SEND),
        SavedCall::Receive => Term::atom(predefined::RECEIVE),
        SavedCall::Timeout => Term::atom(predefined::TIMEOUT),
    }
}

/// A line of a stack trace.
fn entry(heap: &mut ProcessHeap, location: &Location) -> Term {
    let at = place(heap, location);
    let function = [Term::atom(location.module), Term::atom(location.function)];
    build::tuple(heap, &[function[0], function[1], Term::count(location.arity as usize), at])
}

impl Subject<'_> {
    /// Whether nobody may look inside.
    fn is_closed(&self) -> bool {
        self.process.is_sensitive()
    }

    fn status(&self) -> Atom {
        match self.process.state {
            _ if self.is_running => predefined::RUNNING,
            State::Exiting => predefined::EXITING,
            _ if self.process.suspended > 0 => predefined::SUSPENDED,
            State::Waiting | State::Hibernating => predefined::WAITING,
            State::Runnable => predefined::RUNNABLE,
        }
    }

    fn reductions(&self) -> u64 {
        let now = if self.is_running { (self.vm.slice - self.process.reductions_left).max(0) } else { 0 };
        self.process.reductions + now as u64
    }

    /// Where the process is. It stays in the BIF while it hibernates, though it goes on somewhere else.
    fn current(&self) -> Option<Location> {
        if self.process.state == State::Hibernating {
            let (module, function) = (predefined::ERLANG, predefined::HIBERNATE);
            return Some(Location { module, function, arity: 3, line: None });
        }
        self.places().into_iter().next()
    }

    /// Where the process is, and whence that was called.
    fn places(&self) -> Vec<Location> {
        if self.process.state == State::Hibernating {
            return Vec::new();
        }
        let current = self.vm.code.locate(self.process.ip.addr());
        let frames = self.process.heap.stack().iter().map(|word| word.raw() as usize);
        // Return addresses are the only words on a stack with the tag of a header.
        let mut addresses: Vec<usize> = frames.filter(|raw| raw & 3 == 0 && *raw != 0).collect();
        // Calls from one place that follow each other are one entry.
        addresses.dedup();
        // The address is that of the instruction after the call.
        let callers = addresses.into_iter().filter_map(|raw| self.vm.code.locate(raw - 8));
        current.into_iter().chain(callers).collect()
    }

    /// The stack as text, as in a crash dump.
    pub(super) fn backtrace(&self) -> String {
        let printed = |term| Printed::new(&self.vm.atoms, self.vm.node.name, term);
        let name = |address: usize| match self.vm.code.locate(address) {
            None => String::from("<terminate process normally>"),
            Some(place) => {
                let function = printed(Term::atom(place.function));
                let module = printed(Term::atom(place.module));
                alloc::format!("{module}:{function}/{}", place.arity)
            }
        };
        let mut text = String::new();
        let ip = self.process.ip.addr();
        // Writing to a string does not fail.
        let _ = writeln!(text, "Program counter: {ip:#018x} ({})", name(ip));
        let mut slot = 0;
        for word in self.process.heap.stack() {
            let raw = word.raw() as usize;
            if raw & 3 == 0 {
                let _ =
                    writeln!(text, "\n{:#018x} Return addr {raw:#018x} ({})", 0, name(raw.saturating_sub(8)));
                slot = 0;
                continue;
            }
            let _ = match word.as_catch() {
                Some(handler) => {
                    writeln!(text, "y({slot})     Catch {handler:#018x} ({})", name(handler as usize))
                }
                None => writeln!(text, "y({slot})     {}", printed(*word)),
            };
            slot += 1;
        }
        text
    }
}

/// Whom a process watches: processes and ports, by identifiers or names of this node.
fn monitors(extension: &Extension) -> Vec<(Atom, Term)> {
    let mut all = Vec::new();
    for (_, monitor) in extension.monitors.sorted().into_iter().rev() {
        match monitor.target {
            Target::Process(pid) => all.push((predefined::PROCESS, Term::pid(pid))),
            Target::Name(_, name) => all.push((predefined::PROCESS, Term::atom(name))),
            Target::Port(id) => all.push((predefined::PORT, Term::port(id))),
            Target::PortName(_, name) => all.push((predefined::PORT, Term::atom(name))),
            Target::None | Target::TimeOffset => {}
        }
    }
    all
}

fn suspending(extension: &Extension) -> Vec<Vec<Term>> {
    let all = extension.suspending.iter().filter(|(_, count)| **count > 0);
    all.map(|(pid, count)| Vec::from([Term::pid(*pid), Term::count(*count as usize), Term::small_cut(0)]))
        .collect()
}

/// Address, size and references of each binary that the heap refers to.
fn binaries(heap: &ProcessHeap) -> Vec<Vec<Term>> {
    let describe = |binary: BinaryInfo| {
        let address = Term::small_cut(binary.block as i64);
        Vec::from([address, Term::count(binary.bytes), Term::count(binary.references)])
    };
    heap.binaries().map(describe).collect()
}
