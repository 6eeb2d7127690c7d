// SPDX-License-Identifier: Apache-2.0
//! Inner nodes: the first keys of some children, and the children.
//!
//! A key lives as long as its object. So the first key of a child is taken anew whenever its first object is another.

use alloc::boxed::Box;

use super::keys::{Keys, LINE, Order};
use super::node::{First, Node};
use super::slots::Slots;
use crate::term::Term;

/// Cache lines of digests.
const LINES: usize = 8;
/// Children at most.
pub(super) const CAPACITY: usize = LINES * LINE;

/// A node and its first key.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) key: Term,
    pub(super) node: Node,
}

/// Children in the order of their keys.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Inner {
    keys: Keys<LINES>,
    firsts: Slots<Term, CAPACITY>,
    /// As many of them are there as there are keys.
    children: [Option<Node>; CAPACITY],
}

impl Inner {
    /// A node with two children.
    pub(super) fn of_two(order: Order<'_>, first: Branch, second: Branch) -> Box<Self> {
        let mut inner =
            Box::new(Self { keys: Keys::new(), firsts: Slots::new(), children: [const { None }; CAPACITY] });
        inner.insert(order, 0, first);
        inner.insert(order, 1, second);
        inner
    }

    /// The first keys of the children.
    #[inline]
    pub(super) fn firsts(&self) -> &[Term] {
        &self.firsts
    }

    /// How many children there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// A child.
    #[inline]
    pub(super) fn child(&self, index: usize) -> Option<&Node> {
        self.children.get(index)?.as_ref()
    }

    /// A child that may change.
    #[inline]
    pub(super) fn child_mut(&mut self, index: usize) -> Option<&mut Node> {
        self.children.get_mut(index)?.as_mut()
    }

    /// The child in which a key is, if it is anywhere.
    #[inline]
    pub(super) fn find(&self, order: Order<'_>, key: Term) -> usize {
        self.search(order, key).unwrap_or_else(|index| index.saturating_sub(1))
    }

    /// How many first keys are before a key.
    pub(super) fn before(&self, order: Order<'_>, key: Term) -> usize {
        self.search(order, key).unwrap_or_else(|index| index)
    }

    #[inline]
    fn search(&self, order: Order<'_>, key: Term) -> Result<usize, usize> {
        self.keys.search(order, key, |index| self.firsts[index])
    }

    fn insert(&mut self, order: Order<'_>, index: usize, branch: Branch) {
        let len = self.len();
        self.children[index..=len].rotate_right(1);
        self.children[index] = Some(branch.node);
        self.firsts.insert(index, branch.key);
        self.keys.insert(order, index, |index| self.firsts[index]);
    }

    fn remove(&mut self, index: usize) -> Option<Node> {
        let len = self.len();
        self.keys.remove(index);
        self.firsts.remove(index);
        let child = self.children[index].take();
        self.children[index..len].rotate_left(1);
        child
    }

    /// The last child's place.
    pub(super) fn last_place(&mut self) -> Option<&mut Option<Node>> {
        self.children.get_mut(self.keys.len().checked_sub(1)?)
    }

    /// Takes the last child out.
    pub(super) fn pop(&mut self) -> Option<Node> {
        let last = self.len().checked_sub(1)?;
        self.remove(last)
    }

    /// Puts a new child after one that has been split. If there is no room, gives the half for which there is none.
    pub(super) fn grow(&mut self, order: Order<'_>, index: usize, branch: Branch) -> Option<Box<Self>> {
        if self.len() < CAPACITY {
            self.insert(order, index, branch);
            return None;
        }
        let at = split_at(index, CAPACITY);
        let mut upper = self.split_off(order, at);
        if index > at {
            upper.insert(order, index - at, branch)
        } else {
            self.insert(order, index, branch)
        }
        Some(upper)
    }

    fn split_off(&mut self, order: Order<'_>, at: usize) -> Box<Self> {
        let mut upper = Box::new(Self {
            keys: self.keys.split_off(at),
            firsts: self.firsts.split_off(at),
            children: [const { None }; CAPACITY],
        });
        let moved = self.children[at..].iter_mut().zip(&mut upper.children);
        moved.for_each(|(from, to)| *to = from.take());
        for half in [self, &mut *upper] {
            half.keys.settle(order, |index| half.firsts[index]);
        }
        upper
    }

    /// Takes all children of the next node.
    pub(super) fn append(&mut self, order: Order<'_>, other: &mut Self) {
        let places = self.children[self.keys.len()..].iter_mut();
        places
            .zip(other.children.iter_mut().map_while(Option::take))
            .for_each(|(to, child)| *to = Some(child));
        self.firsts.append(&other.firsts);
        self.keys.append(order, &other.keys, |index| self.firsts[index]);
    }

    /// Something below a child has changed: takes its first key anew if that is another, drops it if it is empty, and joins it with a neighbour
    /// if both take little room. Says whether the first key of this node is another then.
    pub(super) fn mend(&mut self, order: Order<'_>, index: usize, first: First) -> First {
        let Some(child) = self.children[index].as_ref() else { return First::Same };
        let Some(key) = child.first_key(order) else {
            drop(self.remove(index));
            return if index == 0 { First::Other } else { First::Same };
        };
        let is_low = child.is_low();
        if first == First::Other {
            self.firsts[index] = key;
            self.keys.look_again(order, index, |index| self.firsts[index]);
        }
        if is_low {
            self.join(order, index);
        }
        if index == 0 { first } else { First::Same }
    }

    /// Puts a child and a neighbour together if there is enough room in one node.
    fn join(&mut self, order: Order<'_>, index: usize) {
        for left in [index.wrapping_sub(1), index] {
            if let Some([Some(first), Some(second)]) = self.children.get_mut(left..left.wrapping_add(2))
                && first.join(order, second)
            {
                drop(self.remove(left + 1));
                return;
            }
        }
    }

    /// Whether all is as it has to be. For tests.
    #[cfg(test)]
    pub(super) fn check(&self, order: Order<'_>) {
        assert!(self.len() > 0 && self.len() == self.firsts.len());
        self.keys.check(order, |index| self.firsts[index]);
        for (index, child) in self.children.iter().enumerate() {
            let first = child.as_ref().and_then(|child| child.first_key(order));
            assert_eq!(first, self.firsts.get(index).copied());
        }
    }
}

/// Where a full node is split in which something has to go to a place: in the middle, unless it goes to an end. Then most stays together, as
/// more of the kind is likely to come.
pub(super) fn split_at(index: usize, len: usize) -> usize {
    match index {
        0 => len / 8,
        _ if index == len => len - len / 8,
        _ => len / 2,
    }
}
