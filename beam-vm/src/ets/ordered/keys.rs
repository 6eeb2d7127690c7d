// SPDX-License-Identifier: Apache-2.0
//! The keys of a node as a search sees them: a digest for each, side by side.
//!
//! A search counts the digests that are lower, first among the first ones of all cache lines, then within one line. No load waits for
//! another, and nothing but the end of the search depends on how keys compare. Only keys with one digest that does not say all are looked at.

use core::cmp::Ordering;

use super::super::digest::{AFTER, BEFORE, END, Shape};
use super::super::object::Object;
use crate::atom::AtomTable;
use crate::compare::compare;
use crate::term::Term;

/// Digests of a cache line.
pub(super) const LINE: usize = 8;

/// By what objects are in order: which of their elements is the key, and the atoms that keys may have.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) atoms: &'a AtomTable,
    pub(super) position: KeyPosition,
}

/// Which element of an object is its key, counted from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyPosition(pub(super) usize);

/// The digests of the keys of a node, as many lines of them as there may be at most. It is for the node to begin with a line.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Keys<const LINES: usize> {
    /// In order; those after the last key are [`END`].
    lines: [[u64; LINE]; LINES],
    len: usize,
    /// What the keys have in common that is not in their digests.
    shape: Shape,
}

impl KeyPosition {
    /// The key of an object.
    #[inline]
    pub(super) fn key(self, object: Object) -> Term {
        object.element(self.0).unwrap_or(Term::NIL)
    }
}

impl Order<'_> {
    /// The key of an object.
    #[inline]
    pub(super) fn key(self, object: Object) -> Term {
        self.position.key(object)
    }

    /// Whether two keys are one.
    #[inline]
    pub(super) fn are_one(self, a: Term, b: Term) -> bool {
        a == b || !(a.is_immediate() && b.is_immediate()) && self.compare(a, b).is_eq()
    }

    /// The order of two keys, which are likely to have much in common.
    pub(super) fn compare(self, a: Term, b: Term) -> Ordering {
        if let (Some(first), Some(second)) = (a.as_tuple(), b.as_tuple())
            && first.len() == second.len()
        {
            let unlike = first.elements().iter().zip(second.elements()).find(|(a, b)| a != b);
            match unlike {
                None => return Ordering::Equal,
                Some((a, b)) if a.are_small(*b) => return a.small_value().cmp(&b.small_value()),
                _ => {}
            }
        }
        compare(self.atoms, a, b)
    }
}

impl<const LINES: usize> Keys<LINES> {
    /// How many keys there may be.
    const CAPACITY: usize = LINES * LINE;

    /// No keys.
    pub(super) fn new() -> Self {
        Self { lines: [[END; LINE]; LINES], len: 0, shape: Shape::Whole }
    }

