// SPDX-License-Identifier: Apache-2.0
//! The messages that a process has not received yet, and how far its `receive` has looked.

use alloc::collections::VecDeque;

use crate::heap::{Fragment, ProcessHeap};
use crate::term::Term;

/// A message: a term on the receiver's heap, or in a fragment that comes with it.
#[derive(Debug)]
pub struct Message {
    /// The term.
    pub term: Term,
    /// Where it is, unless it is on the heap.
    pub fragment: Option<Fragment>,
}

/// Messages in the order of their arrival.
#[derive(Debug, Default)]
pub struct Mailbox {
    messages: VecDeque<Message>,
    /// How many of them the current `receive` has refused.
    looked_at: usize,
}

impl Mailbox {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Appends one.
    pub fn push(&mut self, message: Message) {
        self.messages.push_back(message);
    }

    /// The next one that the current `receive` has not seen.
    #[must_use]
    pub fn peek(&self) -> Option<Term> {
        self.messages.get(self.looked_at).map(|message| message.term)
    }

    /// The current `receive` does not want the one that it has seen last.
    pub fn refuse(&mut self) {
        self.looked_at += 1;
    }

    /// Takes out the one that the current `receive` has seen last; the next `receive` begins at the first.
    pub fn remove(&mut self) -> Option<Message> {
        let message = self.messages.remove(self.looked_at);
        self.looked_at = 0;
        message
    }

    /// The next `receive` begins at the first.
    pub fn restart(&mut self) {
        self.looked_at = 0;
    }

    /// The next `receive` begins after what is there now: nothing of that can match.
    pub fn skip_all(&mut self, seen: usize) {
        self.looked_at = seen.min(self.messages.len());
    }

    /// Makes the message that the current `receive` looks at a part of the heap.
    pub fn take_in_current(&mut self, heap: &mut ProcessHeap) {
        if let Some(message) = self.messages.get_mut(self.looked_at)
            && let Some(fragment) = message.fragment.take()
        {
            heap.absorb(fragment);
        }
    }

    /// Moves all messages to the heap.
    pub fn take_in_all(&mut self, heap: &mut ProcessHeap) {
        for message in &mut self.messages {
            if let Some(fragment) = message.fragment.take() {
                heap.absorb(fragment);
            }
        }
    }

    /// All terms in order.
    pub fn terms(&self) -> impl Iterator<Item = Term> + '_ {
        self.messages.iter().map(|message| message.term)
    }

    /// The fragments of messages that have one.
    pub fn fragments(&self) -> impl Iterator<Item = &Fragment> {
        self.messages.iter().filter_map(|message| message.fragment.as_ref())
    }

    /// The terms of messages that have a fragment, in the same order.
    pub fn fragment_terms(&self) -> impl Iterator<Item = Term> + '_ {
        self.messages.iter().filter(|message| message.fragment.is_some()).map(|message| message.term)
    }

    /// What a collector has to see: terms that are on the heap. Those in fragments are apart until they are received.
    pub(super) fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for message in self.messages.iter_mut().filter(|message| message.fragment.is_none()) {
            visit(&mut message.term);
        }
    }
}

impl Mailbox {
    /// Takes out the first message that a test is true of; gives whether there was one.
    pub fn remove_where(&mut self, test: impl Fn(Term) -> bool) -> bool {
        let Some(place) = self.messages.iter().position(|message| test(message.term)) else { return false };
        self.messages.remove(place);
        if place < self.looked_at {
            self.looked_at -= 1;
        }
        true
    }
}
