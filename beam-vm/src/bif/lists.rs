// SPDX-License-Identifier: Apache-2.0
//! Lists: `erlang`'s and those of `lists` that stock does in C.

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::compare;
use crate::heap::build;
use crate::term::{Term, Tuple};

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

/// Work for a number of elements, in reductions.
fn work(cx: &mut Context<'_>, elements: usize) {
    cx.bump((elements / 20).min(u32::MAX as usize) as u32);
}

/// `hd/1`
pub fn hd(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    args[0].as_cons().map(|cell| cell.head()).ok_or(Raise::BADARG)
}

/// `tl/1`
pub fn tl(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    args[0].as_cons().map(|cell| cell.tail()).ok_or(Raise::BADARG)
}

/// `length/1`
pub fn length(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut count = 0;
    let mut rest = args[0];
    while let Some(cell) = rest.as_cons() {
        count += 1;
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(Term::count(count)) } else { Err(Raise::BADARG) }
}

/// `++/2`, `append/2`
pub fn append(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[0].is_nil() {
        return Ok(args[1]);
    }
    let elements = proper(args[0]).ok_or(Raise::BADARG)?;
    work(cx, elements.len());
    Ok(build::list_before(cx.heap(), &elements, args[1]))
}

/// `--/2`, `subtract/2`
pub fn subtract(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut elements = proper(args[0]).ok_or(Raise::BADARG)?;
    let removed = proper(args[1]).ok_or(Raise::BADARG)?;
    if elements.is_empty() || removed.is_empty() {
        return Ok(args[0]);
    }
    work(cx, elements.len() + removed.len());
    if removed.len() <= 16 || elements.len() <= 16 {
        for term in removed {
            if let Some(place) = elements.iter().position(|element| compare::same(*element, term)) {
                elements.remove(place);
            }
        }
        return Ok(build::list(cx.heap(), &elements));
    }
    // How often each term is still to be removed, by a search in the order of terms.
    let atoms = &cx.vm.atoms;
    let mut counts: Vec<(Term, usize)> = removed.into_iter().map(|term| (term, 1)).collect();
    counts.sort_by(|a, b| compare::compare_keys(atoms, a.0, b.0));
    counts.dedup_by(|later, first| {
        let is_same = compare::same(later.0, first.0);
        if is_same {
            first.1 += later.1;
        }
        is_same
    });
    elements.retain(|element| {
        match counts.binary_search_by(|entry| compare::compare_keys(atoms, entry.0, *element)) {
            Ok(place) if counts[place].1 > 0 => {
                counts[place].1 -= 1;
                false
            }
            _ => true,
        }
    });
    Ok(build::list(cx.heap(), &elements))
}

/// `lists:member/2`
pub fn member(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut rest = args[1];
    let mut count = 0;
    while let Some(cell) = rest.as_cons() {
        count += 1;
        if compare::same(cell.head(), args[0]) {
            work(cx, count);
            return Ok(Term::boolean(true));
        }
        rest = cell.tail();
    }
    work(cx, count);
    if rest.is_nil() { Ok(Term::boolean(false)) } else { Err(Raise::BADARG) }
}

/// `lists:reverse/2`
pub fn reverse(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut result = args[1];
    let mut rest = args[0];
    let mut count = 0;
    while let Some(cell) = rest.as_cons() {
        result = build::cons(cx.heap(), cell.head(), result);
        rest = cell.tail();
        count += 1;
    }
    work(cx, count);
    if rest.is_nil() { Ok(result) } else { Err(Raise::BADARG) }
}

/// The first tuple whose element at a place equals a key.
fn find(cx: &mut Context<'_>, args: &[Term]) -> Result<Option<Tuple>, Raise> {
    let place = args[1].as_small().filter(|place| *place >= 1).ok_or(Raise::BADARG)? as usize - 1;
    let mut rest = args[2];
    let mut count = 0;
    while let Some(cell) = rest.as_cons() {
        count += 1;
        if let Some(tuple) = cell.head().as_tuple()
            && tuple.elements().get(place).is_some_and(|element| compare::equal(*element, args[0]))
        {
            work(cx, count);
            return Ok(Some(tuple));
        }
        rest = cell.tail();
    }
    work(cx, count);
    if rest.is_nil() { Ok(None) } else { Err(Raise::BADARG) }
}

/// `lists:keyfind/3`
pub fn keyfind(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(find(cx, args)?.map_or(Term::boolean(false), Tuple::term))
}

/// `lists:keymember/3`
pub fn keymember(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::boolean(find(cx, args)?.is_some()))
}

/// `lists:keysearch/3`
pub fn keysearch(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(match find(cx, args)? {
        Some(tuple) => build::tuple(cx.heap(), &[Term::atom(predefined::VALUE), tuple.term()]),
        None => Term::boolean(false),
    })
}