    /// How many keys there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn digests(&self) -> &[u64] {
        self.lines.as_flattened()
    }

    fn digests_mut(&mut self) -> &mut [u64] {
        self.lines.as_flattened_mut()
    }

    /// How many digests are lower than one.
    #[inline]
    fn lower(&self, digest: u64) -> usize {
        let count = |lower: usize, other: &u64| lower + usize::from(*other < digest);
        let line = self.lines[1..].iter().map(|line| &line[0]).fold(0, count);
        self.lines[line].iter().fold(line * LINE, count)
    }

    /// Where a key is, or would be. The keys are shown by their places.
    #[inline]
    pub(super) fn search(
        &self,
        order: Order<'_>,
        key: Term,
        key_at: impl Fn(usize) -> Term,
    ) -> Result<usize, usize> {
        let digest = self.shape.digest(order.atoms, key);
        let from = self.lower(digest);
        match self.digests().get(from) {
            Some(other) if *other == digest => {
                if self.shape.says_all(digest) {
                    return Ok(from);
                }
                self.search_alike(order, key, digest, from, key_at)
            }
            _ => Err(from),
        }
    }

    /// Where a key is, or would be, among those with its digest, of which the first is known.
    #[inline(never)]
    fn search_alike(
        &self,
        order: Order<'_>,
        key: Term,
        digest: u64,
        from: usize,
        key_at: impl Fn(usize) -> Term,
    ) -> Result<usize, usize> {
        let alike = self.digests()[from..].iter().take_while(|other| **other == digest).count();
        let (mut low, mut high) = (from, from + alike);
        while low < high {
            let middle = low.midpoint(high);
            match order.compare(key_at(middle), key) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Ok(middle),
                Ordering::Greater => high = middle,
            }
        }
        Err(low)
    }

    /// Takes what all keys have in common anew.
    fn reshape(&mut self, order: Order<'_>, key_at: impl Fn(usize) -> Term) {
        let Some(last) = self.len.checked_sub(1) else { return };
        self.shape = Shape::between(key_at(0), key_at(last));
        for index in 0..self.len {
            // All keys are between the first and the last one.
            self.digests_mut()[index] = self.shape.digest(order.atoms, key_at(index));
        }
    }

    /// One more key is at a place; those from there on have gone up.
    #[inline]
    pub(super) fn insert(&mut self, order: Order<'_>, index: usize, key_at: impl Fn(usize) -> Term) {
        let digest = self.shape.digest(order.atoms, key_at(index));
        let len = self.len;
        self.len += 1;
        match digest {
            _ if len == 0 => self.reshape(order, key_at),
            BEFORE | AFTER => self.reshape(order, key_at),
            _ => {
                let digests = &mut self.digests_mut()[index..=len];
                digests.copy_within(..len - index, 1);
                digests[0] = digest;
            }
        }
    }

    /// The key at a place is gone; those after it have gone down.
    #[inline]
    pub(super) fn remove(&mut self, index: usize) {
        let len = self.len;
        self.len -= 1;
        let digests = &mut self.digests_mut()[index..len];
        digests.copy_within(1.., 0);
        digests[len - index - 1] = END;
    }

    /// A key was exchanged for another, or for one that is equal.
    pub(super) fn look_again(&mut self, order: Order<'_>, index: usize, key_at: impl Fn(usize) -> Term) {
        match self.shape.digest(order.atoms, key_at(index)) {
            BEFORE | AFTER => self.reshape(order, key_at),
            digest => self.digests_mut()[index] = digest,
        }
    }

    /// Takes the keys from a place on out. Both sides are to be [settled](Self::settle) then.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let mut upper = Self { len: self.len - at, shape: self.shape, ..Self::new() };
        let digests = &mut self.digests_mut()[at..];
        upper.digests_mut()[..digests.len()].copy_from_slice(digests);
        digests.fill(END);
        self.len = at;
        upper
    }

    /// Some keys have gone: the others may have more in common.
    pub(super) fn settle(&mut self, order: Order<'_>, key_at: impl Fn(usize) -> Term) {
        let Some(last) = self.len.checked_sub(1) else { return };
        if Shape::between(key_at(0), key_at(last)) != self.shape {
            self.reshape(order, key_at);
        }
    }

    /// The keys of another node, which are after these, have come to the end.
    pub(super) fn append(&mut self, order: Order<'_>, other: &Self, key_at: impl Fn(usize) -> Term) {
        let len = self.len;
        self.len += other.len;
        debug_assert!(self.len <= Self::CAPACITY);
        if self.shape == other.shape {
            let end = self.len;
            self.digests_mut()[len..end].copy_from_slice(&other.digests()[..other.len]);
        } else {
            self.reshape(order, key_at);
        }
    }

    /// Whether all is as it has to be. For tests.
    #[cfg(test)]
    pub(super) fn check(&self, order: Order<'_>, key_at: impl Fn(usize) -> Term) {
        for (index, digest) in self.digests().iter().enumerate() {
            if index >= self.len {
                assert_eq!(*digest, END);
                continue;
            }
            assert_eq!(self.shape.digest(order.atoms, key_at(index)), *digest);
            if let Some(before) = index.checked_sub(1) {
                assert!(self.digests()[before] <= *digest);
                assert_eq!(compare(order.atoms, key_at(before), key_at(index)), Ordering::Less);
            }
        }
    }
}
