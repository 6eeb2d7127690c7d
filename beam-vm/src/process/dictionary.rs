// SPDX-License-Identifier: Apache-2.0
//! The process dictionary.
//!
//! Programs see the order of its keys, and stock's is that of a hash table that grows and shrinks a few slots at a time (linear hashing,
//! `erl_process_dict.c`). So the table here has stock's slots, and in each slot stock's order.

use alloc::vec::Vec;

use crate::atom::AtomTable;
use crate::compare;
use crate::term::{Term, View};

/// Slots of a new table, and the fewest that one has.
const FIRST_SLOTS: usize = 8;

/// Up to so many keys looking at each is faster than hashing.
const FEW: usize = 8;

/// No entry.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: Term,
    value: Term,
    hash: u32,
    /// The next in the same slot, or the next that is free.
    next: u32,
}

/// Keys and values.
#[derive(Debug)]
pub struct Dictionary {
    entries: Vec<Entry>,
    /// The first entry of each slot; none as long as there was no key.
    slots: Vec<u32>,
    /// The first of the entries that are free.
    free: u32,
    len: u32,
    /// The bits of a hash that tell slots apart.
    mask: u32,
    /// The next slot to be split.
    split: u32,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self { entries: Vec::new(), slots: Vec::new(), free: NONE, len: 0, mask: 0, split: 0 }
    }
}

fn hash_of(atoms: &AtomTable, key: Term) -> u32 {
    match key.view() {
        View::Small(value) => value as u32,
        View::Atom(atom) => atoms.hash(atom),
        _ => crate::hash::internal(key),
    }
}

fn is_same(one: Term, other: Term) -> bool {
    one == other || (!other.is_immediate() && compare::same(one, other))
}

impl Dictionary {
    fn slot(&self, hash: u32) -> usize {
        let wide = (hash & self.mask) as usize;
        if wide < self.slots.len() { wide } else { (hash & self.mask >> 1) as usize }
    }

