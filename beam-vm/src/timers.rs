// SPDX-License-Identifier: Apache-2.0
//! Timers of programs: those of `receive … after`, and those of `erlang:send_after/3` and `start_timer/3`.
//!
//! A message that waits for its time is kept in a slot. Those for one process are linked, since they end with it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::HashTable;

use crate::atom::predefined;
use crate::copy;
use crate::heap::{Fragment, build};
use crate::inet::Due;
use crate::process::{Lookup, Message, Process, RefNumbers};
use crate::term::{LocalPid, LocalPort, Term};
use crate::timer::TimerId;
use crate::vm::Vm;

/// The slot of a message that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerSlot(u32);

/// What a timer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timer {
    /// A process waits for it in `receive`.
    Receive(LocalPid),
    /// It sends a message; the slot says which.
    Message(TimerSlot),
    /// A port waits for it.
    Port(LocalPort, Due),
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

/// What is sent. Most timers are cancelled, so what is short is made when the time has come.
#[derive(Debug)]
enum Content {
    /// The message, which has a fragment.
    Message(Box<Message>),
    /// A term without a pointer.
    Plain(Term),
    /// `{timeout, TimerRef, Term}` of a term without a pointer.
    Timeout(Term),
}

/// A message that waits for its time.
#[derive(Debug)]
struct Delayed {
    key: RefNumbers,
    id: TimerId,
    receiver: Receiver,
    content: Content,
    /// The others for the same process.
    next: Option<TimerSlot>,
    previous: Option<TimerSlot>,
}

/// The messages that wait, by the references of their timers.
#[derive(Debug, Default)]
pub struct DelayedMessages {
    slots: Vec<Option<Delayed>>,
    free: Vec<TimerSlot>,
    by_reference: HashTable<TimerSlot>,
}

/// References of a node count up, so multiplying is enough to tell them apart in the lowest bits and in the highest.
fn hash([low, middle, high]: RefNumbers) -> u64 {
    let number = u64::from(low) ^ u64::from(middle) << 18 ^ u64::from(high) << 50;
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl DelayedMessages {
    fn slot(&mut self, slot: TimerSlot) -> Option<&mut Delayed> {
        self.slots.get_mut(slot.0 as usize)?.as_mut()
    }

    /// Bytes of those that wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.by_reference.len() * size_of::<Delayed>()
    }

    /// All that wait: to whom they go, the reference of a `start_timer/3` whose message is not made yet, the message or the term that it
    /// is to have, and the timer.
    pub fn iter(&self) -> impl Iterator<Item = (Receiver, Option<RefNumbers>, Term, TimerId)> + '_ {
        let all = self.slots.iter().flatten();
        all.map(|delayed| {
            let (reference, term) = match &delayed.content {
                Content::Message(message) => (None, message.term),
                Content::Plain(term) => (None, *term),
                Content::Timeout(term) => (Some(delayed.key), *term),
            };
            (delayed.receiver, reference, term, delayed.id)
        })
    }

    /// Keeps a message.
    fn insert(&mut self, slot: TimerSlot, delayed: Delayed) {
        let Self { slots, by_reference, .. } = self;
        let hash_of = |slot: &TimerSlot| key_of(slots, *slot).map_or(0, hash);
        by_reference.insert_unique(hash(delayed.key), slot, hash_of);
        if let Some(next) = delayed.next.and_then(|next| self.slot(next)) {
            next.previous = Some(slot);
        }
        self.slots[slot.0 as usize] = Some(delayed);
    }

    /// The slot of a timer.
    fn find(&self, key: RefNumbers) -> Option<TimerSlot> {
        let is_it = |slot: &TimerSlot| key_of(&self.slots, *slot) == Some(key);
        self.by_reference.find(hash(key), is_it).copied()
    }

    fn new_slot(&mut self) -> TimerSlot {
        self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            TimerSlot(self.slots.len() as u32 - 1)
        })
    }

    /// Takes a message out. `first` is the first of those for its receiver.
    fn remove(&mut self, slot: TimerSlot, first: Option<&mut Option<TimerSlot>>) -> Option<Delayed> {
        let delayed = self.slots.get_mut(slot.0 as usize)?.take()?;
        self.free.push(slot);
        if let Ok(entry) = self.by_reference.find_entry(hash(delayed.key), |other| *other == slot) {
            entry.remove();
        }
        if let Some(next) = delayed.next.and_then(|next| self.slot(next)) {
            next.previous = delayed.previous;
        }
        match delayed.previous.and_then(|previous| self.slot(previous)) {
            Some(previous) => previous.next = delayed.next,
            None => {
                if let Some(first) = first {
                    *first = delayed.next;
                }
            }
        }
        Some(delayed)
    }
}

fn key_of(slots: &[Option<Delayed>], slot: TimerSlot) -> Option<RefNumbers> {
    Some(slots.get(slot.0 as usize)?.as_ref()?.key)
}

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;

impl Vm {
    /// Milliseconds of the monotonic clock, a millisecond that has begun as a whole one. A timer that is set by it is never early.
    pub fn now_ms(&mut self) -> u64 {
        self.platform.monotonic().div_ceil(MILLISECOND)
    }

    /// Sets a timer for a process that waits.
    pub fn set_timeout(&mut self, pid: LocalPid, after_ms: u64) -> TimerId {
        let now = self.now_ms();
        self.timers.insert(now + after_ms, Timer::Receive(pid))
    }

