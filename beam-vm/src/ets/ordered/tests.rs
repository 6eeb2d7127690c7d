// SPDX-License-Identifier: Apache-2.0
//! Trees against lists that are kept in order by comparing keys. All that has to be true of a tree is looked at after each step.

use std::vec::Vec;

use proptest::prelude::*;

use super::{Object, Tree};
use crate::atom::{AtomLimit, AtomTable, predefined};
use crate::compare::compare;
use crate::ets::Pages;
use crate::heap::{Fragment, build};
use crate::term::Term;

/// Kinds of keys that a number is made; several numbers may be one key.
#[derive(Clone, Copy, Debug)]
enum Keys {
    /// Integers on both sides of 0.
    Small,
    /// Integers and floats of the same value, and what is between.
    Numbers,
    /// Integers of 60 bits and more, and floats of that size.
    Large,
    /// `{ok, N}`
    Second,
    /// `{N div 8, N rem 8}`
    Pairs,
    /// A text after one that is always the same.
    Texts,
    /// Of all types.
    Any,
}

const KINDS: [Keys; 7] =
    [Keys::Small, Keys::Numbers, Keys::Large, Keys::Second, Keys::Pairs, Keys::Texts, Keys::Any];

fn key_of(keys: Keys, heap: &mut Fragment, number: i64) -> Term {
    let small = Term::small_cut;
    match keys {
        Keys::Small => small(number - 500),
        Keys::Numbers => match number % 3 {
            0 => small(number / 6 - 50),
            1 => build::float(heap, (number / 6 - 50) as f64),
            _ => build::float(heap, (number / 6 - 50) as f64 + 0.5),
        },
        Keys::Large => match number % 3 {
            0 => small(Term::SMALL_MAX - number / 3),
            1 => build::unsigned(heap, (Term::SMALL_MAX + 1 + number / 3) as u64),
            _ => build::float(heap, (Term::SMALL_MAX + number / 3 * 16 - 2000) as f64),
        },
        Keys::Second => build::tuple(heap, &[Term::atom(predefined::OK), small(number)]),
        Keys::Pairs => build::tuple(heap, &[small(number / 8), small(number % 8)]),
        Keys::Texts => build::binary(heap, std::format!("a long text: {number}").as_bytes()),
        Keys::Any => match number % 7 {
            0 => Term::atom([predefined::OK, predefined::ERROR, predefined::TRUE][number as usize % 3]),
            1 => key_of(Keys::Numbers, heap, number),
            2 => key_of(Keys::Large, heap, number),
            3 => key_of(Keys::Second, heap, number),
            4 => key_of(Keys::Pairs, heap, number),
            5 => build::list(heap, &[small(number / 9), small(number)]),
            _ => key_of(Keys::Texts, heap, number),
        },
    }
}

#[derive(Clone, Debug)]
enum Step {
    Put(i64),
    /// All of so many numbers from one on.
    PutUp(i64, i64),
    PutDown(i64, i64),
    Delete(i64),
    DeleteUp(i64, i64),
    DeleteDown(i64, i64),
    Find(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    const NUMBERS: core::ops::Range<i64> = 0..1000;
    let step = prop_oneof![
        8 => NUMBERS.prop_map(Step::Put),
        1 => (NUMBERS, 0_i64..300).prop_map(|(from, count)| Step::PutUp(from, count)),
        1 => (NUMBERS, 0_i64..300).prop_map(|(from, count)| Step::PutDown(from, count)),
        8 => NUMBERS.prop_map(Step::Delete),
        1 => (NUMBERS, 0_i64..300).prop_map(|(from, count)| Step::DeleteUp(from, count)),
        1 => (NUMBERS, 0_i64..300).prop_map(|(from, count)| Step::DeleteDown(from, count)),
        8 => NUMBERS.prop_map(Step::Find),
    ];
    prop::collection::vec(step, 0..60)
}

/// A tree, and its objects' keys and values in a list.
struct Pair {
    atoms: AtomTable,
    pages: Pages,
    heap: Fragment,
    keys: Keys,
    tree: Tree,
    list: Vec<(Term, i64)>,
}

/// Objects are pairs of a value and the key, so that the key is not the first element.
const KEY_POSITION: usize = 2;

fn of(object: Option<Object>) -> Option<i64> {
    object.and_then(|object| object.element(1)?.as_small())
}

impl Pair {
    fn place(&self, key: Term) -> Result<usize, usize> {
        self.list.binary_search_by(|(other, _)| compare(&self.atoms, *other, key))
    }

