// SPDX-License-Identifier: Apache-2.0
//! The end of a port.

use super::{Farewell, Port, Reach, State};
use crate::atom::predefined;
use crate::heap::build;
use crate::process::Peer;
use crate::signal::Cause;
use crate::term::{LocalPid, LocalPort, Term};
use crate::trace::Flag;
use crate::vm::Vm;

impl Port {
    /// Closes a port: it loses its name, its links and those who watch it are told. If something is still to be written, the rest comes when
    /// that is done.
    pub fn close(&mut self, reach: &mut Reach<'_>, reason: Term) {
        if self.state != State::Open {
            return;
        }
        self.state = State::Closing;
        if let Some(name) = self.registered.take() {
            reach.vm.ports.names.remove(&name);
        }
        let links = core::mem::take(&mut self.links);
        for peer in links.iter() {
            if let Peer::Process(pid) = peer
                && reach.unlink(self.id, peer)
            {
                reach.exit(self.id, pid, reason, Cause::Link);
            }
        }
        let watchers = core::mem::take(&mut self.watchers);
        for (numbers, watcher) in watchers.sorted() {
            reach.down(self, watcher, numbers, reason);
        }
        for pid in core::mem::take(&mut self.waiting) {
            reach.wake(pid);
        }
        reach.trace(&[Term::atom(predefined::CLOSED), reason]);
        self.flush(reach);
        self.drained(reach);
    }

    /// Nothing is left to be written: if the port is closing, that was the last.
    pub(crate) fn drained(&mut self, reach: &mut Reach<'_>) {
        if self.state != State::Closing || self.backlog() > 0 {
            return;
        }
        self.state = State::Gone;
        self.stop(reach);
        if self.farewell == Farewell::Owner {
            let id = self.id;
            if let Some((port, tracee)) = reach.traced.take() {
                // Stock tells of less than it sends.
                let event = [predefined::SEND, predefined::CLOSED].map(Term::atom);
                let event = [event[0], event[1], Term::pid(self.connected)];
                reach.vm.trace_port(port, tracee, Flag::Send, &event);
            }
            reach.tell(self.connected, |heap| {
                build::tuple(heap, &[Term::port(id), Term::atom(predefined::CLOSED)])
            });
        }
    }

    /// An exit signal comes to the port.
    pub fn exit_signal(&mut self, reach: &mut Reach<'_>, reason: Term) {
        let is_kill = reason == Term::atom(predefined::KILL);
        self.close(reach, if is_kill { Term::atom(predefined::KILLED) } else { reason });
    }
}

impl Vm {
    /// Tells a port that a process that it is linked to has ended. It ends too, unless the process has ended normally and does not own it.
    pub fn port_link_broken(&mut self, id: LocalPort, pid: LocalPid, reason: Term) {
        Reach::outside(self).with(id, |port, reach| {
            let is_owner = port.connected == pid;
            if port.links.remove(pid) && (is_owner || reason != Term::atom(predefined::NORMAL)) {
                port.close(reach, reason);
            }
        });
    }
}
