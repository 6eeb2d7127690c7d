// SPDX-License-Identifier: Apache-2.0
//! Whom a port can reach: the machine, and the process that runs, if one does. That process is not in the table of processes.

use core::ops::Range;

use super::Port;
use crate::atom::{Atom, predefined};
use crate::copy;
use crate::heap::{Fragment, build};
use crate::platform::{Errno, Interest, StreamId, Streams};
use crate::process::{Lookup, Message, Peer, Process, RefNumbers};
use crate::signal::{Cause, Effect, down_message, effect};
use crate::term::{LocalPid, LocalPort, Term};
use crate::trace::{Flag, Tracee};
use crate::vm::Vm;

/// The machine and the process that runs.
pub struct Reach<'a> {
    /// The machine.
    pub vm: &'a mut Vm,
    /// The process that runs, if one does.
    pub process: Option<&'a mut Process>,
    /// Whether a signal has ended the process that runs; its reason is in it.
    pub has_ended: bool,
    /// The port that is worked with, if it is traced.
    pub traced: Option<(LocalPort, Tracee)>,
}

impl<'a> Reach<'a> {
    /// The machine between two time slices.
    pub fn outside(vm: &'a mut Vm) -> Self {
        Self { vm, process: None, has_ended: false, traced: None }
    }

    /// Who has asked for what is being done.
    #[must_use]
    pub fn caller(&self) -> Option<LocalPid> {
        self.process.as_ref().map(|process| process.pid)
    }

    /// The streams of the platform.
    pub fn streams(&mut self) -> Option<&mut dyn Streams> {
        self.vm.platform.streams()
    }

    /// A process, be it the one that runs.
    pub fn find(&mut self, pid: LocalPid) -> Option<&mut Process> {
        if let Some(process) = self.process.as_deref_mut()
            && process.pid == pid
        {
            return Some(process);
        }
        match self.vm.processes.lookup(pid) {
            Lookup::Process(process) => Some(process),
            Lookup::Away | Lookup::Dead => None,
        }
    }

    /// Whether a process is alive, be it the one that runs.
    #[must_use]
    pub fn is_alive(&self, pid: LocalPid) -> bool {
        self.is_running(pid) || self.vm.processes.is_alive(pid)
    }

    fn is_running(&self, pid: LocalPid) -> bool {
        self.process.as_ref().is_some_and(|process| process.pid == pid)
    }

    fn literals(&self) -> Range<usize> {
        self.vm.literals.addresses()
    }

    /// Sends a message that is made for it.
    pub fn tell(&mut self, to: LocalPid, make: impl FnOnce(&mut Fragment) -> Term) {
        let is_running = self.is_running(to);
        if !is_running && !self.vm.processes.is_alive(to) {
            return;
        }
        let mut fragment = Fragment::default();
        let term = make(&mut fragment);
        if let Some((port, tracee)) = self.traced {
            let event = [Term::atom(predefined::SEND), term, Term::pid(to)];
            self.vm.trace_port(port, tracee, Flag::Send, &event);
        }
        self.push(to, term, fragment);
    }

    /// Tells of what the port that is worked with does.
    pub fn trace(&mut self, event: &[Term]) {
        if let Some((port, tracee)) = self.traced {
            self.vm.trace_port(port, tracee, Flag::Ports, event);
        }
    }

    /// Tells that the port that is worked with gets an owner.
    pub fn trace_connect(&mut self, owner: LocalPid) {
        self.trace_receive(&|heap| build::tuple(heap, &[Term::atom(predefined::CONNECT), Term::pid(owner)]));
    }

    /// Tells of an answer that stock gives its own function for connecting.
    pub fn trace_connected(&mut self) {
        if let (Some((port, tracee)), Some(caller)) = (self.traced, self.caller()) {
            let mut fragment = Fragment::default();
            let answer = [Term::port(port), Term::atom(predefined::CONNECTED)];
            let answer = build::tuple(&mut fragment, &answer);
            let event = [Term::atom(predefined::SEND), answer, Term::pid(caller)];
            self.vm.trace_port(port, tracee, Flag::Send, &event);
        }
    }

