// SPDX-License-Identifier: Apache-2.0
//! `atomics`, and `counters`, which are the same here: with one scheduler every operation is atomic.

use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::{Magic, MagicObject, build, magic_of};
use crate::map;
use crate::term::{Term, View};

/// The most numbers of an array: as many as there can be bytes of addresses in stock's limit.
const MAX: i64 = 1 << 40;

/// An array of numbers.
struct Array(Magic);

impl Array {
    fn of(term: Term) -> Result<Self, Raise> {
        let magic = magic_of(term).ok_or(Raise::BADARG)?;
        if matches!(*magic, MagicObject::Atomics { .. }) { Ok(Self(magic)) } else { Err(Raise::BADARG) }
    }

    fn parts(&self) -> (&[Cell<u64>], bool) {
        match &*self.0 {
            MagicObject::Atomics { values, signed } => (values, signed.get()),
            _ => (&[], true),
        }
    }

    fn place(&self, index: Term) -> Result<(&Cell<u64>, bool), Raise> {
        let (values, signed) = self.parts();
        let index = index.as_small().and_then(|index| usize::try_from(index).ok()?.checked_sub(1));
        let place = index.and_then(|index| values.get(index)).ok_or(Raise::BADARG)?;
        Ok((place, signed))
    }
}

/// A number that an array can hold.
fn number(term: Term, signed: bool) -> Result<u64, Raise> {
    let value = match term.view() {
        View::Small(value) => Some(i128::from(value)),
        View::Big(big) => big.integer().to_i128(),
        _ => None,
    };
    let range = if signed { i128::from(i64::MIN)..=i128::from(i64::MAX) } else { 0..=i128::from(u64::MAX) };
    value.filter(|value| range.contains(value)).map(|value| value as u64).ok_or(Raise::BADARG)
}

/// What may be added: wider than what an array can hold, since unsigned ones take negative numbers too.
fn increment(term: Term) -> Result<u64, Raise> {
    number(term, true).or_else(|_| number(term, false))
}

fn term(cx: &mut Context<'_>, value: u64, signed: bool) -> Term {
    if signed { build::integer(cx.heap(), value as i64) } else { build::unsigned(cx.heap(), value) }
}

fn ok() -> BifResult {
    Ok(Term::atom(predefined::OK))
}

fn new(cx: &mut Context<'_>, count: Term, signed: bool) -> BifResult {
    let count = match count.view() {
        View::Small(count) if count > 0 => count,
        View::Big(big) if !big.is_negative() => return Err(Raise::SYSTEM_LIMIT),
        _ => return Err(Raise::BADARG),
    };
    if count > MAX {
        return Err(Raise::SYSTEM_LIMIT);
    }
    let mut values = Vec::new();
    values.try_reserve_exact(count as usize).map_err(|_| Raise::SYSTEM_LIMIT)?;
    values.extend(vec![Cell::new(0); count as usize]);
    let numbers = cx.vm.new_reference();
    let object = MagicObject::Atomics { values, signed: Cell::new(signed) };
    Ok(build::magic(cx.heap(), numbers, Magic::new(object)))
}

/// `erts_internal:atomics_new/2`: the number of numbers, and 1 if they are signed.
pub fn atomics_new(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let options = args[1].as_small().filter(|options| (0..=1).contains(options)).ok_or(Raise::BADARG)?;
    new(cx, args[0], options == 1)
}

/// `atomics:put/3`
pub fn put(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let array = Array::of(args[0])?;
    let (place, signed) = array.place(args[1])?;
    place.set(number(args[2], signed)?);
    ok()
}

/// `atomics:get/2`
pub fn get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let array = Array::of(args[0])?;
    let (place, signed) = array.place(args[1])?;
    Ok(term(cx, place.get(), signed))
}

/// `atomics:add/3`
pub fn add(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let array = Array::of(args[0])?;
    let (place, _) = array.place(args[1])?;
    place.set(place.get().wrapping_add(increment(args[2])?));
    ok()
}

/// `atomics:add_get/3`
pub fn add_get(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    add(cx, args)?;
    get(cx, &args[..2])
}

/// `atomics:exchange/3`
pub fn exchange(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let array = Array::of(args[0])?;
    let (place, signed) = array.place(args[1])?;
    let before = place.replace(number(args[2], signed)?);
    Ok(term(cx, before, signed))
}

/// `atomics:compare_exchange/4`
pub fn compare_exchange(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let array = Array::of(args[0])?;
    let (place, signed) = array.place(args[1])?;
    let (expected, desired) = (number(args[2], signed)?, number(args[3], signed)?);
    let actual = place.get();
    if actual == expected {
        place.set(desired);
        return ok();
    }
    Ok(term(cx, actual, signed))
}

/// Bytes of an array beside its numbers, as stock counts them.
const OVERHEAD: usize = 40;

fn memory(values: &[Cell<u64>]) -> Term {
    Term::count(OVERHEAD + 8 * values.len())
}

/// `atomics:info/1`
pub fn info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let array = Array::of(args[0])?;
    let (values, signed) = array.parts();
    let (low, high) = if signed { (i64::MIN as u64, i64::MAX as u64) } else { (0, u64::MAX) };
    let (min, max) = (term(cx, low, signed), term(cx, high, signed));
    let pairs = [
        (Term::atom(predefined::SIZE), Term::count(values.len())),
        (Term::atom(predefined::MAX), max),
        (Term::atom(predefined::MIN), min),
        (Term::atom(predefined::MEMORY), memory(values)),
    ];
    Ok(map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs))
}

/// `erts_internal:counters_new/1`
pub fn counters_new(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    new(cx, args[0], true)
}

/// `erts_internal:counters_info/1`
pub fn counters_info(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let array = Array::of(args[0])?;
    let (values, _) = array.parts();
    let pairs = [
        (Term::atom(predefined::SIZE), Term::count(values.len())),
        (Term::atom(predefined::MEMORY), memory(values)),
    ];
    Ok(map::from_pairs(&mut cx.process.heap, &cx.vm.atoms, &pairs))
}
