// SPDX-License-Identifier: Apache-2.0
//! What tracers are told: `{trace, Pid, Event, ...}`, or `{trace_ts, Pid, Event, ..., Time}`.

use alloc::vec::Vec;
use core::ops::Range;

use super::{Flag, Flags, Tracee, Tracer};
use crate::atom::predefined;
use crate::bif::time::BEGINNING;
use crate::bif::trace::{From, received};
use crate::copy;
use crate::etf::{EncodeOptions, Encoder, Keep, Origin};
use crate::heap::{Fragment, build};
use crate::port::Reach;
use crate::process::{Lookup, Message, Process};
use crate::term::{LocalPid, LocalPort, Term};
use crate::vm::Vm;

/// Messages to tracers are whole.
const NO_LITERALS: Range<usize> = 0..0;

/// What time a message has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stamp {
    /// None.
    None,
    /// `erlang:timestamp()`.
    System,
    /// `erlang:monotonic_time(nanosecond)`.
    Monotonic,
    /// The same with a unique number.
    Strict,
}

impl Flags {
    /// What time messages have.
    #[must_use]
    pub fn stamp(self) -> Stamp {
        if self.has(Flag::Timestamp) {
            Stamp::System
        } else if self.has(Flag::StrictMonotonicTimestamp) {
            Stamp::Strict
        } else if self.has(Flag::MonotonicTimestamp) {
            Stamp::Monotonic
        } else {
            Stamp::None
        }
    }
}

impl Vm {
    pub(super) fn stamp(&mut self, stamp: Stamp, fragment: &mut Fragment) -> Option<Term> {
        let monotonic = self.platform.monotonic() as i64;
        match stamp {
            Stamp::None => None,
            Stamp::System => {
                // As `erlang:now()`: never the same twice.
                let micros = ((monotonic + self.clock_offset) / 1000).max(self.last_now + 1);
                self.last_now = micros;
                let seconds = micros.div_euclid(1_000_000);
                let parts = [
                    seconds.div_euclid(1_000_000),
                    seconds.rem_euclid(1_000_000),
                    micros.rem_euclid(1_000_000),
                ];
                Some(build::tuple(fragment, &parts.map(Term::small_cut)))
            }
            Stamp::Monotonic => Some(build::integer(fragment, BEGINNING.saturating_add(monotonic))),
            Stamp::Strict => {
                // The same numbers as `erlang:unique_integer([monotonic])`.
                self.unique += 1;
                let number = i128::from(Term::SMALL_MIN) + i128::from(self.unique);
                let time = BEGINNING.saturating_add(monotonic);
                let parts = [build::integer(fragment, time), build::wide(fragment, number)];
                Some(build::tuple(fragment, &parts))
            }
        }
    }

    /// Tells the tracer of a process. What is told of itself nobody gets, and what nobody gets any more ends nothing here: the flags
    /// go when they are looked at next.
    pub fn tell_tracer(&mut self, of: LocalPid, tracee: Tracee, event: &[Term]) {
        self.tell_tracer_of(Tracer::Process(of), tracee, event);
    }

    /// Tells the tracer of a process or port.
    pub fn tell_tracer_of(&mut self, of: Tracer, tracee: Tracee, event: &[Term]) {
        let Some(tracer) = tracee.tracer.filter(|tracer| *tracer != of) else { return };
        let mut fragment = Fragment::default();
        let stamp = self.stamp(tracee.flags.stamp(), &mut fragment);
        let name = if stamp.is_some() { predefined::TRACE_TS } else { predefined::TRACE };
        let mut parts: Vec<Term> = Vec::with_capacity(3 + event.len());
        parts.push(Term::atom(name));
        parts.push(of.term());
        parts.extend(event.iter().map(|term| copy::copy(*term, &mut fragment, &NO_LITERALS)));
        if tracee.flags.has(Flag::SchedulerId) {
            parts.push(Term::small_cut(1));
        }
        parts.extend(stamp);
        let message = build::tuple(&mut fragment, &parts);
        self.give_to_tracer(tracer, message, fragment);
    }

    /// Whether who is told is there. `running` is the process that runs.
    #[must_use]
    pub fn is_tracer_there(&self, tracer: Tracer, running: LocalPid) -> bool {
        match tracer {
            Tracer::Process(pid) => pid == running || self.processes.is_there(pid),
            Tracer::Port(port) => self.ports.get(port).is_some(),
        }
    }

    /// Gives a message to a tracer.
    pub(super) fn give_to_tracer(&mut self, tracer: Tracer, message: Term, fragment: Fragment) {
        let Tracer::Process(pid) = tracer else {
            return self.tracing.waiting.push((tracer, message, fragment));
        };
        match self.processes.lookup(pid) {
            Lookup::Process(process) => {
                process.mailbox.push(&mut self.nodes, Message::of_machine(message, Some(fragment)));
                self.queue.wake(process);
            }
            // It is the process that runs; it gets its messages at the end of its turn.
            Lookup::Away => self.tracing.waiting.push((tracer, message, fragment)),
            Lookup::Dead => {}
        }
    }

    /// Gives the process that has run what it was told meanwhile.
    pub fn deliver_waiting_traces(&mut self) {
        for (tracer, message, fragment) in core::mem::take(&mut self.tracing.waiting) {
            match tracer {
                Tracer::Process(_) => self.give_to_tracer(tracer, message, fragment),
                Tracer::Port(port) => self.command_tracer(port, message),
            }
        }
    }

    /// Sends a message to a port that is told, as it would be sent to another node.
    fn command_tracer(&mut self, port: LocalPort, message: Term) {
        let mut encoder = Encoder::new(message, EncodeOptions::default(), Keep::Together);
        encoder.run(Origin { atoms: &self.atoms, node: self.node }, &mut { usize::MAX });
        Reach::outside(self).with(port, |port, reach| port.command(reach, encoder.into_bytes()));
    }

    /// Tells of what a process does, if that is traced.
    #[inline]
    pub fn trace_event(&mut self, process: &Process, flag: Flag, event: &[Term]) {
        if self.tracing.is_used {
            self.trace_event_of(process.pid, process.watched(), flag, event);
        }
    }

    /// Tells of a process that cannot be held while others are looked at.
    pub fn trace_event_of(&mut self, of: LocalPid, tracee: Option<Tracee>, flag: Flag, event: &[Term]) {
        if let Some(tracee) = tracee.filter(|tracee| tracee.flags.has(flag)) {
            self.tell_tracer(of, tracee, event);
        }
    }

    /// Tells of what a port does, if that is traced.
    pub fn trace_port(&mut self, of: LocalPort, tracee: Tracee, flag: Flag, event: &[Term]) {
        if tracee.flags.has(flag) {
            self.tell_tracer_of(Tracer::Port(of), tracee, event);
        }
    }

    /// Tells of a message that a process gets that does not run.
    #[inline]
    pub fn trace_receive(&mut self, to: LocalPid, from: From, message: Term) {
        if self.tracing.is_used {
            self.tell_receive(to, from, message);
        }
    }

    fn tell_receive(&mut self, to: LocalPid, from: From, message: Term) {
        let Lookup::Process(process) = self.processes.lookup(to) else { return };
        if process.watched().is_none_or(|tracee| !tracee.flags.has(Flag::Receive)) {
            return;
        }
        if let Some(mut process) = self.processes.take(to) {
            received(self, &mut process, from, message);
            self.processes.park(process);
        }
    }
}