    /// The entries of a slot in order.
    fn chain(&self, slot: usize) -> impl Iterator<Item = u32> + '_ {
        let first = self.slots.get(slot).copied().unwrap_or(NONE);
        core::iter::successors(Some(first), |at| self.entries.get(*at as usize).map(|entry| entry.next))
            .take_while(|at| *at != NONE)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, atoms: &AtomTable, key: Term) -> Option<Term> {
        if self.entries.len() <= FEW {
            return self.entries.iter().find(|entry| is_same(entry.key, key)).map(|entry| entry.value);
        }
        let slot = self.slot(hash_of(atoms, key));
        let entry = self.chain(slot).find(|at| is_same(self.entries[*at as usize].key, key))?;
        Some(self.entries[entry as usize].value)
    }

    /// Makes a slot of entries in order.
    fn relink(&mut self, slot: usize, chain: &[u32]) {
        let mut next = NONE;
        for at in chain.iter().rev() {
            self.entries[*at as usize].next = next;
            next = *at;
        }
        self.slots[slot] = next;
    }

    /// Sets a value; gives the one before.
    pub fn put(&mut self, atoms: &AtomTable, key: Term, value: Term) -> Option<Term> {
        if self.slots.is_empty() {
            self.slots = alloc::vec![NONE; FIRST_SLOTS];
            self.mask = 2 * FIRST_SLOTS as u32 - 1;
            self.split = 0;
        }
        let hash = hash_of(atoms, key);
        let slot = self.slot(hash);
        let Some(place) = self.chain(slot).position(|at| is_same(self.entries[at as usize].key, key)) else {
            self.insert(slot, Entry { key, value, hash, next: self.slots[slot] });
            return None;
        };
        let mut chain: Vec<u32> = self.chain(slot).collect();
        let at = chain[place] as usize;
        if place > 0 && !value.is_immediate() {
            // Stock writes an immediate into the pair that is there. Anything else gets a new pair in front, so that nothing old refers
            // to it.
            chain[..=place].rotate_right(1);
            self.relink(slot, &chain);
        }
        Some(core::mem::replace(&mut self.entries[at].value, value))
    }

    fn insert(&mut self, slot: usize, entry: Entry) {
        let at = match self.free {
            NONE => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
            free => {
                self.free = self.entries[free as usize].next;
                self.entries[free as usize] = entry;
                free
            }
        };
        self.slots[slot] = at;
        self.len += 1;
        if self.slots.len() <= self.len as usize {
            self.grow();
        }
    }

    /// Takes a key out; gives its value.
    pub fn erase(&mut self, atoms: &AtomTable, key: Term) -> Option<Term> {
        if self.slots.is_empty() {
            return None;
        }
        let slot = self.slot(hash_of(atoms, key));
        let mut chain: Vec<u32> = self.chain(slot).collect();
        let place = chain.iter().position(|at| is_same(self.entries[*at as usize].key, key));
        let value = place.map(|place| {
            let at = chain.remove(place);
            self.relink(slot, &chain);
            let value = self.entries[at as usize].value;
            self.entries[at as usize] = Entry { key: Term::NONE, value: Term::NIL, hash: 0, next: self.free };
            self.free = at;
            self.len -= 1;
            value
        });
        let slots = self.slots.len();
        if slots > FIRST_SLOTS && slots / 2 > self.len as usize {
            self.shrink();
        }
        value
    }

    /// Splits some slots.
    fn grow(&mut self) {
        let steps = ((self.slots.len() / 4) & 0xF).max(1);
        let mut home = self.slots.len() as u32 - self.split;
        for _ in 0..steps {
            if self.split == home {
                home *= 2;
                self.mask = 2 * home - 1;
                self.split = 0;
            }
            let low = self.split as usize;
            self.split += 1;
            self.slots.push(NONE);
            let chain: Vec<u32> = self.chain(low).collect();
            let (mut stays, mut goes): (Vec<u32>, Vec<u32>) =
                chain.iter().partition(|at| self.slot(self.entries[**at as usize].hash) == low);
            stays.reverse();
            goes.reverse();
            self.relink(low, &stays);
            self.relink(low + home as usize, &goes);
        }
    }

    /// Joins some slots with those that they were split from.
    fn shrink(&mut self) {
        let slots = self.slots.len();
        let steps = (slots * 3 / 10).min(slots - FIRST_SLOTS);
        for _ in 0..steps {
            if self.split == 0 {
                self.mask = self.slots.len() as u32 - 1;
                self.split = self.slots.len() as u32 / 2;
            }
            self.split -= 1;
            let (low, high) = (self.split as usize, self.slots.len() - 1);
            let stays: Vec<u32> = self.chain(low).collect();
            let mut joined: Vec<u32> = self.chain(high).collect();
            if stays.len() == 1 {
                joined.insert(0, stays[0]);
            } else {
                // One that comes to many goes before them, and many do one after the other.
                joined.reverse();
                if stays.is_empty() {
                    joined.reverse();
                }
                joined.extend(stays);
            }
            self.relink(low, &joined);
            self.slots.pop();
        }
    }

    /// All keys and values in stock's order.
    pub fn pairs(&self) -> impl Iterator<Item = (Term, Term)> + '_ {
        let all: Vec<u32> = (0..self.slots.len()).flat_map(|slot| self.chain(slot)).collect();
        all.into_iter().rev().map(|at| (self.entries[at as usize].key, self.entries[at as usize].value))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for entry in self.entries.iter_mut().filter(|entry| entry.key.is_some()) {
            visit(&mut entry.key);
            visit(&mut entry.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use proptest::prelude::*;

    use super::Dictionary;
    use crate::atom::{AtomLimit, AtomTable};
    use crate::term::Term;

    proptest! {
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((any::<bool>(), 0_u8..60, any::<i16>()), 0..300)) {
            let atoms = AtomTable::new(AtomLimit::DEFAULT);
            let (mut dictionary, mut model) = (Dictionary::default(), BTreeMap::new());
            for (put, key, value) in steps {
                let (key, value) = (Term::small_cut(i64::from(key) * 3), Term::small_cut(i64::from(value)));
                let before = model.get(&key.raw()).copied();
                prop_assert_eq!(dictionary.get(&atoms, key), before);
                if put {
                    prop_assert_eq!(dictionary.put(&atoms, key, value), before);
                    model.insert(key.raw(), value);
                } else {
                    prop_assert_eq!(dictionary.erase(&atoms, key), before);
                    model.remove(&key.raw());
                }
                prop_assert_eq!(dictionary.len(), model.len());
                let pairs: BTreeMap<u64, Term> = dictionary.pairs().map(|(key, value)| (key.raw(), value)).collect();
                prop_assert_eq!(&pairs, &model);
            }
        }
    }
}
