// SPDX-License-Identifier: Apache-2.0
//! The messages that a process has not received yet, and how far its `receive` has looked.
//!
//! They are a list that is linked both ways, so that one is taken out of the middle in constant time however many there are. Nodes come
//! from a [`Nodes`], which keeps those that were used before: a message for which the receiver's heap has room takes no allocation.
#![expect(unsafe_code, reason = "links nodes that it owns by their addresses")]

mod marker;

pub use marker::MarkerId;

use alloc::boxed::Box;
use core::ptr::NonNull;

use super::RefNumbers;
use crate::atom::predefined;
use crate::heap::{Fragment, ProcessHeap};
use crate::term::Term;
use marker::Markers;

/// A message: a term on the receiver's heap, or in a fragment that comes with it.
#[derive(Debug)]
pub struct Message {
    /// The term.
    pub term: Term,
    /// Where it is, unless it is on the heap.
    pub fragment: Option<Fragment>,
    /// The token of a sequence (`trace::sequential`) that goes with it: `[]` if it has none, `undefined` if the machine has sent it, which
    /// changes nothing of the receiver's token. It is where the term is.
    pub token: Term,
}

impl Message {
    /// A message of a program that has no token.
    #[must_use]
    pub const fn of_program(term: Term, fragment: Option<Fragment>) -> Self {
        Self { term, fragment, token: Term::NIL }
    }

    /// A message of the machine.
    #[must_use]
    pub const fn of_machine(term: Term, fragment: Option<Fragment>) -> Self {
        Self { term, fragment, token: Term::atom(predefined::UNDEFINED) }
    }
}

/// A place in a list.
#[derive(Debug)]
struct Node {
    next: Link,
    previous: Link,
    message: Message,
}

type Link = Option<NonNull<Node>>;

/// Nodes that were used before, for the next messages.
#[derive(Debug, Default)]
pub struct Nodes {
    first: Link,
    count: usize,
}

/// How many nodes are kept: enough for the messages that are on their way at a time, unless something piles up.
const KEPT: usize = 4096;

impl Nodes {
    #[inline]
    fn give(&mut self, message: Message) -> NonNull<Node> {
        let Some(node) = self.first else {
            return NonNull::from(Box::leak(Box::new(Node { next: None, previous: None, message })));
        };
        // SAFETY: the nodes that are kept are nobody else's.
        unsafe {
            self.first = (*node.as_ptr()).next;
            node.write(Node { next: None, previous: None, message });
        }
        self.count -= 1;
        node
    }

    /// Keeps a node that is in no list any more.
    ///
    /// # Safety
    /// Nobody else uses the node, and its message has no fragment.
    #[inline]
    unsafe fn keep(&mut self, node: NonNull<Node>) {
        // SAFETY: as the caller promises.
        unsafe {
            if self.count >= KEPT {
                return drop(Box::from_raw(node.as_ptr()));
            }
            (*node.as_ptr()).next = self.first;
        }
        self.first = Some(node);
        self.count += 1;
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        while let Some(node) = self.first {
            // SAFETY: the nodes that are kept are nobody else's, and were made by `Box`.
            let node = unsafe { Box::from_raw(node.as_ptr()) };
            self.first = node.next;
        }
    }
}

/// Messages in the order of their arrival.
#[derive(Debug, Default)]
pub struct Mailbox {
    first: Link,
    last: Link,
    /// The first that the current `receive` has not refused; none if there is no such.
    current: Link,
    len: u32,
    /// How many of them are on the heap.
    on_heap: u32,
    markers: Markers<NonNull<Node>>,
}

impl Mailbox {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Appends one.
    #[inline]
    pub fn push(&mut self, nodes: &mut Nodes, message: Message) {
        self.on_heap += u32::from(message.fragment.is_none());
        self.len += 1;
        let node = nodes.give(message);
        match self.last {
            // SAFETY: the nodes of the list are this mailbox's.
            Some(last) => unsafe {
                (*last.as_ptr()).next = Some(node);
                (*node.as_ptr()).previous = Some(last);
            },
            None => self.first = Some(node),
        }
        self.last = Some(node);
        if self.current.is_none() {
            self.current = Some(node);
        }
    }

    /// The next one that the current `receive` has not seen.
    #[must_use]
    #[inline]
    pub fn peek(&self) -> Option<Term> {
        // SAFETY: the nodes of the list are this mailbox's.
        self.current.map(|node| unsafe { (*node.as_ptr()).message.term })
    }

    /// The current `receive` does not want the one that it has seen last.
    #[inline]
    pub fn refuse(&mut self) {
        if let Some(node) = self.current {
            // SAFETY: as above.
            self.current = unsafe { (*node.as_ptr()).next };
        }
    }

    /// Takes out the one that the current `receive` has seen last, and makes it a part of the heap; the next `receive` begins at the first.
    /// Gives the term and its token.
    #[inline]
    pub fn receive(&mut self, nodes: &mut Nodes, heap: &mut ProcessHeap) -> Option<(Term, Term)> {
        let node = self.current?;
        self.take_in_current(heap);
        // SAFETY: the nodes of the list are this mailbox's.
        let received = unsafe { ((*node.as_ptr()).message.term, (*node.as_ptr()).message.token) };
        self.take_out(nodes, node);
        self.current = self.first;
        Some(received)
    }

    /// Takes out the first message that a test is true of; gives whether there was one.
    pub fn remove_where(&mut self, nodes: &mut Nodes, test: impl Fn(Term) -> bool) -> bool {
        let mut next = self.first;
        while let Some(node) = next {
            // SAFETY: the nodes of the list are this mailbox's.
            let (term, after) = unsafe { ((*node.as_ptr()).message.term, (*node.as_ptr()).next) };
            if test(term) {
                if self.current == Some(node) {
                    self.current = after;
                }
                self.take_out(nodes, node);
                return true;
            }
            next = after;
        }
        false
    }

