// SPDX-License-Identifier: Apache-2.0
//! `ordered_set`: a tree of the objects in the order of their keys, in which `1` and `1.0` are one key.
//!
//! It is a B+ tree: objects are in leaves of up to [`CAPACITY`]. A node has the digests of its keys beside them, so that a search looks at few blocks of
//! memory and at few objects. An inner node has the first key of each of its children, kept exact, since a key lives as long as
//! its object. Nodes that run low are joined with a neighbour. Where the last search has ended is kept until something changes, since most
//! walks go on there.
#![expect(unsafe_code, reason = "frees objects, and goes back to a leaf that was not changed")]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::cmp::Ordering;
use core::ptr::NonNull;

use super::digest::Shape;
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

/// What a node is made of.
trait Item {
    fn key(&self) -> Term;
}

impl Item for Entry {
    fn key(&self) -> Term {
        self.key
    }
}

impl Item for Branch {
    fn key(&self) -> Term {
        self.key
    }
}

/// The items of a node, in the order of their keys.
#[derive(Debug)]
struct Items<T> {
    items: Vec<T>,
    /// The digests of the keys, by their shape.
    digests: Vec<u64>,
    shape: Shape,
}

#[derive(Debug)]
enum Node {
    Leaf(Items<Entry>),
    Inner(Items<Branch>),
}

/// An entry of a leaf that has not changed since.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    entries: NonNull<[Entry]>,
    index: usize,
}

/// A table in the order of keys.
#[derive(Debug, Default)]
pub struct Tree {
    root: Node,
    count: usize,
    words: usize,
    /// Where the last search has ended. Whatever changes the tree takes it away.
    cursor: Cell<Option<Cursor>>,
}

/// What putting an object in has come to: the one that was there, or a new neighbour of the node.
struct Inserted {
    replaced: Option<Object>,
    split: Option<Branch>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self { items: Vec::new(), digests: Vec::new(), shape: Shape::Whole }
    }
}

impl<T: Item> Items<T> {
    /// Where a key is, or would be.
    #[inline]
    fn search(&self, atoms: &AtomTable, key: Term) -> Result<usize, usize> {
        let digest = match self.shape.digest(atoms, key) {
            Ok(digest) => digest,
            Err(Ordering::Less) => return Err(0),
            Err(_) => return Err(self.items.len()),
        };
        let from = self.digests.partition_point(|other| *other < digest);
        let alike = self.digests[from..].iter().take_while(|other| **other == digest).count();
        let found = self.items[from..from + alike].binary_search_by(|other| compare(atoms, other.key(), key));
        found.map(|index| from + index).map_err(|index| from + index)
    }

    /// How many keys are before a key, or not after it.
    fn before(&self, atoms: &AtomTable, key: Term) -> usize {
        self.search(atoms, key).unwrap_or_else(|index| index)
    }

    fn up_to(&self, atoms: &AtomTable, key: Term) -> usize {
        self.search(atoms, key).map_or_else(|index| index, |index| index + 1)
    }

    /// Takes what all keys have in common anew.
    fn reshape(&mut self, atoms: &AtomTable) {
        self.digests.clear();
        let (Some(first), Some(last)) = (self.items.first(), self.items.last()) else { return };
        self.shape = Shape::between(first.key(), last.key());
        // All keys are between the first and the last one.
        let digests = self.items.iter().map(|item| self.shape.digest(atoms, item.key()).unwrap_or(0));
        self.digests.extend(digests);
    }

    fn insert(&mut self, atoms: &AtomTable, index: usize, item: T) {
        let digest = self.shape.digest(atoms, item.key());
        self.items.insert(index, item);
        match digest {
            Ok(digest) if self.items.len() > 1 => self.digests.insert(index, digest),
            _ => self.reshape(atoms),
        }
    }

    fn remove(&mut self, index: usize) -> T {
        self.digests.remove(index);
        self.items.remove(index)
    }

    /// A key was exchanged for another, or for one that is equal.
    fn look_again(&mut self, atoms: &AtomTable, index: usize) {
        match self.shape.digest(atoms, self.items[index].key()) {
            Ok(digest) => self.digests[index] = digest,
            Err(_) => self.reshape(atoms),
        }
    }

