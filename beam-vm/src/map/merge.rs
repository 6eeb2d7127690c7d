// SPDX-License-Identifier: Apache-2.0
//! The associations of two maps, a piece of work at a time: those of the smaller one are put into the other.

use super::{Leaves, from_pairs, get, pairs, put};
use crate::atom::AtomTable;
use crate::heap::Heap;
use crate::term::{Map, Term};

/// Two maps that are being made one.
pub struct Merge {
    /// What it has come to; nothing at first.
    map: Term,
    /// Where in the smaller map it goes on.
    position: Option<u64>,
}

impl Default for Merge {
    fn default() -> Self {
        Self { map: Term::NONE, position: None }
    }
}

impl Merge {
    /// Goes on with two maps, which are the same each time, as long as there is some of the budget left, which it counts down. The map,
    /// once it is done; where both have a key, it has the second's value.
    pub fn run<H: Heap + ?Sized>(
        &mut self,
        heap: &mut H,
        atoms: &AtomTable,
        [first, second]: [Map; 2],
        budget: &mut usize,
    ) -> Option<Term> {
        if first.is_empty() {
            return Some(second.term());
        }
        if second.is_empty() || first.term() == second.term() {
            return Some(first.term());
        }
        let (large, small) = if first.len() >= second.len() { (first, second) } else { (second, first) };
        let is_overwritten = large.term() == first.term();
        let add = |heap: &mut H, map: Term, key, value| match map.as_map() {
            Some(map) if is_overwritten || get(atoms, map, key).is_none() => {
                put(heap, atoms, map, key, value)
            }
            _ => map,
        };
        if small.is_flat() {
            *budget = budget.saturating_sub(small.len());
            return Some(if large.is_flat() {
                let mut all = pairs(first);
                all.extend(pairs(second));
                from_pairs(heap, atoms, &all)
            } else {
                let pairs = pairs(small).into_iter();
                pairs.fold(large.term(), |map, (key, value)| add(heap, map, key, value))
            });
        }
        let resumed = self.position.and_then(|position| Leaves::resume(small, position));
        let mut leaves = resumed.unwrap_or_else(|| Leaves::new(small));
        let mut map = if self.map.is_some() { self.map } else { large.term() };
        while *budget > 0 {
            *budget -= 1;
            let Some(leaf) = leaves.next() else { return Some(map) };
            map = add(heap, map, leaf.head(), leaf.tail());
        }
        self.map = map;
        self.position = leaves.position();
        if self.position.is_none() { Some(map) } else { None }
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        if self.map.is_some() {
            visit(&mut self.map);
        }
    }
}