    /// Tells of what a process sends to the port that is worked with.
    pub fn trace_receive(&mut self, what: &dyn Fn(&mut Fragment) -> Term) {
        let Some((port, tracee)) = self.traced.filter(|(_, tracee)| tracee.flags.has(Flag::Receive)) else {
            return;
        };
        let Some(caller) = self.caller() else { return };
        let mut fragment = Fragment::default();
        let what = what(&mut fragment);
        let message = build::tuple(&mut fragment, &[Term::pid(caller), what]);
        self.vm.trace_port(port, tracee, Flag::Receive, &[Term::atom(predefined::RECEIVE), message]);
    }

    fn push(&mut self, to: LocalPid, term: Term, fragment: Fragment) {
        match self.process.as_deref_mut() {
            Some(process) if process.pid == to => {
                process.mailbox.push(&mut self.vm.nodes, Message::of_machine(term, Some(fragment)));
            }
            _ => self.vm.deliver_fragment(to, term, fragment),
        }
    }

    /// Sends an exit signal.
    pub fn exit(&mut self, from: LocalPort, to: LocalPid, reason: Term, cause: Cause) {
        let literals = self.literals();
        let from = Term::port(from);
        let Some(process) = self.process.as_deref_mut().filter(|process| process.pid == to) else {
            return self.vm.exit_signal(from, to, reason, cause, None);
        };
        match effect(process, reason, cause) {
            Effect::None => {}
            Effect::Message => {
                let mut fragment = Fragment::default();
                let reason = copy::copy(reason, &mut fragment, &literals);
                let message = [Term::atom(predefined::UPPER_EXIT), from, reason];
                let message = build::tuple(&mut fragment, &message);
                self.push(to, message, fragment);
            }
            Effect::End(replaced) => {
                let reason = replaced.map_or(reason, Term::atom);
                process.exit_reason = copy::copy(reason, &mut process.heap, &literals);
                self.has_ended = true;
            }
        }
    }

    /// Tells who watches a port that it is gone.
    pub fn down(&mut self, port: &Port, watcher: LocalPid, numbers: RefNumbers, reason: Term) {
        let literals = self.literals();
        let node = self.vm.node.name;
        let target = Term::port(port.id);
        let Some(process) = self.find(watcher) else { return };
        let mut fragment = Fragment::default();
        if let Some(term) = down_message(process, &mut fragment, numbers, target, node, reason, &literals) {
            self.push(watcher, term, fragment);
        }
    }

    /// Lets a process go on that waits for a port.
    pub fn wake(&mut self, pid: LocalPid) {
        if let Lookup::Process(process) = self.vm.processes.lookup(pid) {
            self.vm.queue.wake(process);
        }
    }

    /// Takes a link to a port away from its other end.
    pub fn unlink(&mut self, port: LocalPort, peer: Peer) -> bool {
        match peer {
            Peer::Process(pid) => self.find(pid).is_some_and(|process| process.links.remove(port)),
            Peer::Port(_) => false,
        }
    }

    /// Says what is to be told of a port's stream.
    pub fn watch(&mut self, port: LocalPort, stream: StreamId, interest: Interest) {
        if interest.is_any() {
            self.vm.ports.streams.insert(stream, port);
        } else if self.vm.ports.streams.remove(&stream).is_none() {
            return;
        }
        if let Some(all) = self.streams() {
            all.watch(stream, interest);
        }
    }

    /// Lets go of a stream.
    pub fn close(&mut self, stream: StreamId) {
        self.vm.ports.streams.remove(&stream);
        if let Some(all) = self.streams() {
            all.close(stream);
        }
    }

    /// The atom of a POSIX error.
    pub fn posix(&mut self, error: Errno) -> Atom {
        // The names are short, and the table of atoms is full only if the program has filled it.
        self.vm.atoms.insert(error.text()).unwrap_or(predefined::EINVAL)
    }

    /// Takes a port out, works with it, and puts it back unless it is gone.
    pub fn with<R>(&mut self, id: LocalPort, work: impl FnOnce(&mut Port, &mut Self) -> R) -> Option<R> {
        let mut port = self.vm.ports.take(id)?;
        let before = self.traced.take();
        if port.tracee.tracer.is_some() {
            self.traced = Some((id, port.tracee));
        }
        let result = work(&mut port, self);
        self.traced = before;
        if port.state == super::State::Gone {
            self.vm.ports.forget(id);
        } else {
            self.vm.ports.put(port);
        }
        Some(result)
    }
}