    /// Takes the upper half out.
    fn split(&mut self, atoms: &AtomTable) -> Self {
        let middle = self.items.len() / 2;
        let shape = self.shape;
        let mut upper = Self {
            items: upper_half(&mut self.items, middle),
            digests: upper_half(&mut self.digests, middle),
            shape,
        };
        for half in [&mut *self, &mut upper] {
            let ends = (half.items.first(), half.items.last());
            if let (Some(first), Some(last)) = ends
                && Shape::between(first.key(), last.key()) != shape
            {
                half.reshape(atoms);
            }
        }
        upper
    }

    /// Puts all items of another node, which are after these, at the end.
    fn append(&mut self, atoms: &AtomTable, other: &mut Self) {
        self.items.append(&mut other.items);
        if self.shape == other.shape {
            self.digests.append(&mut other.digests);
        } else {
            self.reshape(atoms);
        }
    }
}

impl Items<Branch> {
    /// The child in which a key is, if it is anywhere.
    #[inline]
    fn child(&self, atoms: &AtomTable, key: Term) -> usize {
        self.up_to(atoms, key).saturating_sub(1)
    }

    /// Takes the first key of a child, which may have changed.
    fn refresh(&mut self, atoms: &AtomTable, index: usize) {
        let branch = &mut self.items[index];
        if let Some(key) = branch.node.first_key()
            && key != branch.key
        {
            branch.key = key;
            self.look_again(atoms, index);
        }
    }

    /// Puts a child and its neighbour together if they take little room.
    fn join_with_neighbour(&mut self, atoms: &AtomTable, index: usize) {
        let left = if index + 1 < self.items.len() { index } else { index.saturating_sub(1) };
        let Some([first, second]) = self.items.get_mut(left..left + 2) else { return };
        if first.node.len() + second.node.len() > CAPACITY / 2 {
            return;
        }
        match (&mut *first.node, &mut *second.node) {
            (Node::Leaf(first), Node::Leaf(second)) => first.append(atoms, second),
            (Node::Inner(first), Node::Inner(second)) => first.append(atoms, second),
            _ => return,
        }
        self.remove(left + 1);
    }
}

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Items::default())
    }
}

impl Node {
    fn first_key(&self) -> Option<Term> {
        match self {
            Self::Leaf(leaf) => leaf.items.first().map(|entry| entry.key),
            Self::Inner(inner) => inner.items.first().map(|branch| branch.key),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.items.len(),
            Self::Inner(inner) => inner.items.len(),
        }
    }

    /// Takes the upper half into a node of its own.
    fn split(&mut self, atoms: &AtomTable) -> Option<Branch> {
        if self.len() <= CAPACITY {
            return None;
        }
        let node = match self {
            Self::Leaf(leaf) => Self::Leaf(leaf.split(atoms)),
            Self::Inner(inner) => Self::Inner(inner.split(atoms)),
        };
        node.first_key().map(|key| Branch { key, node: Box::new(node) })
    }

    fn insert(&mut self, atoms: &AtomTable, entry: Entry) -> Inserted {
        match self {
            Self::Leaf(leaf) => {
                let replaced = match leaf.search(atoms, entry.key) {
                    Ok(index) => {
                        // The digests of keys that are equal are, too.
                        Some(core::mem::replace(&mut leaf.items[index], entry).object)
                    }
                    Err(index) => {
                        leaf.insert(atoms, index, entry);
                        None
                    }
                };
                Inserted { replaced, split: self.split(atoms) }
            }
            Self::Inner(inner) => {
                let index = inner.child(atoms, entry.key);
                let inserted = inner.items[index].node.insert(atoms, entry);
                if index == 0 || inserted.replaced.is_some() {
                    inner.refresh(atoms, index);
                }
                if let Some(split) = inserted.split {
                    inner.insert(atoms, index + 1, split);
                }
                Inserted { replaced: inserted.replaced, split: self.split(atoms) }
            }
        }
    }

