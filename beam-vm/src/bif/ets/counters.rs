// SPDX-License-Identifier: Apache-2.0
//! `ets:update_counter/3` and `/4`: one operation, or a list of them that happen all or not at all.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{Access, BifResult, Context, Raise, caused, find, writer};
use crate::atom::predefined;
use crate::bif::arithmetic;
use crate::compare;
use crate::ets::{Object, TableIndex};
use crate::heap::{ProcessHeap, build};
use crate::term::Term;

/// What is to be added where, and from which value on the counter begins anew.
struct Operation {
    position: usize,
    increment: Term,
    bound: Option<(Term, Term)>,
}

fn is_integer(term: Term) -> bool {
    term.is_small() || term.as_big().is_some()
}

fn operation(term: Term) -> Result<Operation, Raise> {
    let Some(tuple) = term.as_tuple() else { return Err(Raise::BADARG) };
    let (place, increment, bound) = match tuple.elements() {
        [place, increment] => (*place, *increment, None),
        [place, increment, threshold, value] => (*place, *increment, Some((*threshold, *value))),
        _ => return Err(Raise::BADARG),
    };
    let position = place.as_small().ok_or(Raise::BADARG)?;
    let are_bounds = bound.is_none_or(|(threshold, value)| is_integer(threshold) && is_integer(value));
    if !is_integer(increment) || !are_bounds {
        return Err(Raise::BADARG);
    }
    let position = usize::try_from(position).ok().filter(|position| *position > 0);
    Ok(Operation { position: position.ok_or(caused(predefined::POSITION))?, increment, bound })
}

fn operations(term: Term, key_position: usize) -> Result<Vec<Operation>, Raise> {
    if is_integer(term) {
        return Ok([Operation { position: key_position + 1, increment: term, bound: None }].into());
    }
    if !term.is_list() {
        return Ok([operation(term)?].into());
    }
    let mut operations = Vec::new();
    let mut rest = term;
    while let Some(cell) = rest.as_cons() {
        operations.push(operation(cell.head())?);
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(operations) } else { Err(Raise::BADARG) }
}

/// A small counter that stays small is changed where it is. Gives what it was, what it is, and its position.
#[inline(always)]
fn add_in_place(object: Object, key_position: usize, operation: Term) -> Option<(Term, Term, usize)> {
    let (position, increment, bound) = if operation.is_small() {
        (key_position + 1, operation, None)
    } else {
        let (place, increment, bound) = match *operation.as_tuple()?.elements() {
            [place, increment] => (place, increment, None),
            [place, increment, threshold, value] => {
                (place, increment, Some((threshold.as_small()?, value.as_small()?)))
            }
            _ => return None,
        };
        (usize::try_from(place.as_small()?).ok()?, increment, bound)
    };
    if position == key_position {
        return None;
    }
    let increment = increment.as_small()?;
    let (before, after) = object.change_small(position, |before| {
        // Two small integers have a sum in 64 bits.
        let sum = before + increment;
        Some(match bound {
            Some((threshold, value)) if increment < 0 && sum < threshold => value,
            Some((threshold, value)) if increment >= 0 && sum > threshold => value,
            _ => sum,
        })
    })?;
    Some((before, after, position))
}

/// Operations of a list that are done in place at most.
const IN_PLACE: usize = 8;

/// A short list of operations on small counters that stay small. When one of them is not of that kind, or not at all, those before it are taken back. Gives the
/// list of results.
#[inline(never)]
fn add_all_in_place(
    heap: &mut ProcessHeap,
    object: Object,
    key_position: usize,
    operations: Term,
) -> Option<Term> {
    // What each has changed: what was there, and where.
    let mut changed = [(Term::NIL, 0); IN_PLACE];
    let mut results = [Term::NIL; IN_PLACE];
    let mut count = 0;
    let mut rest = operations;
    while let Some(cell) = rest.as_cons()
        && count < IN_PLACE
        // An integer is an operation by itself, but not in a list.
        && !cell.head().is_small()
        && let Some((before, after, position)) = add_in_place(object, key_position, cell.head())
    {
        changed[count] = (before, position);
        results[count] = after;
        count += 1;
        rest = cell.tail();
    }
    if rest.is_nil() {
        return Some(build::list(heap, &results[..count]));
    }
    changed[..count].iter().rev().for_each(|(before, position)| object.set_element(*position, *before));
    None
}

