// SPDX-License-Identifier: Apache-2.0
//! `ordered_set`: a tree of the objects in the order of their keys, in which `1` and `1.0` are one key.
//!
//! It is a B+ tree: objects are in leaves. A node has digests of its keys beside them, so that a search looks at few blocks of memory and at few
//! objects. An inner node has the first key of each of its children. Nodes that run low are joined with a neighbour. Where the last search has
//! ended is kept until something changes, since most walks go on there.
#![expect(unsafe_code, reason = "frees objects, and goes back to a leaf that was not changed")]

mod inner;
mod keys;
mod leaf;
mod node;
mod slots;
#[cfg(test)]
mod tests;

use core::cell::Cell;
use core::ptr::NonNull;

use super::object::{OVERHEAD, Object};
use crate::atom::AtomTable;
use crate::term::Term;

use inner::{Branch, Inner};
use keys::{KeyPosition, Order};
pub use leaf::Entry;
use leaf::Leaf;
use node::{First, Node, Path};

/// What stock's nodes take more than those of hashed tables.
const EXTRA: usize = 1;

/// An entry of a leaf that has not changed since.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    leaf: NonNull<Leaf>,
    index: usize,
}

/// A table in the order of keys.
#[derive(Debug, Default)]
pub struct Tree {
    /// None until there is an object.
    root: Option<Node>,
    count: usize,
    words: usize,
    /// Which element of objects is the key. It is known once there is one.
    key_position: KeyPosition,
    /// Where the last search has ended. Whatever changes the tree takes it away.
    cursor: Cell<Option<Cursor>>,
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

