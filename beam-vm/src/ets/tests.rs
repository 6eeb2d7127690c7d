// SPDX-License-Identifier: Apache-2.0
//! Tables against models of ordinary lists and maps.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Kind, Objects, Options, Table, Type};
use crate::atom::{AtomLimit, AtomTable, predefined};
use crate::heap::{Fragment, build};
use crate::term::{LocalPid, Term};

fn atoms() -> AtomTable {
    AtomTable::new(AtomLimit::DEFAULT)
}

fn table(kind: Type) -> Table {
    let options = Options { kind, ..Options::default() };
    Table::new(predefined::OK, [1, 2, 3], LocalPid(1), options, Rc::default())
}

fn put(table: &mut Table, atoms: &AtomTable, key: Term, value: i64) {
    let mut block = Fragment::default();
    let tuple = build::tuple(&mut block, &[key, Term::small_cut(value)]);
    // Both ways come to the same.
    if value % 2 == 0 {
        table.insert(atoms, key, tuple);
    } else {
        let object = table.make(atoms, key, tuple);
        table.put(atoms, object);
    }
}

fn values(table: &Table, atoms: &AtomTable, key: Term) -> Vec<i64> {
    let mut values: Vec<i64> =
        table.lookup(atoms, key).filter_map(|object| object.element(2)?.as_small()).collect();
    values.reverse();
    values
}

/// All keys by walking from the first to the last.
fn walk(table: &Table, atoms: &AtomTable) -> Vec<i64> {
    let mut keys = Vec::new();
    let mut next = table.first();
    while let Some(object) = next {
        let key = table.key(object);
        keys.extend(key.as_small());
        next = table.next(atoms, key).flatten();
    }
    keys
}

#[derive(Clone, Debug)]
enum Step {
    Put(i64, i64),
    Delete(i64),
    DeleteObject(i64, i64),
    Fix,
    Unfix,
    Clear,
}

fn steps(keys: i64) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..keys, 0_i64..4).prop_map(|(key, value)| Step::Put(key, value)),
        4 => (0..keys).prop_map(Step::Delete),
        2 => (0..keys, 0_i64..4).prop_map(|(key, value)| Step::DeleteObject(key, value)),
        1 => Just(Step::Fix),
        1 => Just(Step::Unfix),
        1 => Just(Step::Clear),
    ];
    prop::collection::vec(step, 0..400)
}

proptest! {
    #[test]
    fn tables_are_what_lists_of_values_are(
        kind in prop_oneof![
            Just(Type::Hashed(Kind::Set)),
            Just(Type::Hashed(Kind::Bag)),
            Just(Type::Hashed(Kind::DuplicateBag)),
            Just(Type::Ordered),
        ],
        steps in steps(60),
    ) {
        let atoms = atoms();
        let mut table = table(kind);
        let mut model: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Put(key, value) => {
                    put(&mut table, &atoms, Term::small_cut(key), value);
                    let values = model.entry(key).or_default();
                    match kind {
                        Type::Ordered | Type::Hashed(Kind::Set) => *values = [value].into(),
                        Type::Hashed(Kind::Bag) if values.contains(&value) => {}
                        Type::Hashed(_) => values.push(value),
                    }
                }
                Step::Delete(key) => {
                    let taken = table.delete(&atoms, Term::small_cut(key));
                    prop_assert_eq!(taken, model.remove(&key).map_or(0, |values| values.len()));
                }
                Step::DeleteObject(key, value) => {
                    let mut block = Fragment::default();
                    let key_term = Term::small_cut(key);
                    let tuple = build::tuple(&mut block, &[key_term, Term::small_cut(value)]);
                    table.delete_object(&atoms, key_term, tuple);
                    if let Some(values) = model.get_mut(&key) {
                        values.retain(|other| *other != value);
                        if values.is_empty() {
                            model.remove(&key);
                        }
                    }
                }
                Step::Fix => table.fix(LocalPid(7), 0, 0),
                Step::Unfix => {
                    table.unfix(LocalPid(7));
                }
                Step::Clear => {
                    drop(table.clear());
                    model.clear();
                }
            }
            prop_assert_eq!(table.len(), model.values().map(Vec::len).sum::<usize>());
            if let Objects::Ordered(tree) = &table.objects {
                tree.check(&atoms);
            }
        }
        for key in 0..60 {
            let expected = model.get(&key).cloned().unwrap_or_default();
            let mut found = values(&table, &atoms, Term::small_cut(key));
            let mut expected = expected;
            // What was deleted while the table was fixed and put in again has its old place in a bag.
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
        let mut keys = walk(&table, &atoms);
        if kind != Type::Ordered {
            keys.sort_unstable();
        }
        prop_assert_eq!(keys, model.keys().copied().collect::<Vec<_>>());
        table.unfix_all(LocalPid(7));
        let mut count = 0;
        table.each(|object| count += usize::from(!object.is_deleted()));
        prop_assert_eq!(count, table.len());
    }

    #[test]
    fn a_tree_finds_its_way_both_ways(keys in prop::collection::vec(0_i64..5000, 0..2000), gone in 0..5000_i64) {
        let atoms = atoms();
        let mut table = table(Type::Ordered);
        let mut model: BTreeMap<i64, i64> = BTreeMap::new();
        for key in keys {
            put(&mut table, &atoms, Term::small_cut(key), key);
            model.insert(key, key);
        }
        for key in gone..gone + 1500 {
            let is_there = table.delete(&atoms, Term::small_cut(key)) == 1;
            prop_assert_eq!(is_there, model.remove(&key).is_some());
        }
        prop_assert_eq!(walk(&table, &atoms), model.keys().copied().collect::<Vec<_>>());
        let Objects::Ordered(tree) = &table.objects else { return Ok(()) };
        for (index, key) in model.keys().enumerate().step_by(17) {
            prop_assert_eq!(tree.nth(index).and_then(|entry| entry.object.element(1)?.as_small()), Some(*key));
        }
        for key in (0..5000).step_by(37) {
            let before = table.previous(&atoms, Term::small_cut(key)).flatten();
            let before = before.and_then(|object| table.key(object).as_small());
            prop_assert_eq!(before, model.range(..key).next_back().map(|(key, _)| *key));
            let after = table.next(&atoms, Term::small_cut(key)).flatten();
            let after = after.and_then(|object| table.key(object).as_small());
            prop_assert_eq!(after, model.range(key + 1..).next().map(|(key, _)| *key));
        }
        prop_assert!(tree.nth(model.len()).is_none());
    }
}