fn update(cx: &mut Context<'_>, args: &[Term], default: Option<Term>) -> BifResult {
    let vm = &mut *cx.vm;
    let table = writer(&mut vm.tables, cx.process.pid, args[0])?;
    if !table.is_set() {
        return Err(caused(predefined::TABLE_TYPE));
    }
    let key_position = table.options.key_position;
    if default.is_some_and(|tuple| table.key_of(tuple).is_none()) {
        return Err(Raise::BADARG);
    }
    let object = table.get(&vm.atoms, args[1]);
    if let Some(object) = object {
        let value = if args[2].is_cons() {
            add_all_in_place(&mut cx.process.heap, object, key_position, args[2])
        } else {
            add_in_place(object, key_position, args[2]).map(|(_, after, _)| after)
        };
        if let Some(value) = value {
            return Ok(value);
        }
    }
    let index = find(cx, args[0], Access::Write)?;
    let found = Found { index, key_position, object };
    update_by_copy(cx, args, default, found)
}

/// What an update changes.
struct Found {
    index: TableIndex,
    key_position: usize,
    object: Option<Object>,
}

/// An update that puts a new object in the place of the old one, or in if there is none.
#[inline(never)]
fn update_by_copy(cx: &mut Context<'_>, args: &[Term], default: Option<Term>, found: Found) -> BifResult {
    let Found { index, key_position, object } = found;
    let mut elements = match (object, default) {
        (Some(object), _) => object.term().as_tuple(),
        (None, Some(default)) => default.as_tuple(),
        (None, None) => return Err(caused(predefined::BADKEY)),
    }
    .map_or_else(Vec::new, |tuple| tuple.elements().to_vec());
    if object.is_none() {
        elements[key_position - 1] = args[1];
    }
    let operations = operations(args[2], key_position)?;
    let results = apply(cx, &mut elements, &operations, key_position)?;
    store(cx, index, object, &elements)?;
    match results.as_slice() {
        [single] if !args[2].is_list() => Ok(*single),
        results => Ok(build::list(cx.heap(), results)),
    }
}

fn apply(
    cx: &mut Context<'_>,
    elements: &mut [Term],
    operations: &[Operation],
    key_position: usize,
) -> Result<Vec<Term>, Raise> {
    let (vm, heap) = (&mut *cx.vm, &mut cx.process.heap);
    let mut results = Vec::with_capacity(operations.len());
    for operation in operations {
        if operation.position == key_position {
            return Err(caused(predefined::KEYPOS));
        }
        let place = elements.get_mut(operation.position - 1).ok_or(caused(predefined::POSITION))?;
        if !is_integer(*place) {
            return Err(Raise::BADARG);
        }
        let mut value = arithmetic::add(heap, *place, operation.increment)?;
        if let Some((threshold, start)) = operation.bound {
            let rises = compare::compare(&vm.atoms, operation.increment, Term::small_cut(0)).is_ge();
            let beyond = if rises { Ordering::Greater } else { Ordering::Less };
            if compare::compare(&vm.atoms, value, threshold) == beyond {
                value = start;
            }
        }
        *place = value;
        results.push(value);
    }
    Ok(results)
}