    fn put(&mut self, number: i64, value: i64) {
        let key = key_of(self.keys, &mut self.heap, number);
        let tuple = build::tuple(&mut self.heap, &[Term::small_cut(value), key]);
        self.tree.insert(&self.atoms, KEY_POSITION, Object::new(&self.pages, tuple, 0));
        match self.place(key) {
            Ok(place) => self.list[place] = (key, value),
            Err(place) => self.list.insert(place, (key, value)),
        }
        self.check();
    }

    fn delete(&mut self, number: i64) {
        let key = key_of(self.keys, &mut self.heap, number);
        let place = self.place(key);
        assert_eq!(self.tree.delete(&self.atoms, key), place.is_ok());
        if let Ok(place) = place {
            self.list.remove(place);
        }
        self.check();
    }

    fn find(&mut self, number: i64) {
        let key = key_of(self.keys, &mut self.heap, number);
        let value = |place: usize| self.list.get(place).map(|(_, value)| *value);
        let (at, before, after) = match self.place(key) {
            Ok(place) => (value(place), place.checked_sub(1), place + 1),
            Err(place) => (None, place.checked_sub(1), place),
        };
        assert_eq!(of(self.tree.get(&self.atoms, key)), at);
        // Twice each, as the first may go on from where the one before has ended.
        for _ in 0..2 {
            assert_eq!(of(self.tree.before(&self.atoms, key)), before.and_then(value));
            assert_eq!(of(self.tree.after(&self.atoms, key)), value(after));
            assert_eq!(of(self.tree.get(&self.atoms, key)), at);
        }
        let entries = self.tree.entries_after(&self.atoms, key);
        assert_eq!(of(entries.first().map(|entry| entry.object)), value(after));
        let entries = self.tree.entries_before(&self.atoms, key);
        assert_eq!(of(entries.last().map(|entry| entry.object)), before.and_then(value));
        let entries = self.tree.forward(|other| compare(&self.atoms, other, key).is_lt());
        let place = self.place(key).unwrap_or_else(|place| place);
        assert_eq!(of(entries.first().map(|entry| entry.object)), value(place));
        let entries = self.tree.backward(|other| compare(&self.atoms, other, key).is_lt());
        assert_eq!(of(entries.last().map(|entry| entry.object)), before.and_then(value));
        let index = number as usize;
        assert_eq!(of(self.tree.nth(index).map(|entry| entry.object)), value(index));
    }