    #[inline]
    fn take_out(&mut self, nodes: &mut Nodes, node: NonNull<Node>) {
        // SAFETY: the nodes of the list are this mailbox's, and nothing leads to this one once its neighbours and markers do not.
        unsafe {
            let Node { next, previous, .. } = *node.as_ptr();
            match previous {
                Some(previous) => (*previous.as_ptr()).next = next,
                None => self.first = next,
            }
            match next {
                Some(next) => (*next.as_ptr()).previous = previous,
                None => self.last = previous,
            }
            self.markers.is_taken_out(node, previous);
            self.len -= 1;
            let fragment = &mut (*node.as_ptr()).message.fragment;
            if fragment.is_none() {
                self.on_heap -= 1;
            } else {
                *fragment = None;
            }
            nodes.keep(node);
        }
    }

    /// Takes all out.
    pub fn clear(&mut self, nodes: &mut Nodes) {
        while let Some(node) = self.first {
            self.take_out(nodes, node);
        }
        self.current = None;
        self.markers.clear();
    }

    /// The next `receive` begins at the first.
    #[inline]
    pub fn restart(&mut self) {
        self.current = self.first;
    }

    /// Remembers what is there now, for a reference that is about to be made (`recv_marker_reserve`).
    pub fn reserve_marker(&mut self) -> MarkerId {
        self.markers.reserve(self.last)
    }

    /// Says for which reference (`recv_marker_bind`).
    pub fn bind_marker(&mut self, marker: MarkerId, key: RefNumbers) {
        self.markers.bind(marker, key);
    }

    /// Forgets what was remembered for a reference (`recv_marker_clear`).
    pub fn clear_marker(&mut self, key: RefNumbers) {
        self.markers.forget(key);
    }

    /// The current `receive` begins after what was there when a reference was made, since nothing of that can have it
    /// (`recv_marker_use`).
    pub fn use_marker(&mut self, key: RefNumbers) {
        match self.markers.find(key) {
            // SAFETY: a marker is at a node of the list.
            Some(Some(last)) => self.current = unsafe { (*last.as_ptr()).next },
            Some(None) => self.current = self.first,
            None => {}
        }
    }

    /// Makes the message that the current `receive` looks at a part of the heap.
    #[inline]
    pub fn take_in_current(&mut self, heap: &mut ProcessHeap) {
        if let Some(node) = self.current {
            // SAFETY: the nodes of the list are this mailbox's.
            let message = unsafe { &mut (*node.as_ptr()).message };
            if let Some(fragment) = message.fragment.take() {
                heap.absorb(fragment);
                self.on_heap += 1;
            }
        }
    }

    /// Moves all messages to the heap.
    pub fn take_in_all(&mut self, heap: &mut ProcessHeap) {
        let mut next = self.first;
        while let Some(node) = next {
            // SAFETY: the nodes of the list are this mailbox's, and only this one is borrowed.
            let node = unsafe { &mut *node.as_ptr() };
            if let Some(fragment) = node.message.fragment.take() {
                heap.absorb(fragment);
                self.on_heap += 1;
            }
            next = node.next;
        }
    }

    fn messages(&self) -> impl Iterator<Item = &Message> {
        let mut next = self.first;
        core::iter::from_fn(move || {
            // SAFETY: the nodes of the list are this mailbox's, which is borrowed.
            let node = unsafe { next?.as_ref() };
            next = node.next;
            Some(&node.message)
        })
    }

    /// Takes the tokens of sequences away.
    pub fn forget_tokens(&mut self) {
        let mut next = self.first;
        while let Some(node) = next {
            // SAFETY: the nodes of the list are this mailbox's, and only this one is borrowed.
            let node = unsafe { &mut *node.as_ptr() };
            if !node.message.token.is_immediate() {
                node.message.token = Term::NIL;
            }
            next = node.next;
        }
    }

    /// All terms in order.
    pub fn terms(&self) -> impl Iterator<Item = Term> + '_ {
        self.messages().map(|message| message.term)
    }

    /// The fragments of messages that have one.
    pub fn fragments(&self) -> impl Iterator<Item = &Fragment> {
        self.messages().filter_map(|message| message.fragment.as_ref())
    }

    /// The terms of messages that have a fragment, in the same order.
    pub fn fragment_terms(&self) -> impl Iterator<Item = Term> + '_ {
        self.messages().filter(|message| message.fragment.is_some()).map(|message| message.term)
    }

    /// Bytes of the places of its messages.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.len() * size_of::<Node>()
    }

    /// What a collector has to see: terms that are on the heap. Those in fragments are apart until they are received.
    pub(super) fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        let (mut next, mut left) = (self.first, self.on_heap);
        while left > 0
            && let Some(node) = next
        {
            // SAFETY: the nodes of the list are this mailbox's, and only this one is borrowed.
            let node = unsafe { &mut *node.as_ptr() };
            if node.message.fragment.is_none() {
                visit(&mut node.message.term);
                if !node.message.token.is_immediate() {
                    visit(&mut node.message.token);
                }
                left -= 1;
            }
            next = node.next;
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        while let Some(node) = self.first {
            // SAFETY: the nodes of the list are this mailbox's, and were made by `Box`.
            let node = unsafe { Box::from_raw(node.as_ptr()) };
            self.first = node.next;
        }
    }
}

#[cfg(test)]
mod tests;