/// Puts an object of elements in the place of one with the same key, or in if there is none.
pub(super) fn store(
    cx: &mut Context<'_>,
    index: TableIndex,
    before: Option<Object>,
    elements: &[Term],
) -> Result<(), Raise> {
    let vm = &mut *cx.vm;
    let table = vm.tables.get_mut(index).ok_or(Raise::BADARG)?;
    match before {
        Some(before) => {
            let object = table.make_instead(before, elements);
            table.replace(&vm.atoms, before, object);
        }
        None => {
            let tuple = build::tuple(&mut cx.process.heap, elements);
            let key = table.key_of(tuple).ok_or(Raise::BADARG)?;
            let object = table.make(&vm.atoms, key, tuple);
            table.put(&vm.atoms, object);
        }
    }
    Ok(())
}

/// `update_counter/3`
pub fn update_counter(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    update(cx, args, None)
}

/// `update_counter/4`
pub fn update_counter_or(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    update(cx, args, Some(args[3]))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{IN_PLACE, Object, ProcessHeap, Term, add_all_in_place, build};
    use crate::compare;
    use crate::ets::Pages;
    use crate::heap::{Fragment, HeapLimits};

    /// An operation: position, increment, and from which value on the counter is another.
    type Sketch = (usize, i64, Option<(i64, i64)>);

    fn operations() -> impl Strategy<Value = Vec<Sketch>> {
        let increment = prop_oneof![4 => -5_i64..6, 1 => Just(Term::SMALL_MAX), 1 => Just(Term::SMALL_MIN)];
        let bound = prop::option::weighted(0.3, (-5_i64..6, -5_i64..6));
        prop::collection::vec((prop_oneof![8 => 2_usize..4, 1 => 0_usize..6], increment, bound), 1..10)
    }

    proptest! {
        #[test]
        fn lists_in_place_happen_all_or_not_at_all(
            first in prop_oneof![-9_i64..9, Just(Term::SMALL_MAX - 2)],
            second in prop_oneof![-9_i64..9, Just(Term::SMALL_MIN + 2)],
            sketches in operations(),
        ) {
            let mut block = Fragment::default();
            let tuple = [0, first, second].map(Term::small_cut);
            let tuple = build::tuple(&mut block, &tuple);
            let pages = Pages::default();
            let object = Object::new(&pages, tuple, 0);
            let mut heap = ProcessHeap::new(1000, HeapLimits::default());

            let mut list = Term::NIL;
            for (position, increment, bound) in sketches.iter().rev() {
                let mut parts = Vec::from([*position as i64, *increment]);
                parts.extend(bound.iter().flat_map(|(threshold, value)| [*threshold, *value]));
                let parts: Vec<Term> = parts.into_iter().map(Term::small_cut).collect();
                let operation = build::tuple(&mut block, &parts);
                list = build::cons(&mut block, operation, list);
            }

            let mut counters = [first, second];
            let mut results = Vec::new();
            for (position, increment, bound) in &sketches {
                let Some(counter) = position.checked_sub(2).and_then(|index| counters.get_mut(index)) else { break };
                let sum = *counter + increment;
                let is_beyond = |threshold: i64| if *increment < 0 { sum < threshold } else { sum > threshold };
                let value = bound.filter(|(threshold, _)| is_beyond(*threshold)).map_or(sum, |(_, value)| value);
                let Some(term) = Term::small(value) else { break };
                *counter = value;
                results.push(term);
            }
            let is_done = results.len() == sketches.len() && sketches.len() <= IN_PLACE;

            let found = add_all_in_place(&mut heap, object, 1, list);
            prop_assert_eq!(found.is_some(), is_done);
            if let Some(found) = found {
                prop_assert!(compare::same(found, build::list(&mut block, &results)));
                prop_assert_eq!(object.element(2).zip(object.element(3)), Some((Term::small_cut(counters[0]), Term::small_cut(counters[1]))));
            } else {
                prop_assert!(compare::same(object.term(), tuple));
            }
            #[expect(unsafe_code, reason = "frees what nobody looks at")]
            // SAFETY: only results are looked at afterwards, and they are numbers.
            unsafe {
                object.free();
            }
        }
    }
}
