// SPDX-License-Identifier: Apache-2.0
//! What copies a list: `++` and `lists:reverse/2`.

use alloc::vec::Vec;

use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::process::Parked;
use crate::term::Term;

/// Elements that are gone through in a reduction.
const STEPS: usize = 60;
/// Elements that are put before a list in the time in which one is gone through.
const PUT: usize = 8;
/// Elements of a list that is copied at once.
const SHORT: usize = 32;

/// A list that is being copied before another.
pub struct Copying {
    /// What is left of the list.
    rest: Term,
    /// Elements that are still to be put before the other.
    elements: Vec<Term>,
    result: Term,
}

impl Copying {
    fn new(list: Term, result: Term) -> Self {
        Self { rest: list, elements: Vec::new(), result }
    }

    /// Shows all places that hold terms.
    pub fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        visit(&mut self.rest);
        visit(&mut self.result);
        self.elements.iter_mut().for_each(visit);
    }
}

/// Copies a short list before another at once.
fn append_short(cx: &mut Context<'_>, list: Term, tail: Term) -> Option<Term> {
    let mut elements = [Term::NIL; SHORT];
    let (mut count, mut rest) = (0, list);
    while let Some(cell) = rest.as_cons() {
        *elements.get_mut(count)? = cell.head();
        count += 1;
        rest = cell.tail();
    }
    rest.is_nil().then(|| build::list_before(cx.heap(), &elements[..count], tail))
}

/// `++/2`, `append/2`
pub fn append(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut copying = match cx.take_parked() {
        Some(Parked::Copying(copying)) => copying,
        _ => match append_short(cx, args[0], args[1]) {
            Some(result) => return Ok(result),
            None => Copying::new(args[0], args[1]),
        },
    };
    cx.work(STEPS, |cx, budget| {
        while *budget > 0
            && let Some(cell) = copying.rest.as_cons()
        {
            copying.elements.push(cell.head());
            copying.rest = cell.tail();
            *budget -= 1;
        }
        if copying.rest.is_nil() {
            let first = copying.elements.len().saturating_sub(*budget * PUT);
            *budget -= (copying.elements.len() - first) / PUT;
            copying.result = build::list_before(cx.heap(), &copying.elements[first..], copying.result);
            copying.elements.truncate(first);
        }
    });
    match (copying.rest.is_nil(), copying.rest.is_cons()) {
        (true, _) if copying.elements.is_empty() => Ok(copying.result),
        (false, false) => Err(Raise::BADARG),
        _ => Err(cx.park(Parked::Copying(copying), args)),
    }
}

/// `lists:reverse/2`
pub fn reverse(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut copying = match cx.take_parked() {
        Some(Parked::Copying(copying)) => copying,
        _ => Copying::new(args[0], args[1]),
    };
    cx.work(STEPS, |cx, budget| {
        while *budget > 0
            && let Some(cell) = copying.rest.as_cons()
        {
            copying.result = build::cons(cx.heap(), cell.head(), copying.result);
            copying.rest = cell.tail();
            *budget -= 1;
        }
    });
    if copying.rest.is_cons() {
        return Err(cx.park(Parked::Copying(copying), args));
    }
    if copying.rest.is_nil() { Ok(copying.result) } else { Err(Raise::BADARG) }
}
