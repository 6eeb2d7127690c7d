// SPDX-License-Identifier: Apache-2.0
//! `ets:update_counter/3` and `/4`: one operation, or a list of them that happen all or not at all.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{Access, BifResult, Context, Raise, caused, find};
use crate::atom::predefined;
use crate::bif::arithmetic;
use crate::compare;
use crate::ets::{Object, TableIndex};
use crate::heap::build;
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

/// A small counter that stays small is changed where it is.
fn add_in_place(object: Object, key_position: usize, operation: Term) -> Option<Term> {
    let (position, increment) = if operation.is_small() {
        (key_position + 1, operation)
    } else {
        match operation.as_tuple()?.elements() {
            [place, increment] => (usize::try_from(place.as_small()?).ok()?, *increment),
            _ => return None,
        }
    };
    if position == key_position {
        return None;
    }
    let before = object.element(position)?.as_small()?;
    let after = Term::small(before.checked_add(increment.as_small()?)?)?;
    object.set_element(position, after);
    Some(after)
}

fn update(cx: &mut Context<'_>, args: &[Term], default: Option<Term>) -> BifResult {
    let index = find(cx, args[0], Access::Write)?;
    let vm = &mut *cx.vm;
    let table = vm.tables.get(index).ok_or(Raise::BADARG)?;
    if !table.is_set() {
        return Err(caused(predefined::TABLE_TYPE));
    }
    let key_position = table.options.key_position;
    if default.is_some_and(|tuple| table.key_of(tuple).is_none()) {
        return Err(Raise::BADARG);
    }
    let object = table.get(&vm.atoms, args[1]);
    if let Some(value) = object.and_then(|object| add_in_place(object, key_position, args[2])) {
        return Ok(value);
    }
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
            let object = Object::of_elements(elements, before.hash());
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
