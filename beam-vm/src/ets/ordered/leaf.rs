// SPDX-License-Identifier: Apache-2.0
//! Leaves: one block of memory with the digests of keys and the objects in the same order.

use alloc::boxed::Box;

use super::super::object::Object;
use super::keys::{Keys, LINE, Order};
use super::slots::Slots;
use crate::term::Term;

/// Cache lines of digests.
const LINES: usize = 8;
/// Objects of a leaf at most.
pub(super) const CAPACITY: usize = LINES * LINE;

/// An object in its place.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Entry {
    /// The object.
    pub object: Object,
}

/// Objects in the order of their keys.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Leaf {
    keys: Keys<LINES>,
    entries: Slots<Entry, CAPACITY>,
}

impl Leaf {
    /// A leaf without objects.
    pub(super) fn new() -> Box<Self> {
        Box::new(Self { keys: Keys::new(), entries: Slots::new() })
    }

    /// The objects.
    #[inline]
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no room.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len() == CAPACITY
    }

    /// Whether there is so little that a neighbour may have room for it.
    #[inline]
    pub(super) fn is_low(&self) -> bool {
        self.len() < CAPACITY / 4
    }

    /// Where the object of a key is, or would be.
    #[inline]
    pub(super) fn search(&self, order: Order<'_>, key: Term) -> Result<usize, usize> {
        self.keys.search(order, key, key_at(order, &self.entries))
    }

    /// Puts an object in the place of one with an equal key; the digests of keys that are equal are, too.
    #[inline]
    pub(super) fn replace(&mut self, index: usize, object: Object) -> Object {
        core::mem::replace(&mut self.entries[index], Entry { object }).object
    }

    /// Puts an object where its key belongs. There has to be room.
    #[inline]
    pub(super) fn insert(&mut self, order: Order<'_>, index: usize, object: Object) {
        self.entries.insert(index, Entry { object });
        self.keys.insert(order, index, key_at(order, &self.entries));
    }

    /// Takes an object out.
    #[inline]
    pub(super) fn remove(&mut self, index: usize) -> Object {
        self.keys.remove(index);
        self.entries.remove(index).object
    }

    /// Takes the objects from a place on into a leaf of their own.
    pub(super) fn split_off(&mut self, order: Order<'_>, at: usize) -> Box<Self> {
        let mut upper = Box::new(Self { keys: self.keys.split_off(at), entries: self.entries.split_off(at) });
        for half in [self, &mut *upper] {
            half.keys.settle(order, key_at(order, &half.entries));
        }
        upper
    }

    /// Takes all objects of the next leaf.
    pub(super) fn append(&mut self, order: Order<'_>, other: &Self) {
        self.entries.append(&other.entries);
        self.keys.append(order, &other.keys, key_at(order, &self.entries));
    }

    /// Whether all is as it has to be. For tests.
    #[cfg(test)]
    pub(super) fn check(&self, order: Order<'_>) {
        assert_eq!(self.keys.len(), self.entries.len());
        self.keys.check(order, key_at(order, &self.entries));
    }
}

/// Shows keys by their places.
#[inline]
fn key_at(order: Order<'_>, entries: &[Entry]) -> impl Fn(usize) -> Term {
    move |index| order.key(entries[index].object)
}
