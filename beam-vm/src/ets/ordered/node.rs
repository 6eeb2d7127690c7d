// SPDX-License-Identifier: Apache-2.0
//! Nodes of either kind, and the ways down through them.

use alloc::boxed::Box;

use super::inner::{self, Branch, Inner, split_at};
use super::keys::{KeyPosition, Order};
use super::leaf::{self, Entry, Leaf};
use crate::term::Term;

/// A tree of one height.
#[derive(Debug)]
pub(super) enum Node {
    /// It has objects.
    Leaf(Box<Leaf>),
    /// It has nodes of one height less.
    Inner(Box<Inner>),
}

/// Which child was taken from the root on down to a leaf.
///
/// A node of one child alone is rare, so that there are at least twice as many nodes of each height as above it: no memory has room for a tree that
/// is as high as this is long.
#[derive(Debug, Default)]
pub(super) struct Path {
    steps: [u8; 32],
    len: usize,
}

/// Whether a node's first key has become another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum First {
    /// It is the same.
    Same,
    /// It is another, or of another object.
    Other,
}

impl Path {
    #[inline]
    fn push(&mut self, step: usize) {
        self.steps[self.len] = step as u8;
        self.len += 1;
    }

    /// The steps.
    #[inline]
    pub(super) fn steps(&self) -> &[u8] {
        &self.steps[..self.len]
    }
}

