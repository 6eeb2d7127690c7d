// SPDX-License-Identifier: Apache-2.0
//! Module `maps`, as far as stock does it in C, and the map functions of `erlang`.

mod making;
mod walking;

pub use making::{Making, from_keys, from_list};
pub use walking::{Listing, keys, merge, values};

use super::{BifResult, Context, Raise, arithmetic};
use crate::atom::predefined;
use crate::compare;
use crate::heap::build;
use crate::map::{self, Leaves};
use crate::number::integer::Sign;
use crate::term::{Map, Term};

/// A map, or `{badmap, Term}`.
fn map(term: Term) -> Result<Map, Raise> {
    term.as_map().ok_or(Raise::About(predefined::BADMAP, term))
}

/// `maps:get/2`, `map_get/2`
pub fn get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[1])?;
    match map::get(&cx.vm.atoms, map, args[0]) {
        Some(value) => Ok(value),
        None => Err(Raise::About(predefined::BADKEY, args[0])),
    }
}

/// `maps:find/2`
pub fn find(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[1])?;
    Ok(match map::get(&cx.vm.atoms, map, args[0]) {
        Some(value) => build::tuple(cx.heap(), &[Term::atom(predefined::OK), value]),
        None => Term::atom(predefined::ERROR),
    })
}

/// `maps:is_key/2`, `is_map_key/2`
pub fn is_key(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[1])?;
    Ok(Term::boolean(map::get(&cx.vm.atoms, map, args[0]).is_some()))
}

/// `map_size/1`
pub fn size(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::count(map(args[0])?.len()))
}

/// `maps:put/3`
pub fn put(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[2])?;
    Ok(map::put(&mut cx.process.heap, &cx.vm.atoms, map, args[0], args[1]))
}

/// `maps:update/3`
pub fn update(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[2])?;
    match map::update(&mut cx.process.heap, &cx.vm.atoms, map, args[0], args[1]) {
        Some(map) => Ok(map),
        None => Err(Raise::About(predefined::BADKEY, args[0])),
    }
}

/// `maps:remove/2`
pub fn remove(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[1])?;
    Ok(map::remove(&mut cx.process.heap, &cx.vm.atoms, map, args[0]).map_or(args[1], |(rest, _)| rest))
}

/// `maps:take/2`
pub fn take(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(args[1])?;
    Ok(match map::remove(&mut cx.process.heap, &cx.vm.atoms, map, args[0]) {
        Some((rest, value)) => build::tuple(cx.heap(), &[value, rest]),
        None => Term::atom(predefined::ERROR),
    })
}

/// How many associations a step of an iterator gives.
const STEP: usize = 100;

/// `erts_internal:map_next/3`: the step of an iterator. Its path is 0 at first, then what [`Leaves::position`] says. A small map is given
/// in one step. For the atom `iterator` it gives associations that end in `[Path | Map]` or `none`; for a list, the associations before it,
/// and `Path, Map` before those if there are more.
pub fn next(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = args[1].as_map().ok_or(Raise::BADARG)?;
    let mut found = [(Term::NIL, Term::NIL); STEP];
    let mut count = 0;
    let mut rest = None;
    if map.is_flat() {
        if args[0] != Term::small_cut(0) {
            return Err(Raise::BADARG);
        }
        let (keys, values) = (map.flat_keys(), map.flat_values());
        for pair in keys.elements().iter().copied().zip(values.iter().copied()) {
            found[count] = pair;
            count += 1;
        }
    } else {
        let path = arithmetic::whole(args[0]).ok_or(Raise::BADARG)?;
        let leaves = path.with(|path| match (path.sign(), path.limbs()) {
            (_, []) => Some(Leaves::new(map)),
            (Sign::Positive, [position]) => Leaves::resume(map, *position),
            _ => None,
        });
        let mut leaves = leaves.ok_or(Raise::BADARG)?;
        while count < STEP
            && let Some(leaf) = leaves.next()
        {
            found[count] = (leaf.head(), leaf.tail());
            count += 1;
        }
        rest = leaves.position();
    }
    let heap = cx.heap();
    let rest = rest.map(|position| build::unsigned(heap, position));
    if args[2] == Term::atom(predefined::ITERATOR) {
        let mut result = rest.map_or(Term::atom(predefined::NONE), |path| build::cons(heap, path, args[1]));
        for (key, value) in found[..count].iter().rev() {
            result = build::tuple(heap, &[*key, *value, result]);
        }
        return Ok(result);
    }
    // A large map's come in the order of an iterator, which is the other way round.
    if !map.is_flat() {
        found[..count].reverse();
    }
    let mut result = args[2];
    for (key, value) in found[..count].iter().rev() {
        let pair = build::tuple(heap, &[*key, *value]);
        result = build::cons(heap, pair, result);
    }
    Ok(match rest {
        Some(path) => build::list_before(heap, &[path, args[1]], result),
        None => result,
    })
}

/// `erts_internal:cmp_term/2`
pub fn compare_exactly(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let order = compare::compare_keys(&cx.vm.atoms, args[0], args[1]);
    Ok(Term::small_cut(order as i64))
}