    fn order<'a>(&self, atoms: &'a AtomTable) -> Order<'a> {
        Order { atoms, position: self.key_position }
    }

    /// The object of a key.
    pub fn get(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        let order = self.order(atoms);
        if let Some((leaf, index)) = self.resting_at(order, key) {
            return leaf.entries().get(index).map(|entry| entry.object);
        }
        let leaf = self.root.as_ref()?.leaf(order, key)?;
        self.rest_at(leaf, leaf.search(order, key).ok()?)
    }

    /// The object after a key, which need not be there.
    pub fn after(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        let order = self.order(atoms);
        if let Some((leaf, index)) = self.resting_at(order, key)
            && let found @ Some(_) = self.rest_at(leaf, index + 1)
        {
            return found;
        }
        let (leaf, index) = self.root.as_ref()?.after(order, key)?;
        self.rest_at(leaf, index)
    }

    /// The object before a key, which need not be there.
    pub fn before(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        let order = self.order(atoms);
        if let Some((leaf, index)) = self.resting_at(order, key)
            && let found @ Some(_) = self.rest_at(leaf, index.wrapping_sub(1))
        {
            return found;
        }
        let (leaf, index) = self.root.as_ref()?.before(order, key)?;
        self.rest_at(leaf, index)
    }

    /// Where the last search has ended, if that is the place of a key.
    #[inline]
    fn resting_at(&self, order: Order<'_>, key: Term) -> Option<(&Leaf, usize)> {
        let Cursor { leaf, index } = self.cursor.get()?;
        // SAFETY: it is a leaf of this tree, and whatever changes or moves one takes the cursor away.
        let leaf = unsafe { leaf.as_ref() };
        let other = order.key(leaf.entries().get(index)?.object);
        order.are_one(other, key).then_some((leaf, index))
    }

    /// Rests at a place of a leaf, if there is an object; gives it.
    #[inline]
    fn rest_at(&self, leaf: &Leaf, index: usize) -> Option<Object> {
        let entry = leaf.entries().get(index)?;
        self.cursor.set(Some(Cursor { leaf: NonNull::from(leaf), index }));
        Some(entry.object)
    }

    /// Puts an object in, in place of the one with the same key if there is one.
    pub fn insert(&mut self, atoms: &AtomTable, key_position: usize, object: Object) {
        *self.cursor.get_mut() = None;
        self.key_position = KeyPosition(key_position);
        self.account(object);
        let order = self.order(atoms);
        let key = order.key(object);
        loop {
            let root = self.root.get_or_insert_with(|| Node::Leaf(Leaf::new()));
            let mut path = Path::default();
            let Some(leaf) = root.leaf_mut(order, key, &mut path) else { return };
            let (index, replaced) = match leaf.search(order, key) {
                Ok(index) => (index, Some(leaf.replace(index, object))),
                Err(index) if leaf.is_full() => {
                    self.split(order, &path, index);
                    continue;
                }
                Err(index) => {
                    leaf.insert(order, index, object);
                    (index, None)
                }
            };
            if index == 0 {
                root.mend(order, path.steps(), First::Other);
            }
            match replaced {
                Some(object) => self.free(object),
                None => self.count += 1,
            }
            return;
        }
    }

    /// Makes room in a leaf, in which something has to go to a place.
    fn split(&mut self, order: Order<'_>, path: &Path, index: usize) {
        let Some(mut node) = self.root.take() else { return };
        let second = node.split(order, path.steps(), index);
        self.root = Some(match (second, node.first_key(order)) {
            (Some(second), Some(key)) => Node::Inner(Inner::of_two(order, Branch { key, node }, second)),
            _ => node,
        });
    }

    /// Takes the object of a key out. Gives whether there was one.
    pub fn delete(&mut self, atoms: &AtomTable, key: Term) -> bool {
        let order = self.order(atoms);
        let mut path = Path::default();
        let Some(root) = &mut self.root else { return false };
        let Some(leaf) = root.leaf_mut(order, key, &mut path) else { return false };
        let Ok(index) = leaf.search(order, key) else { return false };
        *self.cursor.get_mut() = None;
        let object = leaf.remove(index);
        if index == 0 || leaf.is_low() {
            let first = if index == 0 { First::Other } else { First::Same };
            root.mend(order, path.steps(), first);
            while let Some(Node::Inner(inner)) = &mut self.root
                && inner.len() == 1
            {
                self.root = inner.pop();
            }
        }
        self.count -= 1;
        self.free(object);
        true
    }

    /// Some entries in order after a key. None are left if there are none.
    pub fn entries_after(&self, atoms: &AtomTable, key: Term) -> &[Entry] {
        let place = self.root.as_ref().and_then(|root| root.after(self.order(atoms), key));
        place.map_or(&[], |(leaf, index)| &leaf.entries()[index..])
    }

    /// Some entries in order up to the last before a key. None are left if there are none.
    pub fn entries_before(&self, atoms: &AtomTable, key: Term) -> &[Entry] {
        let place = self.root.as_ref().and_then(|root| root.before(self.order(atoms), key));
        place.map_or(&[], |(leaf, index)| &leaf.entries()[..=index])
    }

    /// Some entries in order, from the first on that is not before. None are left if there are none.
    pub fn forward(&self, is_before: impl FnMut(Term) -> bool) -> &[Entry] {
        self.root.as_ref().map_or(&[], |root| root.forward(self.key_position, is_before))
    }

    /// Some entries in order, up to the last that is before. None are left if there are none.
    pub fn backward(&self, is_before: impl FnMut(Term) -> bool) -> &[Entry] {
        self.root.as_ref().map_or(&[], |root| root.backward(self.key_position, is_before))
    }

    /// Shows all entries in order.
    pub fn each(&self, visit: &mut dyn FnMut(&Entry)) {
        if let Some(root) = &self.root {
            root.each(visit);
        }
    }

    /// The entry with a number of others before it.
    pub fn nth(&self, index: usize) -> Option<Entry> {
        self.root.as_ref()?.nth(index).ok()
    }

    /// Frees objects until a budget is used up. Gives whether all are gone; the table must not be used otherwise afterwards.
    pub fn dismantle(&mut self, budget: &mut usize) -> bool {
        *self.cursor.get_mut() = None;
        while let Some(leaf) = Node::take_last_leaf(&mut self.root) {
            *budget = budget.saturating_sub(leaf.len().max(1));
            for entry in leaf.entries() {
                self.free(entry.object);
            }
            if *budget == 0 {
                return self.root.is_none();
            }
        }
        true
    }

    /// Whether all is as it has to be. For tests.
    #[cfg(test)]
    pub(super) fn check(&self, atoms: &AtomTable) {
        let mut count = 0;
        self.each(&mut |_| count += 1);
        assert_eq!(count, self.count);
        if let Some(root) = &self.root {
            root.check(self.order(atoms));
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.dismantle(&mut usize::MAX.clone());
    }
}
