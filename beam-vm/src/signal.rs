// SPDX-License-Identifier: Apache-2.0
//! Signals: messages, exits, links and monitors, delivered by whoever sends them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use crate::atom::{Atom, predefined};
use crate::bif::trace::{From, received};
use crate::copy;
use crate::heap::{Fragment, RESERVED, build};
use crate::process::{Lookup, Message, MessagePlace, Nodes, Peer, Process, RefNumbers, State, Target};
use crate::term::{LocalPid, Term};
use crate::trace::Flag;
use crate::trace::sequential::{Teller, Token, Told};
use crate::vm::Vm;

/// A process that a signal has ended, and what is left to do for it. As in stock it is there until the signal has arrived: it has its name, its links and its
/// tables, and what it is sent meanwhile comes after that signal.
#[derive(Debug)]
pub struct Ending {
    process: Box<Process>,
    /// What it was sent since.
    late: Vec<Late>,
}

/// A signal to a process that is gone when it arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Late {
    Link(LocalPid),
    Watch(RefNumbers, LocalPid),
}

impl Ending {
    /// The process.
    #[must_use]
    pub fn pid(&self) -> LocalPid {
        self.process.pid
    }

    /// The process itself, to be changed as long as it is there.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Lets a process know that there is none like this one, when this one has let go of all that it had.
    pub fn watch(&mut self, numbers: RefNumbers, watcher: LocalPid) {
        self.late.push(Late::Watch(numbers, watcher));
    }

    /// The same of a process that has linked itself to this one.
    pub fn link(&mut self, other: LocalPid) {
        self.late.push(Late::Link(other));
    }
}

/// Up to so many messages a new one may be put on the heap. A collection moves what is there, so many that wait are better beside it.
const ON_HEAP_LIMIT: usize = 32;

/// Puts a copy of a term into a process's mailbox.
#[inline]
pub fn put_message(process: &mut Process, nodes: &mut Nodes, term: Term, literals: &Range<usize>) {
    if term.is_immediate() {
        return process.mailbox.push(nodes, Message::of_program(term, None));
    }
    let on_heap = process.message_place == MessagePlace::OnHeap && process.mailbox.len() < ON_HEAP_LIMIT;
    match copy::flat_tuple(term) {
        Some(tuple) if on_heap && process.heap.free_words() >= 1 + tuple.header().arity() + RESERVED => {
            let copied = copy::copy_flat(tuple, &mut process.heap, literals);
            process.mailbox.push(nodes, Message::of_program(copied, None));
        }
        _ => put_copy(process, nodes, term, literals),
    }
}

/// Puts a copy of any term into a process's mailbox.
#[inline(never)]
fn put_copy(process: &mut Process, nodes: &mut Nodes, term: Term, literals: &Range<usize>) {
    let words = copy::size_of(term, literals);
    let fits = process.heap.free_words() >= words + RESERVED;
    let on_heap = process.message_place == MessagePlace::OnHeap && process.mailbox.len() < ON_HEAP_LIMIT;
    let message = if fits && on_heap || words == 0 {
        Message::of_program(copy::copy_of(term, words, &mut process.heap, literals), None)
    } else {
        let mut fragment = Fragment::with_capacity(words);
        Message::of_program(copy::copy_of(term, words, &mut fragment, literals), Some(fragment))
    };
    process.mailbox.push(nodes, message);
}

/// How many processes that have ended are kept for the next ones.
const SPARE: usize = 64;

impl Vm {
    /// Sends a message to a process of this node. Nobody learns whether it arrives.
    #[inline]
    pub fn send(&mut self, sender: &mut Process, to: LocalPid, term: Term) {
        if self.tracing.sequential.is_used
            && let Some(token) = self.sent_token(sender, Term::pid(to), term)
        {
            return self.send_with_token(sender, to, term, token);
        }
        if to == sender.pid {
            if self.tracing.is_used {
                received(self, sender, From::Process(to), term);
            }
            sender.mailbox.push(&mut self.nodes, Message::of_program(term, None));
            return;
        }
        let literals = self.literals.addresses();
        self.trace_receive(to, From::Process(sender.pid), term);
        if let Lookup::Process(process) = self.processes.lookup(to) {
            put_message(process, &mut self.nodes, term, &literals);
            self.queue.wake(process);
        }
    }

