// SPDX-License-Identifier: Apache-2.0
//! `ordered_set`: a tree of the objects in the order of their keys, in which `1` and `1.0` are one key.
//!
//! It is a B+ tree: objects are in leaves of up to [`CAPACITY`], each beside its key, so that a search looks at few blocks of memory
//! and, for numbers and atoms, at no object. An inner node has the first key of each of its children, kept exact, since a key lives as long as
//! its object. Nodes that run low are joined with a neighbour.
#![expect(unsafe_code, reason = "frees objects")]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::object::{OVERHEAD, Object};
use crate::atom::AtomTable;
use crate::compare::compare;
use crate::term::Term;

/// Entries of a node at most.
const CAPACITY: usize = 48;

/// What stock's nodes take more than those of hashed tables.
const EXTRA: usize = 1;

/// An object and its key.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The key, which is part of the object.
    pub key: Term,
    /// The object.
    pub object: Object,
}

#[derive(Debug)]
struct Branch {
    key: Term,
    node: Box<Node>,
}

#[derive(Debug)]
enum Node {
    Leaf(Vec<Entry>),
    Inner(Vec<Branch>),
}

/// A table in the order of keys.
#[derive(Debug, Default)]
pub struct Tree {
    root: Node,
    count: usize,
    words: usize,
}

/// What putting an object in has come to: the one that was there, or a new neighbour of the node.
struct Inserted {
    replaced: Option<Object>,
    split: Option<Branch>,
}

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

impl Node {
    fn first_key(&self) -> Option<Term> {
        match self {
            Self::Leaf(entries) => entries.first().map(|entry| entry.key),
            Self::Inner(branches) => branches.first().map(|branch| branch.key),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Leaf(entries) => entries.len(),
            Self::Inner(branches) => branches.len(),
        }
    }

    /// Takes the upper half into a node of its own.
    fn split(&mut self) -> Option<Branch> {
        if self.len() <= CAPACITY {
            return None;
        }
        let node = match self {
            Self::Leaf(entries) => Self::Leaf(upper_half(entries)),
            Self::Inner(branches) => Self::Inner(upper_half(branches)),
        };
        node.first_key().map(|key| Branch { key, node: Box::new(node) })
    }

    fn insert(&mut self, atoms: &AtomTable, entry: Entry) -> Inserted {
        match self {
            Self::Leaf(entries) => {
                let place = entries.binary_search_by(|other| compare(atoms, other.key, entry.key));
                let replaced = match place {
                    Ok(index) => Some(core::mem::replace(&mut entries[index], entry).object),
                    Err(index) => {
                        entries.insert(index, entry);
                        None
                    }
                };
                Inserted { replaced, split: self.split() }
            }
            Self::Inner(branches) => {
                let index = child(branches, atoms, entry.key);
                let inserted = branches[index].node.insert(atoms, entry);
                if index == 0 || inserted.replaced.is_some() {
                    refresh(&mut branches[index]);
                }
                if let Some(split) = inserted.split {
                    branches.insert(index + 1, split);
                }
                Inserted { replaced: inserted.replaced, split: self.split() }
            }
        }
    }

    fn remove(&mut self, atoms: &AtomTable, key: Term) -> Option<Object> {
        match self {
            Self::Leaf(entries) => {
                let index = entries.binary_search_by(|other| compare(atoms, other.key, key)).ok()?;
                Some(entries.remove(index).object)
            }
            Self::Inner(branches) => {
                let index = child(branches, atoms, key);
                let removed = branches[index].node.remove(atoms, key)?;
                if branches[index].node.len() == 0 {
                    branches.remove(index);
                } else {
                    refresh(&mut branches[index]);
                    join_with_neighbour(branches, index);
                }
                Some(removed)
            }
        }
    }

    fn find(&self, atoms: &AtomTable, key: Term) -> Option<Entry> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(entries) => {
                    let index = entries.binary_search_by(|other| compare(atoms, other.key, key)).ok()?;
                    return Some(entries[index]);
                }
                Self::Inner(branches) => node = &branches[child(branches, atoms, key)].node,
            }
        }
    }

    /// The rest of a leaf from the first entry on that is not before.
    fn forward(&self, is_before: &mut dyn FnMut(Term) -> bool) -> &[Entry] {
        match self {
            Self::Leaf(entries) => &entries[entries.partition_point(|entry| is_before(entry.key))..],
            Self::Inner(branches) => {
                let index = branches.partition_point(|branch| is_before(branch.key));
                if let Some(branch) = index.checked_sub(1).and_then(|index| branches.get(index)) {
                    let found = branch.node.forward(is_before);
                    if !found.is_empty() {
                        return found;
                    }
                }
                branches.get(index).map_or(&[], |branch| branch.node.forward(is_before))
            }
        }
    }

    /// What of a leaf ends with the last entry that is before.
    fn backward(&self, is_before: &mut dyn FnMut(Term) -> bool) -> &[Entry] {
        match self {
            Self::Leaf(entries) => &entries[..entries.partition_point(|entry| is_before(entry.key))],
            Self::Inner(branches) => {
                let index = branches.partition_point(|branch| is_before(branch.key));
                match index.checked_sub(1).and_then(|index| branches.get(index)) {
                    Some(branch) => branch.node.backward(is_before),
                    None => &[],
                }
            }
        }
    }

    fn each(&self, visit: &mut dyn FnMut(&Entry)) {
        match self {
            Self::Leaf(entries) => entries.iter().for_each(visit),
            Self::Inner(branches) => branches.iter().for_each(|branch| branch.node.each(visit)),
        }
    }

    /// The entry with a number of others before it; else the number that is left.
    fn nth(&self, mut index: usize) -> Result<Entry, usize> {
        match self {
            Self::Leaf(entries) => entries.get(index).copied().ok_or_else(|| index - entries.len()),
            Self::Inner(branches) => {
                for branch in branches {
                    match branch.node.nth(index) {
                        Ok(entry) => return Ok(entry),
                        Err(left) => index = left,
                    }
                }
                Err(index)
            }
        }
    }
}