/// Kinds of keys that a number is made, all of which are in the order of the numbers.
#[derive(Clone, Copy, Debug)]
enum Keys {
    /// `{N, ok}`
    First,
    /// `{ok, N}`
    Second,
    /// `{ok, N div 50, N rem 50}`
    Pairs,
    /// `N / 2`, integers and floats in turn.
    Halves,
    /// `[N div 100, N rem 100]`
    Lists,
    /// A text of four letters.
    Texts,
    /// Numbers first, then tuples of two sizes, lists, binaries.
    Mixed,
}

fn key_of(keys: Keys, heap: &mut Fragment, number: i64) -> Term {
    let small = Term::small_cut;
    match keys {
        Keys::First => build::tuple(heap, &[small(number), Term::atom(predefined::OK)]),
        Keys::Second => build::tuple(heap, &[Term::atom(predefined::OK), small(number)]),
        Keys::Pairs => {
            build::tuple(heap, &[Term::atom(predefined::OK), small(number / 50), small(number % 50)])
        }
        Keys::Halves if number % 2 == 0 => small(number / 2),
        Keys::Halves => build::float(heap, number as f64 / 2.0),
        Keys::Lists => build::list(heap, &[small(number / 100), small(number % 100)]),
        Keys::Texts => {
            let letters = [1000, 100, 10, 1].map(|part| b'a' + (number / part % 10) as u8);
            build::binary(heap, &letters)
        }
        Keys::Mixed => match number {
            ..500 => small(number),
            500..700 => build::tuple(heap, &[small(number)]),
            700..1200 => build::tuple(heap, &[small(number / 100), small(number)]),
            1200..1600 => build::list(heap, &[small(number)]),
            _ => key_of(Keys::Texts, heap, number),
        },
    }
}

#[derive(Clone, Debug)]
enum TreeStep {
    Put(i64),
    Delete(i64),
    Get(i64),
    /// From here so many keys on, or back.
    Walk(i64, i64),
}

