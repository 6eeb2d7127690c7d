// SPDX-License-Identifier: Apache-2.0
//! Module `maps`, as far as stock does it in C, and the map functions of `erlang`.

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::compare;
use crate::heap::build;
use crate::map;
use crate::term::{Map, Term};

/// A map, or `{badmap, Term}`.
fn map(cx: &mut Context<'_>, term: Term) -> Result<Map, Raise> {
    match term.as_map() {
        Some(map) => Ok(map),
        None => Err(Raise::Error(build::tuple(cx.heap(), &[Term::atom(predefined::BADMAP), term]))),
    }
}

fn badkey(cx: &mut Context<'_>, key: Term) -> Raise {
    Raise::Error(build::tuple(cx.heap(), &[Term::atom(predefined::BADKEY), key]))
}

/// `maps:get/2`, `map_get/2`
pub fn get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[1])?;
    match map::get(&cx.vm.atoms, map, args[0]) {
        Some(value) => Ok(value),
        None => Err(badkey(cx, args[0])),
    }
}

/// `maps:find/2`
pub fn find(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[1])?;
    Ok(match map::get(&cx.vm.atoms, map, args[0]) {
        Some(value) => build::tuple(cx.heap(), &[Term::atom(predefined::OK), value]),
        None => Term::atom(predefined::ERROR),
    })
}

/// `maps:is_key/2`, `is_map_key/2`
pub fn is_key(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[1])?;
    Ok(Term::boolean(map::get(&cx.vm.atoms, map, args[0]).is_some()))
}

/// `map_size/1`
pub fn size(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    Ok(Term::count(map(cx, args[0])?.len()))
}

/// `maps:put/3`
pub fn put(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[2])?;
    Ok(map::put(&mut cx.process.heap, &cx.vm.atoms, map, args[0], args[1]))
}

/// `maps:update/3`
pub fn update(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[2])?;
    match map::update(&mut cx.process.heap, &cx.vm.atoms, map, args[0], args[1]) {
        Some(map) => Ok(map),
        None => Err(badkey(cx, args[0])),
    }
}

/// `maps:remove/2`
pub fn remove(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[1])?;
    Ok(map::remove(&mut cx.process.heap, &cx.vm.atoms, map, args[0]).map_or(args[1], |(rest, _)| rest))
}

/// `maps:take/2`
pub fn take(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[1])?;
    Ok(match map::remove(&mut cx.process.heap, &cx.vm.atoms, map, args[0]) {
        Some((rest, value)) => build::tuple(cx.heap(), &[value, rest]),
        None => Term::atom(predefined::ERROR),
    })
}

/// `maps:keys/1`
pub fn keys(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[0])?;
    let keys: alloc::vec::Vec<Term> = map::pairs(map).into_iter().map(|(key, _)| key).collect();
    cx.bump((keys.len() / 20) as u32);
    Ok(build::list(cx.heap(), &keys))
}

/// `maps:values/1`
pub fn values(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = map(cx, args[0])?;
    let values: alloc::vec::Vec<Term> = map::pairs(map).into_iter().map(|(_, value)| value).collect();
    cx.bump((values.len() / 20) as u32);
    Ok(build::list(cx.heap(), &values))
}

/// `maps:from_list/1`
pub fn from_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let elements = super::lists::proper(args[0]).ok_or(Raise::BADARG)?;
    let mut pairs = alloc::vec::Vec::with_capacity(elements.len());
    for element in elements {
        let pair = element.as_tuple().ok_or(Raise::BADARG)?;
        let [key, value] = *pair.elements() else { return Err(Raise::BADARG) };
        pairs.push((key, value));
    }
    cx.bump((pairs.len() / 10) as u32);
    Ok(map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs))
}

/// `maps:from_keys/2`
pub fn from_keys(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let keys = super::lists::proper(args[0]).ok_or(Raise::BADARG)?;
    let pairs: alloc::vec::Vec<(Term, Term)> = keys.into_iter().map(|key| (key, args[1])).collect();
    cx.bump((pairs.len() / 10) as u32);
    Ok(map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs))
}

/// `maps:merge/2`
pub fn merge(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let first = map(cx, args[0])?;
    let second = map(cx, args[1])?;
    cx.bump(((first.len() + second.len()) / 10) as u32);
    Ok(map::merge(&mut cx.process.heap, &cx.vm.atoms, first, second))
}

/// How many associations a step of an iterator gives.
const STEP: usize = 100;

/// `erts_internal:map_next/3`: the step of an iterator. Its path is the number of associations that were given before, which stock keeps
/// as a path in the tree; both are for this function alone.
pub fn next(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let map = args[1].as_map().ok_or(Raise::BADARG)?;
    let from = args[0].as_small().and_then(|from| usize::try_from(from).ok()).ok_or(Raise::BADARG)?;
    let mut pairs = map::pairs(map);
    if args[2] != Term::atom(predefined::ITERATOR) {
        // All at once, in the order of `maps:keys/1`.
        cx.bump((pairs.len() / 10) as u32);
        let heap = &mut cx.process.heap;
        let mut result = args[2];
        for (key, value) in pairs.into_iter().rev() {
            let pair = build::tuple(heap, &[key, value]);
            result = build::cons(heap, pair, result);
        }
        return Ok(result);
    }
    if !map.is_flat() {
        // Stock's iterators go through a large map from the other end.
        pairs.reverse();
    }
    let rest = pairs.get(from..).ok_or(Raise::BADARG)?;
    let heap = &mut cx.process.heap;
    let count = rest.len().min(STEP);
    let mut result = if rest.len() > STEP {
        build::cons(heap, Term::count(from + count), args[1])
    } else {
        Term::atom(predefined::NONE)
    };
    for (key, value) in rest[..count].iter().rev() {
        result = build::tuple(heap, &[*key, *value, result]);
    }
    Ok(result)
}

/// `erts_internal:cmp_term/2`
pub fn compare_exactly(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let order = compare::compare_keys(&cx.vm.atoms, args[0], args[1]);
    Ok(Term::small_cut(order as i64))
}
