// SPDX-License-Identifier: Apache-2.0
//! Lists: `erlang`'s and those of `lists` that stock does in C.

mod copying;
mod finding;
mod subtraction;

pub use copying::{Copying, append, reverse};
pub use finding::{keyfind, keymember, keysearch, member};
pub use subtraction::{Subtraction, subtract};

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::term::Term;

/// The elements of a proper list.
pub(super) fn proper(list: Term) -> Option<Vec<Term>> {
    let mut elements = Vec::new();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        elements.push(cell.head());
        rest = cell.tail();
    }
    rest.is_nil().then_some(elements)
}

/// Elements that are looked at in a reduction.
const STEPS: usize = 16;

/// `hd/1`
pub fn hd(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    args[0].as_cons().map(|cell| cell.head()).ok_or(Raise::BADARG)
}

/// `tl/1`
pub fn tl(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    args[0].as_cons().map(|cell| cell.tail()).ok_or(Raise::BADARG)
}

/// `length/1`
pub fn length(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut count = 0;
    let mut rest = args[0];
    while let Some(cell) = rest.as_cons() {
        count += 1;
        rest = cell.tail();
    }
    cx.bump(u32::try_from(count / STEPS).unwrap_or(u32::MAX));
    if rest.is_nil() { Ok(Term::count(count)) } else { Err(Raise::BADARG) }
}
