// SPDX-License-Identifier: Apache-2.0
//! Maps behave as a model does, small or large, and equal maps have one shape however they were made.

use std::collections::BTreeMap;
use std::format;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Draft, Leaves, Merge, empty, from_pairs, get, pairs, put, put_all, remove};
use crate::atom::{AtomLimit, AtomTable};
use crate::compare;
use crate::hash;
use crate::heap::{Fragment, build};
use crate::term::{Map, Term, layout};

struct World {
    heap: Fragment,
    atoms: AtomTable,
}

impl World {
    fn new() -> Self {
        Self { heap: Fragment::default(), atoms: AtomTable::new(AtomLimit::DEFAULT) }
    }

    /// Keys of several types; numbers below 1000 only, so that they meet.
    fn key(&mut self, number: i64) -> Term {
        match number % 4 {
            0 => Term::small_cut(number),
            1 => build::float(&mut self.heap, number as f64),
            2 => build::tuple(&mut self.heap, &[Term::small_cut(number)]),
            _ => Term::atom(self.atoms.insert(&format!("k{number}")).expect("a short text")),
        }
    }

    fn map(&mut self, numbers: impl Iterator<Item = i64>) -> Map {
        let mut map = empty(&mut self.heap);
        for number in numbers {
            let key = self.key(number);
            map = put(&mut self.heap, &self.atoms, as_map(map), key, Term::small_cut(number));
        }
        as_map(map)
    }
}

fn as_map(term: Term) -> Map {
    term.as_map().expect("a map")
}

/// Integers with the same hash.
fn colliding() -> Vec<[i64; 2]> {
    let mut seen = BTreeMap::new();
    let mut found = Vec::new();
    for number in 0..400_000 {
        if let Some(other) = seen.insert(hash::internal(Term::small_cut(number)), number) {
            found.push([other, number]);
        }
    }
    assert!(!found.is_empty(), "so many integers have two with the same hash of 32 bits");
    found
}

