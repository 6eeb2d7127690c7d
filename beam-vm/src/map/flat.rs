// SPDX-License-Identifier: Apache-2.0
//! Small maps.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::tree;
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

pub(super) fn put<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    map: Map,
    key: Term,
    value: Term,
) -> Term {
    let keys = map.flat_keys();
    if let Some(place) = find(map, key) {
        if map.flat_values()[place] == value {
            return map.term();
        }
        let mut values = map.flat_values().to_vec();
        values[place] = value;
        return build::flat_map(heap, keys.term(), &values);
    }
    let elements = keys.elements();
    let place = elements.partition_point(|other| compare::compare_keys(atoms, *other, key) == Ordering::Less);
    if elements.len() == layout::MAP_SMALL_LIMIT {
        let mut pairs = super::pairs(map);
        pairs.insert(place, (key, value));
        return tree::from_pairs(heap, atoms, &pairs);
    }
    let mut new_keys: Vec<Term> = elements.to_vec();
    new_keys.insert(place, key);
    let mut values = map.flat_values().to_vec();
    values.insert(place, value);
    let new_keys = build::tuple(heap, &new_keys);
    build::flat_map(heap, new_keys, &values)
}

pub(super) fn remove<H: Heap + ?Sized>(heap: &mut H, map: Map, key: Term) -> Term {
    let Some(place) = find(map, key) else { return map.term() };
    let mut keys = map.flat_keys().elements().to_vec();
    keys.remove(place);
    let mut values = map.flat_values().to_vec();
    values.remove(place);
    let keys = build::tuple(heap, &keys);
    build::flat_map(heap, keys, &values)
}