    fn check(&self) {
        self.tree.check(&self.atoms);
        let mut place = 0;
        self.tree.each(&mut |entry| {
            assert_eq!(of(Some(entry.object)), self.list.get(place).map(|(_, value)| *value));
            place += 1;
        });
        assert_eq!(place, self.list.len());
    }
}

fn pair(keys: Keys) -> Pair {
    Pair {
        atoms: AtomTable::new(AtomLimit::DEFAULT),
        pages: Pages::default(),
        heap: Fragment::default(),
        keys,
        tree: Tree::new(),
        list: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn trees_are_lists_in_order(
        keys in prop::sample::select(&KINDS[..]),
        steps in steps(),
        budget in 1_usize..200,
    ) {
        let mut pair = pair(keys);
        for (value, step) in (0..).zip(steps) {
            match step {
                Step::Put(number) => pair.put(number, value),
                Step::PutUp(from, count) => (from..from + count).for_each(|number| pair.put(number, value)),
                Step::PutDown(from, count) => {
                    (from..from + count).rev().for_each(|number| pair.put(number, value));
                }
                Step::Delete(number) => pair.delete(number),
                Step::DeleteUp(from, count) => (from..from + count).for_each(|number| pair.delete(number)),
                Step::DeleteDown(from, count) => {
                    (from..from + count).rev().for_each(|number| pair.delete(number));
                }
                Step::Find(number) => pair.find(number),
            }
        }
        let mut rounds = 0;
        while !pair.tree.dismantle(&mut budget.clone()) {
            rounds += 1;
        }
        prop_assert!(rounds <= pair.list.len() / budget);
        prop_assert_eq!(pair.tree.words(), 0);
    }
}

/// Enough for three levels.
const MANY: i64 = 6000;

fn fill(pair: &mut Pair, numbers: impl Iterator<Item = i64>) {
    for number in numbers {
        let key = key_of(pair.keys, &mut pair.heap, number);
        let tuple = build::tuple(&mut pair.heap, &[Term::small_cut(number), key]);
        pair.tree.insert(&pair.atoms, KEY_POSITION, Object::new(&pair.pages, tuple, 0));
        if number % 97 == 0 {
            pair.tree.check(&pair.atoms);
        }
    }
}

#[test]
fn many_objects_come_and_go_in_any_direction() {
    let orders: [fn(i64) -> i64; 3] =
        [|number| number, |number| MANY - 1 - number, |number| number * 1009 % MANY];
    for keys in [Keys::Small, Keys::Second, Keys::Texts] {
        for (put, take) in orders.iter().flat_map(|put| orders.iter().map(move |take| (put, take))) {
            let mut pair = pair(keys);
            fill(&mut pair, (0..MANY).map(put));
            assert_eq!(pair.tree.count(), MANY as usize);
            for number in (0..MANY).map(take) {
                let key = key_of(pair.keys, &mut pair.heap, number);
                assert_eq!(of(pair.tree.get(&pair.atoms, key)), Some(number));
                assert!(pair.tree.delete(&pair.atoms, key) && !pair.tree.delete(&pair.atoms, key));
                if number % 97 == 0 {
                    pair.tree.check(&pair.atoms);
                }
            }
            assert_eq!((pair.tree.count(), pair.tree.words()), (0, 0));
        }
    }
}

#[test]
fn nodes_are_well_filled_by_what_comes_in_order() {
    let leaves = |tree: &Tree| {
        let (mut count, mut next) = (0, tree.forward(|_| false));
        while let Some(last) = next.last() {
            count += 1;
            let Some(key) = last.object.element(KEY_POSITION) else { break };
            next = tree.entries_after(&AtomTable::new(AtomLimit::DEFAULT), key);
        }
        count
    };
    for put in [|number: i64| number, |number| MANY - 1 - number] {
        let mut pair = pair(Keys::Small);
        fill(&mut pair, (0..MANY).map(put));
        let most = MANY as usize * 10 / 8 / super::leaf::CAPACITY;
        assert!(leaves(&pair.tree) <= most, "{} leaves of {most}", leaves(&pair.tree));
    }
    // What stays when most has gone is put together.
    let mut pair = pair(Keys::Small);
    fill(&mut pair, 0..MANY);
    for number in (0..MANY).filter(|number| number % 40 != 0) {
        let key = key_of(pair.keys, &mut pair.heap, number);
        assert!(pair.tree.delete(&pair.atoms, key));
    }
    assert!(leaves(&pair.tree) <= 16, "{} leaves", leaves(&pair.tree));
}

#[test]
fn no_node_is_made_without_an_object() {
    assert!(Tree::new().root.is_none());
    assert!(Tree::new().forward(|_| false).is_empty());
}
