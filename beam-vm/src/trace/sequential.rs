// SPDX-License-Identifier: Apache-2.0
//! Sequential tracing (`seq_trace(3)`, `erl_bif_trace.c`, `erl_trace.c`): a token goes along with messages, and the system tracer is told where it
//! has come.
//!
//! As long as nobody has ever made a token, sending and receiving look at one word of the machine and no more.

use super::{Stamp, Tracer};
use crate::atom::{Atom, predefined};
use crate::copy;
use crate::heap::{Fragment, Heap, build};
use crate::process::{Lookup, Process};
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// What goes along with messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// What is told: a sum of [`Told`]s and of the kinds of times.
    pub flags: i64,
    /// What the program calls the sequence.
    pub label: Term,
    /// The number of the last event.
    pub serial: i64,
    /// Who has sent it.
    pub sender: Term,
    /// The number of the event before.
    pub last: i64,
}

/// What a process has of sequences.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequence {
    /// The token of the last message, or its own.
    pub token: Option<Token>,
    /// The highest number that it has seen.
    pub clock: i64,
    /// The number of the last message.
    pub last: i64,
}

/// What the machine has of sequences.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential {
    /// Whether there ever was a token.
    pub is_used: bool,
    /// Who is told.
    pub tracer: Option<Tracer>,
}

/// What is told of a sequence, as the flags of a token number it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i64)]
pub enum Told {
    /// A message is sent.
    Send = 1,
    /// A message is received.
    Receive = 2,
    /// A program says something.
    Print = 4,
}

/// `timestamp`
const SYSTEM_TIME: i64 = 8;
/// `strict_monotonic_timestamp`
const STRICT_TIME: i64 = 16;
/// `monotonic_timestamp`
const MONOTONIC_TIME: i64 = 32;

/// The flag of a name.
#[must_use]
pub fn flag(name: Atom) -> Option<i64> {
    Some(match name {
        predefined::SEND => Told::Send as i64,
        predefined::RECEIVE => Told::Receive as i64,
        predefined::PRINT => Told::Print as i64,
        predefined::TIMESTAMP => SYSTEM_TIME,
        predefined::STRICT_MONOTONIC_TIMESTAMP => STRICT_TIME,
        predefined::MONOTONIC_TIMESTAMP => MONOTONIC_TIME,
        _ => return None,
    })
}

impl Told {
    fn name(self) -> Term {
        Term::atom(match self {
            Self::Send => predefined::SEND,
            Self::Receive => predefined::RECEIVE,
            Self::Print => predefined::PRINT,
        })
    }
}

impl Token {
    /// As programs see it: `{Flags, Label, Serial, Sender, LastSerial}`.
    pub fn term(&self, heap: &mut impl Heap) -> Term {
        let [flags, serial, last] = [self.flags, self.serial, self.last].map(Term::small_cut);
        build::tuple(heap, &[flags, self.label, serial, self.sender, last])
    }

    /// The same as part of a message.
    pub fn copy(&self, heap: &mut impl Heap) -> Term {
        let label = copy::copy(self.label, heap, &(0..0));
        Self { label, ..*self }.term(heap)
    }

    /// What a message has.
    #[must_use]
    pub fn read(term: Term) -> Option<Self> {
        let tuple = term.as_tuple()?;
        let [flags, label, serial, sender, last] = *tuple.elements() else { return None };
        let (flags, serial, last) = (flags.as_small()?, serial.as_small()?, last.as_small()?);
        Some(Self { flags, label, serial, sender, last })
    }

    fn stamp(&self) -> Stamp {
        if self.flags & SYSTEM_TIME != 0 {
            Stamp::System
        } else if self.flags & STRICT_TIME != 0 {
            Stamp::Strict
        } else if self.flags & MONOTONIC_TIME != 0 {
            Stamp::Monotonic
        } else {
            Stamp::None
        }
    }
}

