// SPDX-License-Identifier: Apache-2.0
//! Modules `atomics` and `counters`: arrays of 64-bit numbers that all processes change in place (`erl_bif_atomics.c`, `erl_bif_counters.c`).
//! With one scheduler nothing is atomic about them, and both kinds of counters are the same.

use alloc::vec::Vec;
use core::cell::Cell;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::{Magic, MagicObject, build, magic_of};
use crate::map;
use crate::term::{Term, View};

/// Bytes that stock has in front of an array of atomics.
const ATOMICS_HEAD: usize = 40;
/// Bytes that stock has in front of an array of counters.
const COUNTERS_HEAD: usize = 32;
/// Bytes of a cache line, of which stock has one for each scheduler and one more, for every eight counters.
const CACHE_LINE: usize = 64;

/// An array of numbers that are 0.
fn array(length: Term) -> Result<Vec<Cell<u64>>, Raise> {
    let length = match length.view() {
        View::Small(length) if length > 0 => length as usize,
        View::Big(length) if !length.is_negative() => return Err(Raise::SYSTEM_LIMIT),
        _ => return Err(Raise::BADARG),
    };
    let mut values = Vec::new();
    values.try_reserve_exact(length).map_err(|_| Raise::SYSTEM_LIMIT)?;
    values.resize(length, Cell::new(0));
    Ok(values)
}

fn reference(cx: &mut Context<'_>, object: MagicObject) -> Term {
    let numbers = cx.vm.new_reference();
    build::magic(cx.heap(), numbers, Magic::new(object))
}

/// `erts_internal:atomics_new/2`: length, and 1 for signed numbers.
pub fn atomics_new(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let options = args[1].as_small().ok_or(Raise::BADARG)?;
    let values = array(args[0])?;
    Ok(reference(cx, MagicObject::Atomics { values, signed: options & 1 != 0 }))
}

/// `erts_internal:counters_new/1`
pub fn counters_new(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let values = array(args[0])?;
    Ok(reference(cx, MagicObject::Counters(values)))
}

/// A signed or unsigned number of 64 bits as these bits.
fn bits(term: Term) -> Result<u64, Raise> {
    match term.view() {
        View::Small(value) => Ok(value as u64),
        View::Big(big) => {
            let value = big.integer();
            value.to_u64().or_else(|| value.to_i64().map(|value| value as u64)).ok_or(Raise::BADARG)
        }
        _ => Err(Raise::BADARG),
    }
}

/// A number of 64 bits as an array of this kind has them.
fn value(term: Term, signed: bool) -> Result<u64, Raise> {
    let (small, wide) = match term.view() {
        View::Small(value) => (Some(value), u64::try_from(value).ok()),
        View::Big(big) => (big.integer().to_i64(), big.integer().to_u64()),
        _ => (None, None),
    };
    if signed { small.map(|value| value as u64) } else { wide }.ok_or(Raise::BADARG)
}

fn term(cx: &mut Context<'_>, bits: u64, signed: bool) -> Term {
    if signed { build::integer(cx.heap(), bits as i64) } else { build::unsigned(cx.heap(), bits) }
}

/// Looks at the number at a place of an array of atomics, with the array's sign.
fn at_atomic<R>(
    array: Term,
    place: Term,
    look: impl FnOnce(&Cell<u64>, bool) -> Result<R, Raise>,
) -> Result<R, Raise> {
    let object = magic_of(array).ok_or(Raise::BADARG)?;
    let MagicObject::Atomics { values, signed } = &*object else { return Err(Raise::BADARG) };
    look(number_at(values, place)?, *signed)
}

/// Looks at the number at a place of an array of counters.
fn at_counter<R>(
    array: Term,
    place: Term,
    look: impl FnOnce(&Cell<u64>) -> Result<R, Raise>,
) -> Result<R, Raise> {
    let object = magic_of(array).ok_or(Raise::BADARG)?;
    let MagicObject::Counters(values) = &*object else { return Err(Raise::BADARG) };
    look(number_at(values, place)?)
}