proptest! {
    #[test]
    fn a_map_is_what_a_model_is(changes in prop::collection::vec((0..160_i64, any::<bool>()), 0..400)) {
        let mut world = World::new();
        let mut map = as_map(empty(&mut world.heap));
        let mut model = BTreeMap::new();
        for (at, (number, adds)) in changes.into_iter().enumerate() {
            let key = world.key(number);
            let value = Term::small_cut(at as i64);
            if adds {
                model.insert(number, value);
                map = as_map(put(&mut world.heap, &world.atoms, map, key, value));
                // The same value again is the same map.
                prop_assert_eq!(put(&mut world.heap, &world.atoms, map, key, value), map.term());
            } else {
                let removed = remove(&mut world.heap, &world.atoms, map, key);
                prop_assert_eq!(removed.map(|(_, value)| value), model.remove(&number));
                map = removed.map_or(map, |(rest, _)| as_map(rest));
            }
            prop_assert_eq!(map.len(), model.len());
            prop_assert_eq!(get(&world.atoms, map, key), model.get(&number).copied());
        }
        let mut all = Vec::new();
        for (number, value) in &model {
            let key = world.key(*number);
            prop_assert_eq!(get(&world.atoms, map, key), Some(*value));
            all.push((key, *value));
        }
        let whole = from_pairs(&mut world.heap, &world.atoms, &all);
        prop_assert!(compare::same(whole, map.term()));
        let nothing = as_map(empty(&mut world.heap));
        let at_once = put_all(&mut world.heap, &world.atoms, nothing, all.into_iter());
        prop_assert!(compare::same(at_once, map.term()));
    }

    #[test]
    fn a_draft_comes_to_the_same_map(
        numbers in prop::collection::vec(0..3000_i64, 0..3000),
        expected in 0..100_000_usize,
        step in 1..500_usize,
    ) {
        let mut world = World::new();
        let mut draft = Draft::new(expected);
        let mut all = Vec::new();
        for (at, number) in numbers.into_iter().enumerate() {
            let (key, value) = (world.key(number), Term::count(at));
            draft.add(key, value);
            all.push((key, value));
        }
        let whole = from_pairs(&mut world.heap, &world.atoms, &all);
        let made = loop {
            let mut budget = step;
            if let Some(made) = draft.build(&mut world.heap, &world.atoms, &mut budget) {
                break made;
            }
            prop_assert_eq!(budget, 0);
        };
        prop_assert_eq!(as_map(made).len(), as_map(whole).len());
        prop_assert!(compare::same(made, whole));
    }

    #[test]
    fn two_maps_become_one_step_by_step(first in 0..200_i64, second in 0..200_i64, from in 0..200_i64, step in 1..50_usize) {
        let mut world = World::new();
        let maps = [(0, 0..first), (1, from..from + second)].map(|(value, keys)| {
            let pairs: Vec<_> = keys.map(|number| (world.key(number), Term::small_cut(value))).collect();
            as_map(from_pairs(&mut world.heap, &world.atoms, &pairs))
        });
        let all: Vec<_> = maps.iter().flat_map(|map| pairs(*map)).collect();
        let whole = from_pairs(&mut world.heap, &world.atoms, &all);
        let mut merge = Merge::default();
        let merged = loop {
            let mut budget = step;
            if let Some(merged) = merge.run(&mut world.heap, &world.atoms, maps, &mut budget) {
                break merged;
            }
        };
        prop_assert!(compare::same(merged, whole));
    }

    #[test]
    fn going_on_at_any_leaf_gives_the_rest(count in 33..600_i64, stop in 0..600_usize) {
        let mut world = World::new();
        let map = world.map(0..count);
        let mut all = pairs(map);
        all.reverse();
        let mut leaves = Leaves::new(map);
        let stop = stop % (all.len() + 1);
        for (key, value) in &all[..stop] {
            prop_assert_eq!(leaves.next().map(|leaf| (leaf.head(), leaf.tail())), Some((*key, *value)));
        }
        let position = leaves.position();
        prop_assert_eq!(position.is_none(), stop == all.len());
        if let Some(position) = position {
            let mut rest = Leaves::resume(map, position).expect("a position of this map");
            for (key, value) in &all[stop..] {
                prop_assert_eq!(rest.next().map(|leaf| (leaf.head(), leaf.tail())), Some((*key, *value)));
            }
            prop_assert!(rest.next().is_none());
        }
    }

    #[test]
    fn no_number_breaks_a_walk(number in any::<u64>()) {
        let mut world = World::new();
        let map = world.map(0..200);
        for position in [number, number & 0x1111_1111_1111, number & 0xFFF] {
            if let Some(mut leaves) = Leaves::resume(map, position) {
                prop_assert!(leaves.next().is_some());
                while leaves.next().is_some() {}
            }
        }
    }
}

#[test]
fn a_map_is_large_from_33_keys_on() {
    let mut world = World::new();
    let small = world.map(0..32);
    assert!(small.is_flat());
    let large = world.map(0..33);
    assert!(!large.is_flat());
    let key = world.key(32);
    let (rest, _) = remove(&mut world.heap, &world.atoms, large, key).expect("the key is there");
    assert!(as_map(rest).is_flat());
    assert!(compare::same(rest, small.term()));
}

#[test]
fn an_update_shares_the_keys() {
    let mut world = World::new();
    let map = world.map(0..8);
    let key = world.key(5);
    let changed = as_map(put(&mut world.heap, &world.atoms, map, key, Term::NIL));
    assert_eq!(changed.flat_keys(), map.flat_keys());
    assert_eq!(changed.flat_values()[..].iter().filter(|value| value.is_nil()).count(), 1);
}

#[test]
fn pairs_with_few_keys_make_a_small_map() {
    let mut world = World::new();
    let many: Vec<(Term, Term)> =
        (0..100).map(|number| (Term::small_cut(number % 7), Term::small_cut(number))).collect();
    let map = as_map(from_pairs(&mut world.heap, &world.atoms, &many));
    assert_eq!(map.len(), 7);
    assert_eq!(get(&world.atoms, map, Term::small_cut(3)), Some(Term::small_cut(94)));
}

