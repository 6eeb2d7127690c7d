// SPDX-License-Identifier: Apache-2.0
//! Walks from key to key: `first`, `next`, `last`, `prev`, and those of them that give the objects too.

use super::{BifResult, Context, Raise, read};
use crate::atom::predefined;
use crate::copy;
use crate::ets::{Object, Table};
use crate::heap::build;
use crate::term::Term;

/// Where to look.
#[derive(Clone, Copy)]
enum Place {
    First,
    Last,
    After(Term),
    Before(Term),
}

#[inline]
fn look<'a>(cx: &'a Context<'_>, id: Term, place: Place) -> Result<(&'a Table, Option<Object>), Raise> {
    let table = read(cx, id)?;
    let atoms = &cx.vm.atoms;
    let object = match place {
        Place::First => table.first(),
        Place::Last => table.last(),
        Place::After(key) => table.next(atoms, key).ok_or(Raise::BADARG)?,
        Place::Before(key) => table.previous(atoms, key).ok_or(Raise::BADARG)?,
    };
    Ok((table, object))
}

#[inline]
fn key(cx: &mut Context<'_>, id: Term, place: Place) -> BifResult {
    let (table, object) = look(cx, id, place)?;
    Ok(match object.map(|object| table.key(object)) {
        Some(key) => copy::copy(key, cx.heap(), &(0..0)),
        None => Term::atom(predefined::DOLLAR_END_OF_TABLE),
    })
}

/// The key and all its objects.
fn key_and_objects(cx: &mut Context<'_>, id: Term, place: Place) -> BifResult {
    let (table, object) = look(cx, id, place)?;
    let Some(key) = object.map(|object| table.key(object)) else {
        return Ok(Term::atom(predefined::DOLLAR_END_OF_TABLE));
    };
    let found = table.lookup(&cx.vm.atoms, key);
    let heap = &mut cx.process.heap;
    let mut list = Term::NIL;
    for object in found {
        let copied = object.copy_to(heap);
        list = build::cons(heap, copied, list);
    }
    let key = copy::copy(key, heap, &(0..0));
    Ok(build::tuple(heap, &[key, list]))
}

/// `first/1`
pub fn first(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    key(cx, args[0], Place::First)
}

/// `last/1`
pub fn last(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    key(cx, args[0], Place::Last)
}

/// `next/2`
pub fn next(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    key(cx, args[0], Place::After(args[1]))
}

/// `prev/2`
pub fn prev(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    key(cx, args[0], Place::Before(args[1]))
}

/// `first_lookup/1`
pub fn first_lookup(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    key_and_objects(cx, args[0], Place::First)
}

/// `last_lookup/1`
pub fn last_lookup(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    key_and_objects(cx, args[0], Place::Last)
}

/// `next_lookup/2`
pub fn next_lookup(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    key_and_objects(cx, args[0], Place::After(args[1]))
}

/// `prev_lookup/2`
pub fn prev_lookup(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    key_and_objects(cx, args[0], Place::Before(args[1]))
}