fn tree_steps() -> impl Strategy<Value = Vec<TreeStep>> {
    const KEYS: core::ops::Range<i64> = 0..2000;
    let step = prop_oneof![
        6 => KEYS.prop_map(TreeStep::Put),
        3 => KEYS.prop_map(TreeStep::Delete),
        2 => KEYS.prop_map(TreeStep::Get),
        1 => (KEYS, -60_i64..60).prop_map(|(key, count)| TreeStep::Walk(key, count)),
    ];
    prop::collection::vec(step, 0..1500)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn trees_are_maps_in_the_order_of_keys_of_all_kinds(
        keys in prop::sample::select(std::vec![
            Keys::First, Keys::Second, Keys::Pairs, Keys::Halves, Keys::Lists, Keys::Texts, Keys::Mixed,
        ]),
        first in prop_oneof![Just(0..0), Just(0..1999_i64), Just(600..800)],
        steps in tree_steps(),
    ) {
        let atoms = atoms();
        let mut heap = Fragment::default();
        let mut table = table(Type::Ordered);
        let mut model: BTreeMap<i64, i64> = BTreeMap::new();
        let of = |object: Option<super::Object>| object.and_then(|object| object.element(2)?.as_small());
        let mut steps = steps;
        steps.splice(0..0, first.map(TreeStep::Put));
        for (value, step) in (0..).zip(steps) {
            match step {
                TreeStep::Put(number) => {
                    put(&mut table, &atoms, key_of(keys, &mut heap, number), number);
                    model.insert(number, value);
                }
                TreeStep::Delete(number) => {
                    let taken = table.delete(&atoms, key_of(keys, &mut heap, number));
                    prop_assert_eq!(taken == 1, model.remove(&number).is_some());
                }
                TreeStep::Get(number) => {
                    let found = of(table.get(&atoms, key_of(keys, &mut heap, number)));
                    prop_assert_eq!(found, model.contains_key(&number).then_some(number));
                }
                TreeStep::Walk(mut number, count) => {
                    for _ in 0..count.abs() {
                        let key = key_of(keys, &mut heap, number);
                        let (found, expected) = if count > 0 {
                            (table.next(&atoms, key), model.range(number + 1..).next())
                        } else {
                            (table.previous(&atoms, key), model.range(..number).next_back())
                        };
                        let found = of(found.flatten());
                        prop_assert_eq!(found, expected.map(|(number, _)| *number));
                        let Some(next) = found else { break };
                        number = next;
                        let again = of(table.get(&atoms, key_of(keys, &mut heap, number)));
                        prop_assert_eq!(again, Some(number));
                    }
                }
            }
        }
        let mut all = Vec::new();
        table.each(|object| all.extend(object.element(2).and_then(Term::as_small)));
        prop_assert_eq!(all, model.keys().copied().collect::<Vec<_>>());
        prop_assert_eq!(table.len(), model.len());
    }
}

#[test]
fn made_up_references_lead_to_no_table() {
    let mut tables = super::Tables::default();
    let numbers = super::of_table([7, 3, 1]);
    let index =
        tables.insert(Table::new(predefined::OK, numbers, LocalPid(1), Options::default(), Rc::default()));
    let mut heap = Fragment::default();
    let reference = build::reference(&mut heap, numbers, None);
    assert_eq!(tables.find(reference), Ok(index));
    // Both have the same word, as a first number of more than 18 bits has.
    let other = build::reference(&mut heap, super::of_table([7 | 1 << 18, 2, 1]), None);
    assert_eq!(tables.find(other), Err(super::NoTable::Absent));
    let other = build::reference(&mut heap, [7, 3, 1], None);
    assert_eq!(tables.find(other), Err(super::NoTable::Type));
    tables.remove(index);
    assert_eq!(tables.find_numbers(numbers), None);
    assert_eq!(tables.find(reference), Err(super::NoTable::Absent));
}

#[test]
fn one_and_one_point_zero_are_one_key_in_order() {
    let atoms = atoms();
    let mut block = Fragment::default();
    let float = build::float(&mut block, 1.0);
    let mut ordered = table(Type::Ordered);
    put(&mut ordered, &atoms, Term::small_cut(1), 1);
    put(&mut ordered, &atoms, float, 2);
    assert_eq!((ordered.len(), values(&ordered, &atoms, Term::small_cut(1))), (1, [2].into()));
    let mut hashed = table(Type::Hashed(Kind::Set));
    put(&mut hashed, &atoms, Term::small_cut(1), 1);
    put(&mut hashed, &atoms, float, 2);
    assert_eq!(hashed.len(), 2);
}

#[test]
fn numbers_are_listed_in_the_order_of_stock() {
    let atoms = atoms();
    let mut table = table(Type::Hashed(Kind::Set));
    for key in 1..=20 {
        put(&mut table, &atoms, Term::small_cut(key), key);
    }
    let stock = [16, 3, 7, 4, 8, 2, 9, 1, 10, 13, 6, 14, 18, 17, 11, 12, 19, 15, 5, 20];
    assert_eq!(walk(&table, &atoms), stock);
    for key in 21..=2000 {
        put(&mut table, &atoms, Term::small_cut(key), key);
    }
    assert_eq!(table.words(), 305 + 2000 * 7 + 2310);
}

#[test]
fn what_is_deleted_while_fixed_keeps_its_place() {
    let atoms = atoms();
    let mut table = table(Type::Hashed(Kind::Set));
    for key in 1..=3 {
        put(&mut table, &atoms, Term::small_cut(key), key);
    }
    table.fix(LocalPid(7), 0, 0);
    table.delete(&atoms, Term::small_cut(3));
    assert_eq!((table.len(), table.get(&atoms, Term::small_cut(3))), (2, None));
    assert!(table.next(&atoms, Term::small_cut(3)).is_some());
    table.unfix(LocalPid(7));
    assert!(table.next(&atoms, Term::small_cut(3)).is_none());
}