impl Sequence {
    /// Counts an event of the process; gives its token with the event's number, if it has a token.
    pub fn next(&mut self, own: LocalPid) -> Option<Token> {
        let token = self.token.as_mut()?;
        self.clock += 1;
        token.sender = Term::pid(own);
        token.serial = self.clock;
        token.last = self.last;
        Some(*token)
    }

    /// Takes the token of a message that is received.
    pub fn receive(&mut self, token: Token) {
        self.token = Some(token);
        self.last = token.serial;
        self.clock = self.clock.max(token.serial);
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        if let Some(token) = &mut self.token {
            visit(&mut token.label);
            visit(&mut token.sender);
        }
    }
}

/// Of whom something is told.
#[derive(Clone, Copy, Debug)]
pub struct Teller {
    pid: LocalPid,
    is_sensitive: bool,
}

impl From<&Process> for Teller {
    fn from(process: &Process) -> Self {
        let is_sensitive = process.is_sensitive();
        Self { pid: process.pid, is_sensitive }
    }
}

impl Vm {
    /// Counts an event of a process, if it has a token.
    #[inline]
    pub fn next_token(&self, process: &mut Process) -> Option<Token> {
        if !self.tracing.sequential.is_used {
            return None;
        }
        process.extension()?.sequence.token?;
        let own = process.pid;
        process.extension_mut().sequence.next(own)
    }

    /// A process takes the token of a message that it receives. A message of the machine leaves the token that it has.
    pub fn take_token(&mut self, process: &mut Process, message: Term, token: Term) {
        match Token::read(token) {
            Some(token) => {
                process.extension_mut().sequence.receive(token);
                let teller = Teller::from(&*process);
                let own = Term::pid(process.pid);
                self.tell_sequence(token, Told::Receive, teller, own, &|heap| {
                    copy::copy(message, heap, &(0..0))
                });
            }
            None if token.is_nil() && process.extension().is_some() => {
                process.extension_mut().sequence.token = None;
            }
            None => {}
        }
    }

    /// Whom sequences are told, as long as it is there.
    pub fn sequential_tracer(&mut self, running: LocalPid) -> Option<Tracer> {
        let tracer = self.tracing.sequential.tracer?;
        if !self.is_tracer_there(tracer, running) {
            self.tracing.sequential.tracer = None;
        }
        self.tracing.sequential.tracer
    }

    /// Tells the system tracer of an event.
    pub fn tell_sequence(
        &mut self,
        token: Token,
        told: Told,
        teller: Teller,
        receiver: Term,
        message: &dyn Fn(&mut Fragment) -> Term,
    ) {
        let Some(tracer) = self.tracing.sequential.tracer else { return };
        if teller.is_sensitive || tracer == Tracer::Process(teller.pid) || token.flags & told as i64 == 0 {
            return;
        }
        let mut fragment = Fragment::default();
        let numbers = [Term::small_cut(token.last), Term::small_cut(token.serial)];
        let numbers = build::tuple(&mut fragment, &numbers);
        let message = message(&mut fragment);
        let receiver = copy::copy(receiver, &mut fragment, &(0..0));
        let info = build::tuple(&mut fragment, &[told.name(), numbers, token.sender, receiver, message]);
        let label = copy::copy(token.label, &mut fragment, &(0..0));
        let mut parts = alloc::vec![Term::atom(predefined::SEQ_TRACE), label, info];
        parts.extend(self.stamp(token.stamp(), &mut fragment));
        let message = build::tuple(&mut fragment, &parts);
        self.give_to_tracer(tracer, message, fragment);
    }

    /// Takes all tokens away from processes and their messages. The process that runs is `running`.
    pub fn reset_sequences(&mut self, running: &mut Process) {
        let pids: alloc::vec::Vec<LocalPid> = self.processes.pids().collect();
        forget(running);
        for pid in pids {
            if let Lookup::Process(process) = self.processes.lookup(pid) {
                forget(process);
            }
        }
    }
}

fn forget(process: &mut Process) {
    if process.extension().is_some() {
        process.extension_mut().sequence = Sequence::default();
    }
    process.mailbox.forget_tokens();
}
