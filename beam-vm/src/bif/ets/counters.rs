// SPDX-License-Identifier: Apache-2.0
//! `ets:update_counter/3`: one operation, or a list of them that happen all or not at all.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{BifResult, Context, Raise, caused, write};
use crate::atom::predefined;
use crate::bif::arithmetic;
use crate::compare;
use crate::ets::{Kind, Object};
use crate::heap::build;
use crate::term::{Term, View};

/// What is to be added where, and from which value on the counter begins anew.
struct Operation {
    position: usize,
    increment: Term,
    bound: Option<(Term, Term)>,
}

fn is_integer(term: Term) -> bool {
    term.is_small() || term.as_big().is_some()
}

fn position(term: Term) -> Result<usize, Raise> {
    let position = term.as_small().and_then(|position| usize::try_from(position).ok());
    position.filter(|position| *position > 0).ok_or(Raise::BADARG)
}

fn operation(term: Term) -> Result<Operation, Raise> {
    let operation = match term.as_tuple().as_ref().map(|tuple| tuple.elements()) {
        Some([place, increment]) => {
            Operation { position: position(*place)?, increment: *increment, bound: None }
        }
        Some([place, increment, threshold, value]) => Operation {
            position: position(*place)?,
            increment: *increment,
            bound: Some((*threshold, *value)),
        },
        _ => return Err(Raise::BADARG),
    };
    let bounds = operation.bound.is_none_or(|(threshold, value)| is_integer(threshold) && is_integer(value));
    if is_integer(operation.increment) && bounds { Ok(operation) } else { Err(Raise::BADARG) }
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

/// `update_counter/3`
pub fn update_counter(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (kind, key_position) = {
        let table = write(cx, args[0])?;
        (table.kind, table.key_position)
    };
    if kind != Kind::Set {
        return Err(caused(predefined::TABLE_TYPE));
    }
    let operations = operations(args[2], key_position)?;
    let numbers = super::find(cx, args[0], super::Access::Write)?;
    let (vm, heap) = (&mut *cx.vm, &mut cx.process.heap);
    let Some(object) = vm.tables.get(numbers).and_then(|table| table.lookup(args[1]).first()) else {
        return Err(caused(predefined::BADKEY));
    };
    let copy = object.copy_to(heap);
    let mut elements = match copy.view() {
        View::Tuple(tuple) => tuple.elements().to_vec(),
        _ => return Err(Raise::BADARG),
    };
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
    let tuple = build::tuple(heap, &elements);
    if let Some(table) = vm.tables.get_mut(numbers) {
        table.insert(args[1], Object::new(tuple));
    }
    match results.as_slice() {
        [single] if !args[2].is_list() => Ok(*single),
        results => Ok(build::list(heap, results)),
    }
}