impl Node {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Inner(inner) => inner.len(),
        }
    }

    /// Whether it has so little that a neighbour may have room for it.
    #[inline]
    pub(super) fn is_low(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_low(),
            Self::Inner(inner) => inner.len() < inner::CAPACITY / 4,
        }
    }

    /// The first key, unless it is empty.
    pub(super) fn first_key(&self, order: Order<'_>) -> Option<Term> {
        match self {
            Self::Leaf(leaf) => leaf.entries().first().map(|entry| order.key(entry.object)),
            Self::Inner(inner) => inner.firsts().first().copied(),
        }
    }

    /// The leaf in which a key is, if it is anywhere.
    #[inline]
    pub(super) fn leaf(&self, order: Order<'_>, key: Term) -> Option<&Leaf> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => return Some(leaf),
                Self::Inner(inner) => node = inner.child(inner.find(order, key))?,
            }
        }
    }

    /// As [`leaf`](Self::leaf), to change it. Keeps the path.
    #[inline]
    pub(super) fn leaf_mut(&mut self, order: Order<'_>, key: Term, path: &mut Path) -> Option<&mut Leaf> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => return Some(leaf),
                Self::Inner(inner) => {
                    let index = inner.find(order, key);
                    path.push(index);
                    node = inner.child_mut(index)?;
                }
            }
        }
    }

    /// Splits the leaf at the end of a path, in which something has to go to a place, and what is full above it. Gives the new neighbour of
    /// this node if it was split itself.
    pub(super) fn split(&mut self, order: Order<'_>, path: &[u8], index: usize) -> Option<Branch> {
        let node = match self {
            Self::Leaf(leaf) => Self::Leaf(leaf.split_off(order, split_at(index, leaf::CAPACITY))),
            Self::Inner(inner) => {
                let (step, rest) = path.split_first()?;
                let step = usize::from(*step);
                let branch = inner.child_mut(step)?.split(order, rest, index)?;
                Self::Inner(inner.grow(order, step + 1, branch)?)
            }
        };
        node.first_key(order).map(|key| Branch { key, node })
    }

    /// The leaf at the end of a path has changed: keeps all above it in order.
    pub(super) fn mend(&mut self, order: Order<'_>, path: &[u8], first: First) -> First {
        match (self, path) {
            (Self::Inner(inner), [step, rest @ ..]) => {
                let step = usize::from(*step);
                let Some(child) = inner.child_mut(step) else { return First::Same };
                let first = child.mend(order, rest, first);
                inner.mend(order, step, first)
            }
            _ => first,
        }
    }

    /// Takes all of the next node if it is no more than there is well room for.
    pub(super) fn join(&mut self, order: Order<'_>, next: &mut Self) -> bool {
        let len = self.len() + next.len();
        match (self, next) {
            (Self::Leaf(leaf), Self::Leaf(next)) if len <= leaf::CAPACITY * 3 / 4 => leaf.append(order, next),
            (Self::Inner(inner), Self::Inner(next)) if len <= inner::CAPACITY * 3 / 4 => {
                inner.append(order, next);
            }
            _ => return false,
        }
        true
    }

    /// The place of the first entry after a key.
    pub(super) fn after(&self, order: Order<'_>, key: Term) -> Option<(&Leaf, usize)> {
        let mut right = None;
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => {
                    let index = leaf.search(order, key).map_or_else(|index| index, |index| index + 1);
                    if index < leaf.len() {
                        return Some((leaf, index));
                    }
                    return Some((right.and_then(Self::first_leaf)?, 0));
                }
                Self::Inner(inner) => {
                    let index = inner.find(order, key);
                    right = inner.child(index + 1).or(right);
                    node = inner.child(index)?;
                }
            }
        }
    }

    /// The place of the last entry before a key.
    pub(super) fn before(&self, order: Order<'_>, key: Term) -> Option<(&Leaf, usize)> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => {
                    let index = leaf.search(order, key).unwrap_or_else(|index| index);
                    return Some((leaf, index.checked_sub(1)?));
                }
                Self::Inner(inner) => node = inner.child(inner.before(order, key).checked_sub(1)?)?,
            }
        }
    }

    fn first_leaf(&self) -> Option<&Leaf> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => return Some(leaf),
                Self::Inner(inner) => node = inner.child(0)?,
            }
        }
    }

    /// The rest of a leaf from the first entry on that is not before.
    pub(super) fn forward(&self, position: KeyPosition, mut is_before: impl FnMut(Term) -> bool) -> &[Entry] {
        let mut right = None;
        let mut node = Some(self);
        while let Some(Self::Inner(inner)) = node {
            let index = inner.firsts().partition_point(|key| is_before(*key));
            right = inner.child(index.max(1)).or(right);
            node = inner.child(index.saturating_sub(1));
        }
        if let Some(Self::Leaf(leaf)) = node {
            let entries = leaf.entries();
            let index = entries.partition_point(|entry| is_before(position.key(entry.object)));
            if index < entries.len() {
                return &entries[index..];
            }
        }
        right.and_then(Self::first_leaf).map_or(&[], Leaf::entries)
    }

    /// What of a leaf ends with the last entry that is before.
    pub(super) fn backward(
        &self,
        position: KeyPosition,
        mut is_before: impl FnMut(Term) -> bool,
    ) -> &[Entry] {
        let mut node = Some(self);
        loop {
            match node {
                Some(Self::Leaf(leaf)) => {
                    let entries = leaf.entries();
                    return &entries
                        [..entries.partition_point(|entry| is_before(position.key(entry.object)))];
                }
                Some(Self::Inner(inner)) => {
                    let index = inner.firsts().partition_point(|key| is_before(*key));
                    node = index.checked_sub(1).and_then(|index| inner.child(index));
                }
                None => return &[],
            }
        }
    }

    /// Shows all entries in order.
    pub(super) fn each(&self, visit: &mut dyn FnMut(&Entry)) {
        match self {
            Self::Leaf(leaf) => leaf.entries().iter().for_each(visit),
            Self::Inner(inner) => {
                (0..inner.len()).filter_map(|index| inner.child(index)).for_each(|child| child.each(visit));
            }
        }
    }

    /// The entry with a number of others before it; else the number that is left.
    pub(super) fn nth(&self, mut index: usize) -> Result<Entry, usize> {
        match self {
            Self::Leaf(leaf) => leaf.entries().get(index).copied().ok_or_else(|| index - leaf.len()),
            Self::Inner(inner) => {
                for child in (0..inner.len()).filter_map(|index| inner.child(index)) {
                    match child.nth(index) {
                        Ok(entry) => return Ok(entry),
                        Err(left) => index = left,
                    }
                }
                Err(index)
            }
        }
    }

    /// Takes the last leaf out. Gives none, and takes the node itself away, if there is no leaf any more.
    pub(super) fn take_last_leaf(place: &mut Option<Self>) -> Option<Box<Leaf>> {
        if let Some(Self::Inner(inner)) = place {
            while let Some(last) = inner.last_place() {
                let leaf = Self::take_last_leaf(last);
                if last.is_none() {
                    inner.pop();
                }
                if leaf.is_some() {
                    return leaf;
                }
            }
        }
        match place.take() {
            Some(Self::Leaf(leaf)) => Some(leaf),
            _ => None,
        }
    }

    /// Whether all is as it has to be. Gives the height. For tests.
    #[cfg(test)]
    pub(super) fn check(&self, order: Order<'_>) -> usize {
        match self {
            Self::Leaf(leaf) => {
                leaf.check(order);
                0
            }
            Self::Inner(inner) => {
                inner.check(order);
                let mut heights = (0..inner.len()).filter_map(|index| inner.child(index)).map(|child| {
                    assert!(child.len() > 0);
                    child.check(order)
                });
                let first = heights.next();
                assert!(heights.all(|height| Some(height) == first));
                first.map_or(0, |height| height + 1)
            }
        }
    }
}