fn upper_half<T>(items: &mut Vec<T>) -> Vec<T> {
    let mut upper = Vec::with_capacity(CAPACITY + 1);
    upper.extend(items.drain(items.len() / 2..));
    upper
}

/// The child in which a key is, if it is anywhere.
fn child(branches: &[Branch], atoms: &AtomTable, key: Term) -> usize {
    branches.partition_point(|branch| compare(atoms, branch.key, key) != Ordering::Greater).saturating_sub(1)
}

fn refresh(branch: &mut Branch) {
    if let Some(key) = branch.node.first_key() {
        branch.key = key;
    }
}

/// Puts a child and its neighbour together if they take little room.
fn join_with_neighbour(branches: &mut Vec<Branch>, index: usize) {
    let left = if index + 1 < branches.len() { index } else { index.saturating_sub(1) };
    let Some([first, second]) = branches.get_mut(left..left + 2) else { return };
    if first.node.len() + second.node.len() > CAPACITY / 2 {
        return;
    }
    match (&mut *first.node, &mut *second.node) {
        (Node::Leaf(first), Node::Leaf(second)) => first.append(second),
        (Node::Inner(first), Node::Inner(second)) => first.append(second),
        _ => return,
    }
    branches.remove(left + 1);
}

impl Tree {
    /// A table without objects.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many objects there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The words of objects, as stock counts them.
    pub fn words(&self) -> usize {
        self.words
    }

    fn account(&mut self, object: Object) {
        self.words += object.words() + OVERHEAD + EXTRA;
    }

    fn free(&mut self, object: Object) {
        self.words -= object.words() + OVERHEAD + EXTRA;
        // SAFETY: the object has just been taken out, and whoever asked for that uses no terms of it.
        unsafe { object.free() };
    }

    /// The object of a key.
    pub fn get(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        self.root.find(atoms, key).map(|entry| entry.object)
    }

    /// Puts an object in, in place of the one with the same key if there is one.
    pub fn insert(&mut self, atoms: &AtomTable, key_position: usize, object: Object) {
        let Some(key) = object.element(key_position) else { return };
        self.account(object);
        let Inserted { replaced, split } = self.root.insert(atoms, Entry { key, object });
        if let Some(split) = split {
            let first = core::mem::replace(&mut self.root, Node::Inner(Vec::with_capacity(CAPACITY + 1)));
            if let (Node::Inner(branches), Some(key)) = (&mut self.root, first.first_key()) {
                branches.push(Branch { key, node: Box::new(first) });
                branches.push(split);
            }
        }
        match replaced {
            Some(object) => self.free(object),
            None => self.count += 1,
        }
    }

    /// Takes the object of a key out. Gives whether there was one.
    pub fn delete(&mut self, atoms: &AtomTable, key: Term) -> bool {
        let Some(object) = self.root.remove(atoms, key) else { return false };
        while let Node::Inner(branches) = &mut self.root {
            match branches.len() {
                0 => self.root = Node::Leaf(Vec::new()),
                1 => {
                    if let Some(only) = branches.pop() {
                        self.root = *only.node;
                    }
                }
                _ => break,
            }
        }
        self.count -= 1;
        self.free(object);
        true
    }

    /// Some entries in order, from the first on that is not before. None are left if there are none.
    pub fn forward(&self, mut is_before: impl FnMut(Term) -> bool) -> &[Entry] {
        self.root.forward(&mut is_before)
    }

    /// Some entries in order, up to the last that is before. None are left if there are none.
    pub fn backward(&self, mut is_before: impl FnMut(Term) -> bool) -> &[Entry] {
        self.root.backward(&mut is_before)
    }

    /// Shows all entries in order.
    pub fn each(&self, visit: &mut dyn FnMut(&Entry)) {
        self.root.each(visit);
    }

    /// The entry with a number of others before it.
    pub fn nth(&self, index: usize) -> Option<Entry> {
        if index < self.count { self.root.nth(index).ok() } else { None }
    }

    /// Frees objects until a budget is used up. Gives whether all are gone; the table must not be used otherwise afterwards.
    pub fn dismantle(&mut self, budget: &mut usize) -> bool {
        loop {
            let mut node = &mut self.root;
            let entries = loop {
                match node {
                    Node::Leaf(entries) => break core::mem::take(entries),
                    Node::Inner(branches) => {
                        if branches.last().is_some_and(|branch| branch.node.len() == 0) {
                            branches.pop();
                        }
                        if branches.is_empty() {
                            break Vec::new();
                        }
                        let last = branches.len() - 1;
                        node = &mut branches[last].node;
                    }
                }
            };
            if entries.is_empty() && self.root.len() == 0 {
                return true;
            }
            *budget = budget.saturating_sub(entries.len().max(1));
            for entry in entries {
                self.free(entry.object);
            }
            if *budget == 0 {
                return false;
            }
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.dismantle(&mut usize::MAX.clone());
    }
}
