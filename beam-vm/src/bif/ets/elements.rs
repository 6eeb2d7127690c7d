// SPDX-License-Identifier: Apache-2.0
//! `ets:update_element/3` and `/4`.

use alloc::vec::Vec;

use super::{Access, BifResult, Context, Raise, caused, counters, find, position};
use crate::atom::predefined;
use crate::term::Term;

/// The elements that are to be replaced, each with its position.
fn changes(argument: Term) -> Result<Vec<(usize, Term)>, Raise> {
    let change = |term: Term| match term.as_tuple().as_ref().map(|tuple| tuple.elements()) {
        Some([place, value]) => Ok((position(*place)?, *value)),
        _ => Err(Raise::BADARG),
    };
    if argument.as_tuple().is_some() {
        return Ok([change(argument)?].into());
    }
    let mut changes = Vec::new();
    let mut rest = argument;
    while let Some(cell) = rest.as_cons() {
        changes.push(change(cell.head())?);
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(changes) } else { Err(Raise::BADARG) }
}

fn update(cx: &mut Context<'_>, args: &[Term], default: Option<Term>) -> BifResult {
    let index = find(cx, args[0], Access::Write)?;
    let table = cx.vm.tables.get(index).ok_or(Raise::BADARG)?;
    let is_fit = table.is_set() && (args[2].as_tuple().is_some() || args[2].is_list());
    if !is_fit || default.is_some_and(|tuple| table.key_of(tuple).is_none()) {
        return Err(Raise::BADARG);
    }
    let key_position = table.options.key_position;
    let object = table.get(&cx.vm.atoms, args[1]);
    let tuple = match (object, default) {
        (Some(object), _) => object.term().as_tuple(),
        (None, Some(default)) => default.as_tuple(),
        (None, None) => return Ok(Term::boolean(false)),
    };
    let mut elements = tuple.map_or_else(Vec::new, |tuple| tuple.elements().to_vec());
    if object.is_none() {
        elements[key_position - 1] = args[1];
    }
    let changes = changes(args[2])?;
    if changes.iter().any(|(position, _)| *position == key_position) {
        return Err(caused(predefined::KEYPOS));
    }
    for (position, value) in &changes {
        *elements.get_mut(position - 1).ok_or(Raise::BADARG)? = *value;
    }
    if let (Some(object), [(position, value)]) = (object, changes.as_slice())
        && value.is_immediate()
        && object.element(*position).is_some_and(Term::is_immediate)
    {
        object.set_element(*position, *value);
        return Ok(Term::boolean(true));
    }
    counters::store(cx, index, object, &elements)?;
    Ok(Term::boolean(true))
}

/// `update_element/3`
pub fn update_element(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    update(cx, args, None)
}

/// `update_element/4`
pub fn update_element_or(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    update(cx, args, Some(args[3]))
}