    /// Counts that a process sends a message to a receiver that is there, and tells of it; gives the token that goes with the message.
    pub fn sent_token(&mut self, sender: &mut Process, to: Term, term: Term) -> Option<Token> {
        let is_there = match to.as_pid() {
            Some(pid) => pid == sender.pid || self.processes.is_there(pid),
            None => true,
        };
        let token = if is_there { self.next_token(sender)? } else { return None };
        let teller = Teller::from(&*sender);
        self.tell_sequence(token, Told::Send, teller, to, &|heap| copy::copy(term, heap, &(0..0)));
        Some(token)
    }

    /// Sends a message that has a token.
    pub fn send_with_token(&mut self, sender: &mut Process, to: LocalPid, term: Term, token: Token) {
        let literals = self.literals.addresses();
        let mut fragment = Fragment::default();
        let copied = copy::copy(term, &mut fragment, &literals);
        let token = token.copy(&mut fragment);
        let message = Message { term: copied, fragment: Some(fragment), token };
        if to == sender.pid {
            received(self, sender, From::Process(to), term);
            sender.mailbox.push(&mut self.nodes, message);
        } else {
            self.push_message(to, From::Process(sender.pid), message);
        }
    }

    /// Puts a message into the mailbox of a process that does not run, and wakes it.
    fn push_message(&mut self, to: LocalPid, from: From, message: Message) {
        self.trace_receive(to, from, message.term);
        if let Lookup::Process(process) = self.processes.lookup(to) {
            process.mailbox.push(&mut self.nodes, message);
            self.queue.wake(process);
        }
    }

    /// Puts a message of the machine that was made for a process into its mailbox, and wakes it.
    pub fn deliver_fragment(&mut self, to: LocalPid, term: Term, fragment: Fragment) {
        self.push_message(to, From::Machine, Message::of_machine(term, Some(fragment)));
    }

    /// Tells that a signal is sent that becomes a message if the receiver wants that.
    fn tell_signal(&mut self, token: Token, to: LocalPid, message: &dyn Fn(&mut Fragment) -> Term) {
        if let Lookup::Process(process) = self.processes.lookup(to) {
            let teller = Teller::from(&*process);
            self.tell_sequence(token, Told::Send, teller, Term::pid(to), message);
        }
    }

    /// Sends an exit signal to a process that does not run.
    pub fn exit_signal(
        &mut self,
        from: Term,
        to: LocalPid,
        reason: Term,
        cause: Cause,
        token: Option<Token>,
    ) {
        let literals = self.literals.addresses();
        if let Some(token) = token {
            self.tell_signal(token, to, &|heap| {
                let reason = copy::copy(reason, heap, &(0..0));
                build::tuple(heap, &[Term::atom(predefined::UPPER_EXIT), from, reason])
            });
        }
        let Lookup::Process(process) = self.processes.lookup(to) else { return };
        match effect(process, reason, cause) {
            Effect::None => {}
            Effect::Message => {
                let mut fragment = Fragment::with_capacity(4 + copy::size_of(reason, &literals));
                let reason = copy::copy(reason, &mut fragment, &literals);
                let from = copy::copy(from, &mut fragment, &literals);
                let term = build::tuple(&mut fragment, &[Term::atom(predefined::UPPER_EXIT), from, reason]);
                let token = match (token, cause) {
                    (Some(token), _) => token.copy(&mut fragment),
                    (None, Cause::Link) => token_of_signal(reason),
                    (None, Cause::Exit) => Term::NIL,
                };
                let sender = from.as_pid().map_or(From::Machine, From::Process);
                self.push_message(to, sender, Message { term, fragment: Some(fragment), token });
            }
            Effect::End(replaced) => {
                let reason = replaced.map_or(reason, Term::atom);
                let mut fragment = Fragment::default();
                process.exit_reason = copy::copy(reason, &mut fragment, &literals);
                process.heap.absorb(fragment);
                if let Some(process) = self.processes.take(to) {
                    self.begin_end(process);
                }
            }
        }
    }

