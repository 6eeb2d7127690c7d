// SPDX-License-Identifier: Apache-2.0
//! Maps: up to 32 associations flat, with the keys in order; above that a hash tree of nodes with up to 16 children
//! (`erts/emulator/beam/erl_map.c`).
//!
//! A map is never changed: what gives another map shares what it can. Two maps with equal keys have the same shape.

mod draft;
mod flat;
mod leaves;
mod merge;
mod shapes;
mod tree;

#[cfg(test)]
mod tests;

pub use draft::Draft;
pub use leaves::Leaves;
pub use merge::Merge;
pub use shapes::Shapes;

use alloc::vec::Vec;

use crate::atom::AtomTable;
use crate::compare;
use crate::heap::{Heap, build};
use crate::term::{Map, Term, layout};

/// The map without associations.
pub fn empty<H: Heap + ?Sized>(heap: &mut H) -> Term {
    let keys = build::tuple(heap, &[]);
    build::flat_map(heap, keys, &[])
}

/// The value of a key.
#[inline]
#[must_use]
pub fn get(atoms: &AtomTable, map: Map, key: Term) -> Option<Term> {
    if map.is_flat() { flat::get(map, key) } else { tree::get(atoms, map, key) }
}

/// The map with a value for a key, whether it had one or not.
pub fn put<H: Heap + ?Sized>(heap: &mut H, atoms: &AtomTable, map: Map, key: Term, value: Term) -> Term {
    if !map.is_flat() {
        return tree::put(heap, atoms, map, key, value);
    }
    flat::put(heap, atoms, map, key, value).unwrap_or_else(|| {
        let mut all = pairs(map);
        all.push((key, value));
        from_pairs(heap, atoms, &all)
    })
}

/// The map with values for keys, whether it had them or not. Of equal keys the last counts.
pub fn put_all<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    map: Map,
    mut new: impl Iterator<Item = (Term, Term)>,
) -> Term {
    let mut map = map;
    if map.is_flat() {
        let mut draft = flat::Draft::new(map);
        let refused = new.find(|(key, value)| !draft.put(atoms, *key, *value));
        let Some(refused) = refused else { return draft.finish(heap) };
        let all: Vec<(Term, Term)> = draft.pairs().chain([refused]).chain(new).collect();
        return from_pairs(heap, atoms, &all);
    }
    for (key, value) in new {
        if let Some(changed) = tree::put(heap, atoms, map, key, value).as_map() {
            map = changed;
        }
    }
    map.term()
}

/// The map with another value for a key that it has.
pub fn update<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    map: Map,
    key: Term,
    value: Term,
) -> Option<Term> {
    get(atoms, map, key)?;
    Some(put(heap, atoms, map, key, value))
}

/// The map without a key; with the value that it had.
pub fn remove<H: Heap + ?Sized>(
    heap: &mut H,
    atoms: &AtomTable,
    map: Map,
    key: Term,
) -> Option<(Term, Term)> {
    if map.is_flat() { flat::remove(heap, map, key) } else { tree::remove(heap, atoms, map, key) }
}

/// A map of pairs; of those with the same key the last counts.
pub fn from_pairs<H: Heap + ?Sized>(heap: &mut H, atoms: &AtomTable, pairs: &[(Term, Term)]) -> Term {
    if pairs.len() > layout::MAP_SMALL_LIMIT
        && let Some(map) = tree::from_pairs(heap, atoms, pairs)
    {
        return map;
    }
    from_sorted(heap, atoms, &in_order(atoms, pairs))
}

/// The pairs, each key once, in the order of the keys. It takes no heap: it is not compiled for each kind of one.
fn in_order(atoms: &AtomTable, pairs: &[(Term, Term)]) -> Vec<(Term, Term)> {
    let mut sorted: Vec<(Term, Term)> = pairs.to_vec();
    // A stable sort keeps the last of equal keys last.
    sorted.sort_by(|a, b| compare::compare_keys(atoms, a.0, b.0));
    sorted.dedup_by(|later, earlier| {
        let is_same = compare::same(later.0, earlier.0);
        if is_same {
            earlier.1 = later.1;
        }
        is_same
    });
    sorted
}

/// A map of keys and values in turn, if no key is there twice.
pub fn from_parts<H: Heap + ?Sized>(heap: &mut H, atoms: &AtomTable, parts: &[Term]) -> Option<Term> {
    if let Some(map) = flat::from_ordered(heap, atoms, parts) {
        return Some(map);
    }
    let pairs: Vec<(Term, Term)> = parts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    let term = from_pairs(heap, atoms, &pairs);
    term.as_map().filter(|map| map.len() == pairs.len()).map(|map| map.term())
}

/// A map of pairs in the order of their keys, each key once.
pub fn from_sorted<H: Heap + ?Sized>(heap: &mut H, atoms: &AtomTable, pairs: &[(Term, Term)]) -> Term {
    if pairs.len() > layout::MAP_SMALL_LIMIT
        && let Some(map) = tree::from_pairs(heap, atoms, pairs)
    {
        return map;
    }
    let (keys, values): (Vec<Term>, Vec<Term>) = pairs.iter().copied().unzip();
    let keys = build::tuple(heap, &keys);
    build::flat_map(heap, keys, &values)
}

/// The associations in the order in which programs see them.
#[must_use]
pub fn pairs(map: Map) -> Vec<(Term, Term)> {
    if map.is_flat() {
        let keys = map.flat_keys();
        let pairs = keys.elements().iter().copied().zip(map.flat_values().iter().copied());
        return pairs.collect();
    }
    tree::pairs(map)
}

/// The associations in the order of their keys.
#[must_use]
pub fn sorted_pairs(atoms: &AtomTable, map: Map) -> Vec<(Term, Term)> {
    let mut pairs = pairs(map);
    if !map.is_flat() {
        pairs.sort_by(|a, b| compare::compare_keys(atoms, a.0, b.0));
    }
    pairs
}
