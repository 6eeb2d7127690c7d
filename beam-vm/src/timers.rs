// SPDX-License-Identifier: Apache-2.0
//! Timers of programs: those of `receive … after`, and those of `erlang:send_after/3` and `start_timer/3`.

use alloc::collections::BTreeMap;

use crate::atom::predefined;
use crate::copy;
use crate::heap::{Fragment, build};
use crate::process::{Lookup, Message, RefNumbers};
use crate::term::{LocalPid, Term};
use crate::timer::TimerId;
use crate::vm::Vm;

/// What a timer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timer {
    /// A process waits for it in `receive`.
    Receive(LocalPid),
    /// It sends a message; the key says which.
    Message(RefNumbers),
}

/// To whom a timer sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receiver {
    /// A process.
    Pid(LocalPid),
    /// Whoever has the name when the time has come.
    Name(crate::atom::Atom),
}

/// How the message looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// The message as it is: `send_after`.
    Plain,
    /// `{timeout, TimerRef, Message}`: `start_timer`.
    Timeout,
}

/// A message that waits for its time.
#[derive(Debug)]
pub struct Delayed {
    id: TimerId,
    receiver: Receiver,
    message: Message,
}

/// The messages that wait, by the references of their timers.
pub type DelayedMessages = BTreeMap<RefNumbers, Delayed>;

impl Vm {
    /// Milliseconds of the monotonic clock.
    pub fn now_ms(&mut self) -> u64 {
        self.platform.monotonic() / 1_000_000
    }

    /// Sets a timer for a process that waits.
    pub fn set_timeout(&mut self, pid: LocalPid, after_ms: u64) -> TimerId {
        let now = self.now_ms();
        self.timers.set_now(now);
        // One more, so that none goes off before its time: the clock stands within a millisecond.
        self.timers.insert(now + after_ms + 1, Timer::Receive(pid))
    }

    /// Makes a message that is sent when the monotonic clock is at `deadline` milliseconds.
    pub fn delay(&mut self, numbers: RefNumbers, deadline: u64, receiver: Receiver, form: Form, term: Term) {
        let literals = self.literals.addresses();
        let mut fragment = Fragment::default();
        let mut term = copy::copy(term, &mut fragment, &literals);
        if form == Form::Timeout {
            let reference = build::reference(&mut fragment, numbers, None);
            term = build::tuple(&mut fragment, &[Term::atom(predefined::TIMEOUT), reference, term]);
        }
        let now = self.now_ms();
        self.timers.set_now(now);
        let id = self.timers.insert(deadline, Timer::Message(numbers));
        let message = Message { term, fragment: Some(fragment) };
        self.delayed.insert(numbers, Delayed { id, receiver, message });
    }

    /// Takes a timer away; gives the milliseconds that it had left.
    pub fn cancel_delayed(&mut self, numbers: RefNumbers) -> Option<u64> {
        let delayed = self.delayed.remove(&numbers)?;
        let now = self.now_ms();
        let (_, deadline) = self.timers.cancel(delayed.id)?;
        Some(deadline.saturating_sub(now))
    }

    /// The milliseconds that a timer has left.
    pub fn read_delayed(&mut self, numbers: RefNumbers) -> Option<u64> {
        let id = self.delayed.get(&numbers)?.id;
        let now = self.now_ms();
        Some(self.timers.read(id)?.saturating_sub(now))
    }

    pub(crate) fn timer_message(&mut self, numbers: RefNumbers) {
        let Some(delayed) = self.delayed.remove(&numbers) else { return };
        let to = match delayed.receiver {
            Receiver::Pid(pid) => Some(pid),
            Receiver::Name(name) => self.registry.get(&name).copied(),
        };
        let Some(to) = to else { return };
        if let Lookup::Process(process) = self.processes.lookup(to) {
            process.mailbox.push(delayed.message);
            self.wake(to);
        }
    }
}