    fn remove(&mut self, atoms: &AtomTable, key: Term) -> Option<Object> {
        match self {
            Self::Leaf(leaf) => {
                let index = leaf.search(atoms, key).ok()?;
                Some(leaf.remove(index).object)
            }
            Self::Inner(inner) => {
                let index = inner.child(atoms, key);
                let removed = inner.items[index].node.remove(atoms, key)?;
                if inner.items[index].node.len() == 0 {
                    inner.remove(index);
                } else {
                    inner.refresh(atoms, index);
                    inner.join_with_neighbour(atoms, index);
                }
                Some(removed)
            }
        }
    }

    /// The leaf in which a key is, if it is anywhere.
    fn leaf(&self, atoms: &AtomTable, key: Term) -> &Items<Entry> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => return leaf,
                Self::Inner(inner) => node = &inner.items[inner.child(atoms, key)].node,
            }
        }
    }

    /// The rest of a leaf from the first entry on that is after a key.
    fn after(&self, atoms: &AtomTable, key: Term) -> &[Entry] {
        match self {
            Self::Leaf(leaf) => &leaf.items[leaf.up_to(atoms, key)..],
            Self::Inner(inner) => {
                let index = inner.up_to(atoms, key);
                if let Some(branch) = index.checked_sub(1).and_then(|index| inner.items.get(index)) {
                    let found = branch.node.after(atoms, key);
                    if !found.is_empty() {
                        return found;
                    }
                }
                inner.items.get(index).map_or(&[], |branch| branch.node.after(atoms, key))
            }
        }
    }

    /// What of a leaf ends with the last entry that is before a key.
    fn before(&self, atoms: &AtomTable, key: Term) -> &[Entry] {
        match self {
            Self::Leaf(leaf) => &leaf.items[..leaf.before(atoms, key)],
            Self::Inner(inner) => {
                let index = inner.before(atoms, key);
                match index.checked_sub(1).and_then(|index| inner.items.get(index)) {
                    Some(branch) => branch.node.before(atoms, key),
                    None => &[],
                }
            }
        }
    }

    /// The rest of a leaf from the first entry on that is not before.
    fn forward(&self, is_before: &mut dyn FnMut(Term) -> bool) -> &[Entry] {
        match self {
            Self::Leaf(leaf) => &leaf.items[leaf.items.partition_point(|entry| is_before(entry.key))..],
            Self::Inner(inner) => {
                let index = inner.items.partition_point(|branch| is_before(branch.key));
                if let Some(branch) = index.checked_sub(1).and_then(|index| inner.items.get(index)) {
                    let found = branch.node.forward(is_before);
                    if !found.is_empty() {
                        return found;
                    }
                }
                inner.items.get(index).map_or(&[], |branch| branch.node.forward(is_before))
            }
        }
    }

    /// What of a leaf ends with the last entry that is before.
    fn backward(&self, is_before: &mut dyn FnMut(Term) -> bool) -> &[Entry] {
        match self {
            Self::Leaf(leaf) => &leaf.items[..leaf.items.partition_point(|entry| is_before(entry.key))],
            Self::Inner(inner) => {
                let index = inner.items.partition_point(|branch| is_before(branch.key));
                match index.checked_sub(1).and_then(|index| inner.items.get(index)) {
                    Some(branch) => branch.node.backward(is_before),
                    None => &[],
                }
            }
        }
    }

    fn each(&self, visit: &mut dyn FnMut(&Entry)) {
        match self {
            Self::Leaf(leaf) => leaf.items.iter().for_each(visit),
            Self::Inner(inner) => inner.items.iter().for_each(|branch| branch.node.each(visit)),
        }
    }

    /// The entry with a number of others before it; else the number that is left.
    fn nth(&self, mut index: usize) -> Result<Entry, usize> {
        match self {
            Self::Leaf(leaf) => leaf.items.get(index).copied().ok_or_else(|| index - leaf.items.len()),
            Self::Inner(inner) => {
                for branch in &inner.items {
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

fn upper_half<T>(items: &mut Vec<T>, middle: usize) -> Vec<T> {
    let mut upper = Vec::with_capacity(CAPACITY + 1);
    upper.extend(items.drain(middle..));
    upper
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
        if let Some((entries, index)) = self.resting_at(atoms, key) {
            return Some(entries[index].object);
        }
        let leaf = self.root.leaf(atoms, key);
        let index = leaf.search(atoms, key).ok()?;
        Some(self.rest_at(&leaf.items, index))
    }

    /// The object after a key, which need not be there.
    pub fn after(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        match self.resting_at(atoms, key) {
            Some((entries, index)) if index + 1 < entries.len() => Some(self.rest_at(entries, index + 1)),
            _ => {
                let entries = self.root.after(atoms, key);
                (!entries.is_empty()).then(|| self.rest_at(entries, 0))
            }
        }
    }

    /// The object before a key, which need not be there.
    pub fn before(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        match self.resting_at(atoms, key) {
            Some((entries, index)) if index > 0 => Some(self.rest_at(entries, index - 1)),
            _ => {
                let entries = self.root.before(atoms, key);
                let last = entries.len().checked_sub(1)?;
                Some(self.rest_at(entries, last))
            }
        }
    }

    /// Where the last search has ended, if that is the place of a key.
    #[inline]
    fn resting_at(&self, atoms: &AtomTable, key: Term) -> Option<(&[Entry], usize)> {
        let Cursor { entries, index } = self.cursor.get()?;
        // SAFETY: the entries are of a leaf of this tree, and whatever changes one takes the cursor away.
        let entries = unsafe { entries.as_ref() };
        let other = entries.get(index)?.key;
        let is_it = other == key
            || !(other.is_immediate() && key.is_immediate()) && compare(atoms, other, key).is_eq();
        is_it.then_some((entries, index))
    }

    /// Rests at an entry of a leaf; gives its object.
    #[inline]
    fn rest_at(&self, entries: &[Entry], index: usize) -> Object {
        self.cursor.set(Some(Cursor { entries: NonNull::from(entries), index }));
        entries[index].object
    }

    /// Puts an object in, in place of the one with the same key if there is one.
    pub fn insert(&mut self, atoms: &AtomTable, key_position: usize, object: Object) {
        let Some(key) = object.element(key_position) else { return };
        *self.cursor.get_mut() = None;
        self.account(object);
        let Inserted { replaced, split } = self.root.insert(atoms, Entry { key, object });
        if let Some(split) = split {
            let first = core::mem::take(&mut self.root);
            let mut branches = Items { items: Vec::with_capacity(CAPACITY + 1), ..Items::default() };
            if let Some(key) = first.first_key() {
                branches.insert(atoms, 0, Branch { key, node: Box::new(first) });
                branches.insert(atoms, 1, split);
            }
            self.root = Node::Inner(branches);
        }
        match replaced {
            Some(object) => self.free(object),
            None => self.count += 1,
        }
    }

    /// Takes the object of a key out. Gives whether there was one.
    pub fn delete(&mut self, atoms: &AtomTable, key: Term) -> bool {
        *self.cursor.get_mut() = None;
        let Some(object) = self.root.remove(atoms, key) else { return false };
        while let Node::Inner(branches) = &mut self.root {
            match branches.items.len() {
                0 => self.root = Node::default(),
                1 => {
                    if let Some(only) = branches.items.pop() {
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

    /// Some entries in order after a key. None are left if there are none.
    pub fn entries_after(&self, atoms: &AtomTable, key: Term) -> &[Entry] {
        self.root.after(atoms, key)
    }

    /// Some entries in order up to the last before a key. None are left if there are none.
    pub fn entries_before(&self, atoms: &AtomTable, key: Term) -> &[Entry] {
        self.root.before(atoms, key)
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
        *self.cursor.get_mut() = None;
        loop {
            let mut node = &mut self.root;
            let entries = loop {
                match node {
                    Node::Leaf(leaf) => break core::mem::take(leaf).items,
                    Node::Inner(inner) => {
                        if inner.items.last().is_some_and(|branch| branch.node.len() == 0) {
                            inner.items.pop();
                        }
                        if inner.items.is_empty() {
                            break Vec::new();
                        }
                        let last = inner.items.len() - 1;
                        node = &mut inner.items[last].node;
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