fn number_at(values: &[Cell<u64>], place: Term) -> Result<&Cell<u64>, Raise> {
    let place = place.as_small().and_then(|place| usize::try_from(place).ok()).ok_or(Raise::BADARG)?;
    place.checked_sub(1).and_then(|place| values.get(place)).ok_or(Raise::BADARG)
}

const OK: BifResult = Ok(Term::atom(predefined::OK));

/// `atomics:put/3`
pub fn put(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    at_atomic(args[0], args[1], |number, signed| {
        number.set(value(args[2], signed)?);
        OK
    })
}

/// `atomics:get/2`
pub fn get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (bits, signed) = at_atomic(args[0], args[1], |number, signed| Ok((number.get(), signed)))?;
    Ok(term(cx, bits, signed))
}

/// `atomics:add/3`
pub fn add(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    at_atomic(args[0], args[1], |number, _| {
        number.set(number.get().wrapping_add(bits(args[2])?));
        OK
    })
}

/// `atomics:add_get/3`
pub fn add_get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (sum, signed) = at_atomic(args[0], args[1], |number, signed| {
        number.set(number.get().wrapping_add(bits(args[2])?));
        Ok((number.get(), signed))
    })?;
    Ok(term(cx, sum, signed))
}

/// `atomics:exchange/3`
pub fn exchange(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (before, signed) = at_atomic(args[0], args[1], |number, signed| {
        let next = value(args[2], signed)?;
        Ok((number.replace(next), signed))
    })?;
    Ok(term(cx, before, signed))
}

/// `atomics:compare_exchange/4`: `ok`, or the number that is not the expected one.
pub fn compare_exchange(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let found = at_atomic(args[0], args[1], |number, signed| {
        let (expected, next) = (value(args[2], signed)?, value(args[3], signed)?);
        if number.get() == expected {
            number.set(next);
            return Ok(None);
        }
        Ok(Some((number.get(), signed)))
    })?;
    match found {
        None => OK,
        Some((bits, signed)) => Ok(term(cx, bits, signed)),
    }
}

/// `atomics:info/1`
pub fn info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let object = magic_of(args[0]).ok_or(Raise::BADARG)?;
    let MagicObject::Atomics { values, signed } = &*object else { return Err(Raise::BADARG) };
    let (min, max) = if *signed { (1 << 63, i64::MAX as u64) } else { (0, u64::MAX) };
    let pairs = [
        (Term::atom(predefined::SIZE), Term::count(values.len())),
        (Term::atom(predefined::MEMORY), Term::count(ATOMICS_HEAD + 8 * values.len())),
        (Term::atom(predefined::MIN), term(cx, min, *signed)),
        (Term::atom(predefined::MAX), term(cx, max, *signed)),
    ];
    Ok(map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs))
}

/// `erts_internal:counters_get/2`
pub fn counters_get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bits = at_counter(args[0], args[1], |number| Ok(number.get()))?;
    Ok(term(cx, bits, true))
}

/// `erts_internal:counters_add/3`
pub fn counters_add(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    at_counter(args[0], args[1], |number| {
        number.set(number.get().wrapping_add(bits(args[2])?));
        OK
    })
}

/// `erts_internal:counters_put/3`
pub fn counters_put(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    at_counter(args[0], args[1], |number| {
        number.set(value(args[2], true)?);
        OK
    })
}

/// `erts_internal:counters_info/1`
pub fn counters_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let object = magic_of(args[0]).ok_or(Raise::BADARG)?;
    let MagicObject::Counters(values) = &*object else { return Err(Raise::BADARG) };
    let memory = COUNTERS_HEAD + 2 * CACHE_LINE * values.len().div_ceil(8);
    let pairs = [
        (Term::atom(predefined::SIZE), Term::count(values.len())),
        (Term::atom(predefined::MEMORY), Term::count(memory)),
    ];
    Ok(map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs))
}
