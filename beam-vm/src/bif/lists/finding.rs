// SPDX-License-Identifier: Apache-2.0
//! What looks for something in a list: `lists:member/2` and its kin.

use super::STEPS;
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise};
use crate::compare;
use crate::heap::build;
use crate::process::Parked;
use crate::term::{Term, Tuple};

/// The first element that is what is looked for.
fn find<T>(
    cx: &mut Context<'_>,
    args: &[Term],
    list: Term,
    wanted: impl Fn(Term) -> Option<T>,
) -> Result<Option<T>, Raise> {
    let mut rest = match cx.take_parked() {
        Some(Parked::Finding(rest)) => rest,
        _ => list,
    };
    let found = cx.work(STEPS, |_, budget| {
        while *budget > 0
            && let Some(cell) = rest.as_cons()
        {
            *budget -= 1;
            let found = wanted(cell.head());
            if found.is_some() {
                return found;
            }
            rest = cell.tail();
        }
        None
    });
    match found {
        Some(found) => Ok(Some(found)),
        None if rest.is_cons() => Err(cx.park(Parked::Finding(rest), args)),
        None if rest.is_nil() => Ok(None),
        None => Err(Raise::BADARG),
    }
}

/// `lists:member/2`
pub fn member(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let found = find(cx, args, args[1], |element| compare::same(element, args[0]).then_some(()))?;
    Ok(Term::boolean(found.is_some()))
}

/// The first tuple whose element at a place equals a key.
fn find_key(cx: &mut Context<'_>, args: &[Term]) -> Result<Option<Tuple>, Raise> {
    let place = args[1].as_small().filter(|place| *place >= 1).ok_or(Raise::BADARG)? as usize - 1;
    find(cx, args, args[2], |element| {
        let tuple = element.as_tuple()?;
        compare::equal(*tuple.elements().get(place)?, args[0]).then_some(tuple)
    })
}

/// `lists:keyfind/3`
pub fn keyfind(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(find_key(cx, args)?.map_or(Term::boolean(false), Tuple::term))
}

/// `lists:keymember/3`
pub fn keymember(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::boolean(find_key(cx, args)?.is_some()))
}

/// `lists:keysearch/3`
pub fn keysearch(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(match find_key(cx, args)? {
        Some(tuple) => build::tuple(cx.heap(), &[Term::atom(predefined::VALUE), tuple.term()]),
        None => Term::boolean(false),
    })
}