#[test]
fn keys_with_one_hash_are_kept_apart() {
    for [first, second] in colliding() {
        let (first, second) = (Term::small_cut(first), Term::small_cut(second));
        let mut world = World::new();
        let base = world.map((0..).step_by(4).take(40).map(|number| number + 1_000_000));
        let mut maps = Vec::new();
        for keys in [[first, second], [second, first]] {
            let new = keys.map(|key| (key, key));
            maps.push(put_all(&mut world.heap, &world.atoms, base, new.into_iter()));
            let all: Vec<_> = new.into_iter().chain(pairs(base)).collect();
            maps.push(from_pairs(&mut world.heap, &world.atoms, &all));
        }
        for map in &maps {
            assert!(compare::same(*map, maps[0]));
            assert_eq!(get(&world.atoms, as_map(*map), first), Some(first));
            assert_eq!(get(&world.atoms, as_map(*map), second), Some(second));
        }
        // Alone again, the other key moves up to where it is without the first.
        let (one, _) = remove(&mut world.heap, &world.atoms, as_map(maps[0]), first).expect("it is there");
        let direct = put(&mut world.heap, &world.atoms, base, second, second);
        assert!(compare::same(one, direct));
        let (none, _) = remove(&mut world.heap, &world.atoms, as_map(one), second).expect("it is there");
        assert!(compare::same(none, base.term()));
    }
}

/// An integer, a float and a bignum with the same hash: each kind only adds another number to both halves of a word.
fn inseparable(heap: &mut Fragment) -> [Term; 3] {
    const GOLDEN: u32 = 0x9E37_79B9;
    let small = Term::small_cut(0x0012_3456_789A_BCDE);
    let word = |multiple: u32| {
        let added = GOLDEN.wrapping_sub(GOLDEN.wrapping_mul(multiple));
        let half = |half: u64| u64::from((half as u32).wrapping_add(added));
        half(small.raw() >> 32) << 32 | half(small.raw())
    };
    let float = f64::from_bits(word(12));
    assert!(float.is_finite());
    [small, build::float(heap, float), build::unsigned(heap, word(11))]
}

#[test]
fn keys_of_several_types_with_one_hash_are_kept_apart() {
    let mut world = World::new();
    let keys = inseparable(&mut world.heap);
    assert!(keys.iter().all(|key| hash::internal(*key) == hash::internal(keys[0])));
    let base = world.map(0..40);
    let mut shapes = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let new = order.map(|place| (keys[place], Term::small_cut(place as i64)));
        let map = as_map(put_all(&mut world.heap, &world.atoms, base, new.into_iter()));
        for (key, value) in new {
            assert_eq!(get(&world.atoms, map, key), Some(value));
            let again = as_map(put(&mut world.heap, &world.atoms, map, key, Term::NIL));
            assert_eq!((again.len(), get(&world.atoms, again, key)), (43, Some(Term::NIL)));
        }
        shapes.push(map);
        let mut rest = map;
        for (place, (key, value)) in new.iter().enumerate() {
            let (less, removed) = remove(&mut world.heap, &world.atoms, rest, *key).expect("it is there");
            assert_eq!(removed, *value);
            rest = as_map(less);
            let left = put_all(&mut world.heap, &world.atoms, base, new[place + 1..].iter().copied());
            assert!(compare::same(less, left));
        }
        let mut all = pairs(map);
        all.reverse();
        for stop in 0..all.len() {
            let mut leaves = Leaves::new(map);
            for _ in 0..stop {
                let _ = leaves.next();
            }
            let position = leaves.position().expect("there are more");
            let mut rest = Leaves::resume(map, position).expect("a position of this map");
            for (key, _) in &all[stop..] {
                assert_eq!(rest.next().map(|leaf| leaf.head()), Some(*key));
            }
        }
    }
    assert!(shapes.iter().all(|map| compare::same(map.term(), shapes[0].term())));
    let whole = from_pairs(&mut world.heap, &world.atoms, &pairs(shapes[0]));
    assert!(compare::same(whole, shapes[0].term()));
}

#[test]
fn a_large_map_has_no_position_of_another_form() {
    let mut world = World::new();
    let map = world.map(0..100);
    assert!(map.len() > layout::MAP_SMALL_LIMIT);
    for position in [0, 1, 2, 0x1F_FFFF, u64::MAX] {
        assert!(Leaves::resume(map, position).is_none(), "{position}");
    }
}