    /// Notes that a process ends. It does when the process that runs has stopped, since that one may be among those to be told.
    pub fn begin_end(&mut self, mut process: Box<Process>) {
        process.state = State::Exiting;
        self.processes.mark_ending(process.pid);
        self.ending.push_back(Ending { process, late: Vec::new() });
    }

    /// A process that is ending. Who asks for one has mostly just ended it.
    pub fn find_ending(&mut self, pid: LocalPid) -> Option<&mut Ending> {
        if !self.processes.is_ending(pid) {
            return None;
        }
        self.ending.iter_mut().rev().find(|ending| ending.pid() == pid)
    }

    /// Ends the process that has run, and those that it has ended.
    pub fn end(&mut self, mut process: Box<Process>) {
        process.state = State::Exiting;
        self.processes.mark_ending(process.pid);
        self.end_one(process);
        self.end_all();
    }

    /// Ends those that exit signals have ended. What that ends in turn is put on their list, so a chain of any length needs no stack.
    pub fn end_all(&mut self) {
        while let Some(Ending { process, late }) = self.ending.pop_front() {
            let pid = process.pid;
            self.end_one(process);
            for signal in late {
                match signal {
                    Late::Watch(numbers, watcher) => {
                        self.down(watcher, numbers, Term::pid(pid), Term::atom(predefined::NOPROC));
                    }
                    Late::Link(other) => {
                        self.link_broken(pid, other, Term::atom(predefined::NOPROC), None);
                    }
                }
            }
        }
    }

    /// Tells a process that one to which it was linked is gone, unless it has ended that link.
    fn link_broken(&mut self, gone: LocalPid, other: LocalPid, reason: Term, sender: Option<&mut Process>) {
        let Lookup::Process(linked) = self.processes.lookup(other) else { return };
        if !linked.links.remove(gone) {
            return;
        }
        // What ends with it is not told of the link.
        if self.tracing.is_used && !matches!(effect(linked, reason, Cause::Link), Effect::End(_)) {
            let tracee = linked.watched();
            let event = [Term::atom(predefined::GETTING_UNLINKED), Term::pid(gone)];
            self.trace_event_of(other, tracee, Flag::Procs, &event);
        }
        let token = sender.and_then(|sender| self.next_token(sender));
        self.exit_signal(Term::pid(gone), other, reason, Cause::Link, token);
    }

    /// A process lets go of its name, and its end is told to who traces it.
    fn leave(&mut self, process: &Process) {
        if self.tracing.is_used {
            let event = [Term::atom(predefined::EXIT), process.exit_reason];
            self.trace_event(process, Flag::Procs, &event);
            let event = [Term::atom(predefined::OUT_EXITED), Term::small_cut(0)];
            self.trace_event(process, Flag::Exiting, &event);
        }
        if let Some(name) = process.extension().and_then(|extension| extension.registered) {
            self.registry.remove(&name);
            if self.tracing.is_used {
                let event = [Term::atom(predefined::UNREGISTER), Term::atom(name)];
                self.trace_event(process, Flag::Procs, &event);
            }
        }
    }

    fn end_one(&mut self, mut process: Box<Process>) {
        let pid = process.pid;
        let reason = process.exit_reason;
        self.leave(&process);
        if process.extension().is_some_and(|extension| extension.is_system) {
            self.system_process_ended(&process);
        }
        if let Some(timer) = process.timeout.take() {
            self.timers.cancel(timer);
        }
        self.cancel_all_delayed(&mut process);
        self.results.finished(&mut process, &self.atoms, self.node.name);
        // Heirs have the tables before anybody is told.
        self.bequeath_tables(pid);
        let links = core::mem::take(&mut process.links);
        for peer in links.iter() {
            match peer {
                Peer::Process(linked) => self.link_broken(pid, linked, reason, Some(&mut process)),
                Peer::Port(port) => self.port_link_broken(port, pid, reason),
            }
        }
        let watchers = core::mem::take(&mut process.watchers);
        if !watchers.is_empty() {
            for (numbers, watcher) in watchers.sorted() {
                self.down(watcher, numbers, Term::pid(pid), reason);
            }
        }
        if process.extension().is_some() {
            self.end_extension(&mut process);
        }
        process.mailbox.clear(&mut self.nodes);
        self.processes.free(pid);
        process.retire();
        if self.spare.len() < SPARE {
            self.spare.push(process);
        }
    }