    /// Makes a message that is sent when the monotonic clock is at `deadline` milliseconds. `caller` is the process that runs.
    pub fn delay(
        &mut self,
        caller: &mut Process,
        numbers: RefNumbers,
        deadline: u64,
        receiver: Receiver,
        form: Form,
        term: Term,
    ) {
        // Literals may go while nobody but processes is looked at, so what waits here is copied whole.
        let literals = 0..0;
        let words = if term.is_immediate() { 0 } else { copy::size_of(term, &literals) };
        let content = match form {
            Form::Plain if words == 0 => Content::Plain(term),
            Form::Timeout if words == 0 => Content::Timeout(term),
            Form::Plain => {
                let mut fragment = Fragment::with_capacity(words);
                let term = copy::copy_of(term, words, &mut fragment, &literals);
                Content::Message(Box::new(Message::of_machine(term, Some(fragment))))
            }
            Form::Timeout => {
                let mut fragment = Fragment::with_capacity(words + TIMEOUT_WORDS);
                let term = copy::copy_of(term, words, &mut fragment, &literals);
                Content::Message(Box::new(timeout(fragment, numbers, term)))
            }
        };
        let first = match receiver {
            Receiver::Name(_) => None,
            Receiver::Pid(pid) if pid == caller.pid => Some(&mut caller.timers),
            Receiver::Pid(pid) => match self.processes.lookup(pid) {
                Lookup::Process(process) => Some(&mut process.timers),
                // Stock makes such a timer too, and it is gone at once.
                _ => return,
            },
        };
        let slot = self.delayed.new_slot();
        let id = self.timers.insert(deadline, Timer::Message(slot));
        let next = first.and_then(|first| first.replace(slot));
        self.delayed.insert(slot, Delayed { key: numbers, id, receiver, content, next, previous: None });
    }

    /// Takes a timer away; gives the milliseconds that it had left. `caller` is the process that runs.
    pub fn cancel_delayed(&mut self, caller: &mut Process, numbers: RefNumbers) -> Option<u64> {
        let slot = self.delayed.find(numbers)?;
        let left = self.left_of(slot)?;
        let first = match self.delayed.slot(slot)?.receiver {
            Receiver::Name(_) => None,
            Receiver::Pid(pid) if pid == caller.pid => Some(&mut caller.timers),
            Receiver::Pid(pid) => match self.processes.lookup(pid) {
                Lookup::Process(process) => Some(&mut process.timers),
                _ => None,
            },
        };
        let delayed = self.delayed.remove(slot, first)?;
        self.timers.cancel(delayed.id);
        Some(left)
    }

    /// The milliseconds that a timer has left.
    pub fn read_delayed(&mut self, numbers: RefNumbers) -> Option<u64> {
        let slot = self.delayed.find(numbers)?;
        self.left_of(slot)
    }

    fn left_of(&mut self, slot: TimerSlot) -> Option<u64> {
        let id = self.delayed.slot(slot)?.id;
        let now = self.platform.monotonic();
        self.timers.set_now(now / MILLISECOND);
        let begun = u64::from(!now.is_multiple_of(MILLISECOND));
        self.timers.read(id).map(|left| left.saturating_sub(begun))
    }

    /// Takes away the timers that would send to a process that ends.
    pub(crate) fn cancel_all_delayed(&mut self, process: &mut Process) {
        while let Some(slot) = process.timers {
            match self.delayed.remove(slot, Some(&mut process.timers)) {
                Some(delayed) => {
                    self.timers.cancel(delayed.id);
                }
                None => process.timers = None,
            }
        }
    }

    pub(crate) fn timer_message(&mut self, slot: TimerSlot) {
        let Some(receiver) = self.delayed.slot(slot).map(|delayed| delayed.receiver) else { return };
        let to = match receiver {
            Receiver::Pid(pid) => Some(pid),
            Receiver::Name(name) => self.registry.get(&name).copied(),
        };
        let receiving = match to.map(|to| self.processes.lookup(to)) {
            Some(Lookup::Process(process)) => Some(process),
            _ => None,
        };
        match receiving {
            Some(process) => {
                let first = matches!(receiver, Receiver::Pid(_)).then_some(&mut process.timers);
                if let Some(delayed) = self.delayed.remove(slot, first) {
                    let message = match delayed.content {
                        Content::Message(message) => *message,
                        Content::Plain(term) => Message::of_machine(term, None),
                        Content::Timeout(term) => {
                            timeout(Fragment::with_capacity(TIMEOUT_WORDS), delayed.key, term)
                        }
                    };
                    process.mailbox.push(&mut self.nodes, message);
                    self.queue.wake(process);
                }
            }
            None => {
                self.delayed.remove(slot, None);
            }
        }
    }
}

/// The message of `start_timer`, whose term is in the fragment.
fn timeout(mut fragment: Fragment, numbers: RefNumbers, term: Term) -> Message {
    let reference = build::reference(&mut fragment, numbers, None);
    let term = build::tuple(&mut fragment, &[Term::atom(predefined::TIMEOUT), reference, term]);
    Message::of_machine(term, Some(fragment))
}

/// Words of `{timeout, TimerRef, _}`.
const TIMEOUT_WORDS: usize = 4 + crate::term::layout::REF_SIZE;
