// SPDX-License-Identifier: Apache-2.0
//! Tuples.

use alloc::vec;

use super::{BifResult, Context, Raise};
use crate::heap::build;
use crate::term::{Term, Tuple, View};

/// The most elements that a tuple can have.
const MAX_SIZE: usize = (1 << 24) - 1;

fn tuple(term: Term) -> Result<Tuple, Raise> {
    term.as_tuple().ok_or(Raise::BADARG)
}

/// A place from 1 to `last`, counted from 0.
fn place(term: Term, last: usize) -> Result<usize, Raise> {
    let index = term.as_small().and_then(|index| usize::try_from(index).ok()).ok_or(Raise::BADARG)?;
    if (1..=last).contains(&index) { Ok(index - 1) } else { Err(Raise::BADARG) }
}

/// `element/2`
pub fn element(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let tuple = tuple(args[1])?;
    Ok(tuple.elements()[place(args[0], tuple.len())?])
}

/// `setelement/3`
pub fn setelement(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let tuple = tuple(args[1])?;
    let place = place(args[0], tuple.len())?;
    let elements = tuple.elements();
    Ok(build::tuple_of(cx.heap(), &[&elements[..place], &args[2..3], &elements[place + 1..]]))
}

/// `tuple_size/1`
pub fn tuple_size(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::count(tuple(args[0])?.len()))
}

/// `size/1`
pub fn size(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Tuple(tuple) => Ok(Term::count(tuple.len())),
        View::Bits(bits) => Ok(build::unsigned(cx.heap(), (bits.len() / 8) as u64)),
        _ => Err(Raise::BADARG),
    }
}

/// A size from 0 on that a tuple can have.
fn new_size(term: Term) -> Result<usize, Raise> {
    let size = term.as_small().and_then(|size| usize::try_from(size).ok()).ok_or(Raise::BADARG)?;
    if size <= MAX_SIZE { Ok(size) } else { Err(Raise::BADARG) }
}

/// `make_tuple/2`
pub fn make_tuple2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let elements = vec![args[1]; new_size(args[0])?];
    Ok(build::tuple(cx.heap(), &elements))
}

/// `make_tuple/3`
pub fn make_tuple3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut elements = vec![args[1]; new_size(args[0])?];
    let mut rest = args[2];
    while let Some(cell) = rest.as_cons() {
        let pair = tuple(cell.head())?;
        let [index, value] = *pair.elements() else { return Err(Raise::BADARG) };
        let last = elements.len();
        elements[place(index, last)?] = value;
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    Ok(build::tuple(cx.heap(), &elements))
}

/// `append_element/2`
pub fn append_element(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let tuple = tuple(args[0])?;
    if tuple.len() >= MAX_SIZE {
        return Err(Raise::BADARG);
    }
    Ok(build::tuple_of(cx.heap(), &[tuple.elements(), &args[1..2]]))
}

/// `insert_element/3`
pub fn insert_element(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let tuple = tuple(args[1])?;
    let place = place(args[0], tuple.len() + 1)?;
    if tuple.len() >= MAX_SIZE {
        return Err(Raise::BADARG);
    }
    let elements = tuple.elements();
    Ok(build::tuple_of(cx.heap(), &[&elements[..place], &args[2..3], &elements[place..]]))
}

/// `delete_element/2`
pub fn delete_element(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let tuple = tuple(args[1])?;
    let place = place(args[0], tuple.len())?;
    let elements = tuple.elements();
    Ok(build::tuple_of(cx.heap(), &[&elements[..place], &elements[place + 1..]]))
}

/// `tuple_to_list/1`
pub fn tuple_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let elements = tuple(args[0])?;
    Ok(build::list(cx.heap(), elements.elements()))
}

/// `list_to_tuple/1`
pub fn list_to_tuple(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let elements = super::lists::proper(args[0]).ok_or(Raise::BADARG)?;
    if elements.len() > MAX_SIZE {
        return Err(Raise::BADARG);
    }
    Ok(build::tuple(cx.heap(), &elements))
}