    /// Lets go of whom a process that is ending watches and holds.
    fn end_extension(&mut self, process: &mut Process) {
        let extension = process.extension_mut();
        let suspending = core::mem::take(&mut extension.suspending);
        let files = core::mem::take(&mut extension.files);
        let monitors = core::mem::take(&mut extension.monitors);
        // It goes before the files do: their closing comes after what it has begun.
        if let Some(ticket) = extension.parked.take().and_then(|parked| parked.file_ticket()) {
            self.abandon_file_wait(ticket);
        }
        for (numbers, monitor) in monitors.sorted() {
            self.unwatch(numbers, monitor.target);
        }
        for (suspended, count) in suspending {
            self.resume(suspended, count);
        }
        self.orphan_files(files);
    }

    /// Lets go of what a reference watches.
    pub fn unwatch(&mut self, numbers: RefNumbers, target: Target) {
        if let Some(pid) = target.pid()
            && let Lookup::Process(process) = self.processes.lookup(pid)
        {
            process.watchers.remove(numbers);
        }
        if let Some(port) = target.port().and_then(|id| self.ports.get_mut(id)) {
            port.watchers.remove(numbers);
        }
    }

    /// Takes back suspensions.
    pub fn resume(&mut self, pid: LocalPid, count: u32) {
        if let Lookup::Process(process) = self.processes.lookup(pid) {
            process.suspended = process.suspended.saturating_sub(count);
            if process.state == State::Runnable {
                self.queue.push(process);
            }
        }
    }

    /// Tells a watcher that what it watches is gone.
    fn down(&mut self, watcher: LocalPid, numbers: RefNumbers, target: Term, reason: Term) {
        let literals = self.literals.addresses();
        let node = self.node.name;
        let Lookup::Process(process) = self.processes.lookup(watcher) else { return };
        let mut fragment = Fragment::with_capacity(DOWN_WORDS + copy::size_of(reason, &literals));
        if let Some(term) = down_message(process, &mut fragment, numbers, target, node, reason, &literals) {
            let token = token_of_signal(reason);
            let sender = target.as_pid().map_or(From::Machine, From::Process);
            self.push_message(watcher, sender, Message { term, fragment: Some(fragment), token });
        }
    }
}

/// What a signal without a token does to the receiver's: stock sends those with a short reason in a form that says nothing of tokens.
fn token_of_signal(reason: Term) -> Term {
    if reason.is_immediate() { Term::atom(predefined::UNDEFINED) } else { Term::NIL }
}

/// Words of a `'DOWN'` message without its reason and tag.
const DOWN_WORDS: usize = 6 + 4 + 3;

/// Ends what a reference watches; gives the message that tells of it, if it watched something.
pub fn down_message(
    watcher: &mut Process,
    fragment: &mut Fragment,
    numbers: RefNumbers,
    target: Term,
    node: Atom,
    reason: Term,
    literals: &Range<usize>,
) -> Option<Term> {
    let monitor = watcher.extension_mut().monitors.end_watch(numbers)?;
    let object = match monitor.target {
        Target::Name(_, name) | Target::PortName(_, name) => {
            build::tuple(fragment, &[Term::atom(name), Term::atom(node)])
        }
        _ => target,
    };
    let tag = if monitor.tag.is_some() {
        copy::copy(monitor.tag, fragment, literals)
    } else {
        Term::atom(predefined::UPPER_DOWN)
    };
    let reason = copy::copy(reason, fragment, literals);
    let reference = build::reference(fragment, numbers, monitor.alias.map(|_| watcher.pid));
    let kind = if monitor.target.port().is_some() { predefined::PORT } else { predefined::PROCESS };
    let message = [tag, reference, Term::atom(kind), object, reason];
    Some(build::tuple(fragment, &message))
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
