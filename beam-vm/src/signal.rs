// SPDX-License-Identifier: Apache-2.0
//! Signals: messages, exits, links and monitors, delivered by whoever sends them.

use alloc::boxed::Box;
use core::ops::Range;

use crate::atom::{Atom, predefined};
use crate::copy;
use crate::heap::{Fragment, RESERVED, build};
use crate::process::{Lookup, Message, Process, RefNumbers, State};
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// A process that is ending, and what is left to do for it.
#[derive(Debug)]
pub struct Ending {
    process: Box<Process>,
}

/// Puts a term into a process's mailbox.
pub fn put_message(process: &mut Process, term: Term, literals: &Range<usize>) {
    let words = copy::size_of(term, literals);
    let message = if process.heap.free_words() >= words + RESERVED {
        Message { term: copy::copy(term, &mut process.heap, literals), fragment: None }
    } else {
        let mut fragment = Fragment::with_capacity(words);
        Message { term: copy::copy(term, &mut fragment, literals), fragment: Some(fragment) }
    };
    process.mailbox.push(message);
}

impl Vm {
    /// Sends a message to a process of this node. Nobody learns whether it arrives.
    pub fn send(&mut self, sender: &mut Process, to: LocalPid, term: Term) {
        if to == sender.pid {
            sender.mailbox.push(Message { term, fragment: None });
            return;
        }
        self.deliver(to, term);
    }

    /// Puts a message into the mailbox of a process that does not run, and wakes it.
    pub fn deliver(&mut self, to: LocalPid, term: Term) {
        let literals = self.literals.addresses();
        if let Lookup::Process(process) = self.processes.lookup(to) {
            put_message(process, term, &literals);
            self.wake(to);
        }
    }

    /// Makes a process that waits go on.
    pub fn wake(&mut self, pid: LocalPid) {
        if let Lookup::Process(process) = self.processes.lookup(pid)
            && process.state == State::Waiting
        {
            process.state = State::Runnable;
            let priority = process.priority;
            self.queue.push(priority, pid);
        }
    }

    /// Sends an exit signal to a process that does not run. `linked` says whether it comes through a link.
    pub fn exit_signal(&mut self, from: Term, to: LocalPid, reason: Term, cause: Cause) {
        let literals = self.literals.addresses();
        let Lookup::Process(process) = self.processes.lookup(to) else { return };
        if process.state == State::Exiting {
            return;
        }
        match effect(process, reason, cause) {
            Effect::None => {}
            Effect::Message => {
                let mut fragment = Fragment::default();
                let reason = copy::copy(reason, &mut fragment, &literals);
                let from = copy::copy(from, &mut fragment, &literals);
                let term = build::tuple(&mut fragment, &[Term::atom(predefined::UPPER_EXIT), from, reason]);
                process.mailbox.push(Message { term, fragment: Some(fragment) });
                self.wake(to);
            }
            Effect::End(replaced) => {
                let reason = replaced.map_or(reason, Term::atom);
                let mut fragment = Fragment::default();
                process.exit_reason = copy::copy(reason, &mut fragment, &literals);
                process.heap.absorb(fragment);
                process.state = State::Exiting;
                if let Some(process) = self.processes.take(to) {
                    self.ending.push_back(Ending { process });
                }
            }
        }
    }

    /// Ends a process that has been taken out: its links and monitors are told, its place is freed. What that ends in turn is
    /// put on the list of those that are ending, so a chain of any length needs no stack.
    pub fn end(&mut self, process: Box<Process>) {
        self.ending.push_back(Ending { process });
        while let Some(Ending { process }) = self.ending.pop_front() {
            self.end_one(process);
        }
    }

    /// Ends those that exit signals have ended.
    pub fn end_all(&mut self) {
        while let Some(Ending { process }) = self.ending.pop_front() {
            self.end_one(process);
        }
    }

    fn end_one(&mut self, mut process: Box<Process>) {
        let pid = process.pid;
        let reason = process.exit_reason;
        if let Some(timer) = process.timeout.take() {
            self.timers.cancel(timer);
        }
        self.results.finished(&mut process, &self.atoms, self.node.name);
        let (monitors, watchers, registered) = match process.extension() {
            Some(extension) => {
                let monitors: alloc::vec::Vec<_> =
                    extension.monitors.iter().map(|(numbers, monitor)| (*numbers, monitor.target)).collect();
                let watchers: alloc::vec::Vec<_> =
                    extension.watchers.iter().map(|(numbers, watcher)| (*numbers, *watcher)).collect();
                (monitors, watchers, extension.registered)
            }
            None => Default::default(),
        };
        if let Some(name) = registered {
            self.registry.remove(&name);
        }
        for (numbers, target) in monitors {
            if let Lookup::Process(target) = self.processes.lookup(target) {
                target.extension_mut().watchers.remove(&numbers);
            }
        }
        for (numbers, watcher) in watchers {
            self.down(watcher, numbers, Term::pid(pid), reason);
        }
        let from = Term::pid(pid);
        for linked in core::mem::take(&mut process.links) {
            if let Lookup::Process(other) = self.processes.lookup(linked)
                && other.links.remove(&pid)
            {
                self.exit_signal(from, linked, reason, Cause::Link);
            }
        }
        self.processes.free(pid);
    }

    /// Tells a watcher that what it watches is gone.
    pub fn down(&mut self, watcher: LocalPid, numbers: RefNumbers, target: Term, reason: Term) {
        let literals = self.literals.addresses();
        let node = self.node.name;
        let Lookup::Process(process) = self.processes.lookup(watcher) else { return };
        let extension = process.extension_mut();
        let Some(monitor) = extension.monitors.remove(&numbers) else { return };
        let tag = extension.tags.remove(&numbers);
        let alias = extension.aliases.get(&numbers).copied();
        if alias.is_some_and(|kind| kind != crate::process::AliasKind::Explicit) {
            extension.aliases.remove(&numbers);
        }
        let mut fragment = Fragment::default();
        let object = match monitor.name {
            Some(name) => build::tuple(&mut fragment, &[Term::atom(name), Term::atom(node)]),
            None => target,
        };
        let tag =
            tag.map_or(Term::atom(predefined::UPPER_DOWN), |tag| copy::copy(tag, &mut fragment, &literals));
        let reason = copy::copy(reason, &mut fragment, &literals);
        let reference = build::reference(&mut fragment, numbers, alias.map(|_| watcher));
        let message = [tag, reference, Term::atom(predefined::PROCESS), object, reason];
        let term = build::tuple(&mut fragment, &message);
        process.mailbox.push(Message { term, fragment: Some(fragment) });
        self.wake(watcher);
    }
}

/// What an exit signal comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A link.
    Link,
    /// `exit/2`.
    Exit,
}

/// What an exit signal does.
pub enum Effect {
    /// Nothing.
    None,
    /// It becomes a message.
    Message,
    /// It ends the process, with another reason if one is named.
    End(Option<Atom>),
}

/// What an exit signal does to a process (reference manual, "Receiving Exit Signals").
#[must_use]
pub fn effect(process: &Process, reason: Term, cause: Cause) -> Effect {
    if cause == Cause::Exit && reason == Term::atom(predefined::KILL) {
        return Effect::End(Some(predefined::KILLED));
    }
    if process.trap_exit {
        return Effect::Message;
    }
    if reason == Term::atom(predefined::NORMAL) {
        return Effect::None;
    }
    Effect::End(None)
}
