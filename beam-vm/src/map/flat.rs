// SPDX-License-Identifier: Apache-2.0
//! Small maps. What becomes another map is written to the heap at once.

use core::cmp::Ordering;

use crate::atom::AtomTable;
use crate::compare;
use crate::heap::{Heap, build};
use crate::term::{Map, Term, layout};

/// Where a key is.
#[inline]
fn find(map: Map, key: Term) -> Option<usize> {
    let keys = map.flat_keys();
    if key.is_immediate() {
        return keys.elements().iter().position(|candidate| *candidate == key);
    }
    keys.elements().iter().position(|candidate| compare::same(*candidate, key))
}

#[inline]
pub(super) fn get(map: Map, key: Term) -> Option<Term> {
    find(map, key).map(|place| map.flat_values()[place])
}

/// The map with a value for a key, if it is still a small one then.
pub(super) fn put<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    map: Map,
    key: Term,
    value: Term,
) -> Option<Term> {
    let (keys, values) = (map.flat_keys(), map.flat_values());
    if let Some(place) = find(map, key) {
        if values[place] == value {
            return Some(map.term());
        }
        return Some(build::flat_map_of(
            heap,
            keys.term(),
            &[&values[..place], &[value], &values[place + 1..]],
        ));
    }
    let elements = keys.elements();
    if elements.len() == layout::MAP_SMALL_LIMIT {
        return None;
    }
    let place = elements.partition_point(|other| compare::compare_keys(atoms, *other, key) == Ordering::Less);
    let keys = build::tuple_of(heap, &[&elements[..place], &[key], &elements[place..]]);
    Some(build::flat_map_of(heap, keys, &[&values[..place], &[value], &values[place..]]))
}

/// The map without a key; with the value that it had.
pub(super) fn remove<H: Heap + ?Sized>(heap: &mut H, map: Map, key: Term) -> Option<(Term, Term)> {
    let place = find(map, key)?;
    let (keys, values) = (map.flat_keys(), map.flat_values());
    let elements = keys.elements();
    let keys = build::tuple_of(heap, &[&elements[..place], &elements[place + 1..]]);
    Some((build::flat_map_of(heap, keys, &[&values[..place], &values[place + 1..]]), values[place]))
}

/// A small map of keys and values in turn, if the keys are in order and each is there once.
pub(super) fn from_ordered<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    parts: &[Term],
) -> Option<Term> {
    let len = parts.len() / 2;
    if len > layout::MAP_SMALL_LIMIT {
        return None;
    }
    let (mut keys, mut values) = ([Term::NIL; layout::MAP_SMALL_LIMIT], [Term::NIL; layout::MAP_SMALL_LIMIT]);
    let mut last = None;
    for (at, pair) in parts.chunks_exact(2).enumerate() {
        if last.is_some_and(|last| compare::compare_keys(atoms, last, pair[0]) != Ordering::Less) {
            return None;
        }
        (keys[at], values[at]) = (pair[0], pair[1]);
        last = Some(pair[0]);
    }
    let keys = build::tuple(heap, &keys[..len]);
    Some(build::flat_map(heap, keys, &values[..len]))
}

/// A small map while it is changed several times, beside the heap.
pub(super) struct Draft {
    map: Map,
    len: usize,
    keys: [Term; layout::MAP_SMALL_LIMIT],
    values: [Term; layout::MAP_SMALL_LIMIT],
    changed: Changed,
}

/// What of a draft is not as in its map.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Changed {
    Nothing,
    Values,
    Keys,
}

impl Draft {
    pub(super) fn new(map: Map) -> Self {
        let len = map.len();
        let mut draft = Self {
            map,
            len,
            keys: [Term::NIL; layout::MAP_SMALL_LIMIT],
            values: [Term::NIL; layout::MAP_SMALL_LIMIT],
            changed: Changed::Nothing,
        };
        draft.keys[..len].copy_from_slice(map.flat_keys().elements());
        draft.values[..len].copy_from_slice(map.flat_values());
        draft
    }

    /// Puts a value for a key; false if there is no room.
    #[must_use]
    pub(super) fn put(&mut self, atoms: &AtomTable, key: Term, value: Term) -> bool {
        let keys = &self.keys[..self.len];
        let found = if key.is_immediate() {
            keys.iter().position(|other| *other == key)
        } else {
            keys.iter().position(|other| compare::same(*other, key))
        };
        if let Some(place) = found {
            if self.values[place] != value {
                self.values[place] = value;
                self.changed = self.changed.max(Changed::Values);
            }
            return true;
        }
        if self.len == layout::MAP_SMALL_LIMIT {
            return false;
        }
        let place = keys.partition_point(|other| compare::compare_keys(atoms, *other, key) == Ordering::Less);
        self.keys.copy_within(place..self.len, place + 1);
        self.values.copy_within(place..self.len, place + 1);
        self.keys[place] = key;
        self.values[place] = value;
        self.len += 1;
        self.changed = Changed::Keys;
        true
    }

    /// The associations.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Term, Term)> {
        self.keys[..self.len].iter().copied().zip(self.values[..self.len].iter().copied())
    }

    /// The map.
    pub(super) fn finish<H: Heap + ?Sized>(&self, heap: &mut H) -> Term {
        let keys = match self.changed {
            Changed::Nothing => return self.map.term(),
            Changed::Values => self.map.flat_keys().term(),
            Changed::Keys => build::tuple(heap, &self.keys[..self.len]),
        };
        build::flat_map(heap, keys, &self.values[..self.len])
    }
}
