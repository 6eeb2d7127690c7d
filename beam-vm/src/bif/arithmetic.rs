// SPDX-License-Identifier: Apache-2.0
//! Arithmetic on all numbers. The emulator does small integers by itself and comes here with the rest.
//!
//! If one operand is a float the other becomes one. What is not finite is `badarith`, what is too large `system_limit`.

use alloc::vec;

use super::{BifResult, Context, Raise};
use crate::heap::{ProcessHeap, build};
use crate::number::integer::{self, Extent, Integer, Rounding, Shift};
use crate::term::{Big, Term, View};

/// An integer of any size, with room for the limb of a small one.
pub(super) enum Whole {
    Small(i64),
    Big(Big),
}

impl Whole {
    pub(super) fn with<R>(&self, use_it: impl FnOnce(Integer<'_>) -> R) -> R {
        match self {
            Self::Small(value) => use_it(Integer::from_i64(*value, &mut [0])),
            Self::Big(big) => use_it(big.integer()),
        }
    }
}

/// An integer.
pub(super) fn whole(term: Term) -> Option<Whole> {
    match term.view() {
        View::Small(value) => Some(Whole::Small(value)),
        View::Big(big) => Some(Whole::Big(big)),
        _ => None,
    }
}

/// A number as a float, if it is a number and not too large.
#[must_use]
pub fn to_float(term: Term) -> Option<f64> {
    match term.view() {
        View::Float(value) => Some(value),
        View::Small(value) => Some(value as f64),
        View::Big(big) => integer::to_float(big.integer()),
        _ => None,
    }
}

fn finite(heap: &mut ProcessHeap, value: f64) -> BifResult {
    if value.is_finite() { Ok(build::float(heap, value)) } else { Err(Raise::BADARITH) }
}

/// Does an operation on integers, in a place of as many limbs as it may need.
fn compute<E>(
    heap: &mut ProcessHeap,
    limbs: usize,
    operation: impl FnOnce(&mut [u64]) -> Result<Extent, E>,
    failure: Raise,
) -> BifResult {
    let mut few = [0; 8];
    let mut many;
    let place = if limbs <= few.len() {
        &mut few[..limbs]
    } else {
        many = vec![0; limbs];
        &mut many[..]
    };
    match operation(place) {
        Ok(extent) => Ok(build::number(heap, extent.view(place))),
        Err(_) => Err(failure),
    }
}

/// An operation on two integers of any size.
type OnIntegers = fn(&mut ProcessHeap, Integer<'_>, Integer<'_>) -> BifResult;

fn numbers(
    heap: &mut ProcessHeap,
    a: Term,
    b: Term,
    integers: OnIntegers,
    floats: fn(f64, f64) -> f64,
) -> BifResult {
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.with(|a| b.with(|b| integers(heap, a, b))),
        _ => {
            let (Some(a), Some(b)) = (to_float(a), to_float(b)) else { return Err(Raise::BADARITH) };
            finite(heap, floats(a, b))
        }
    }
}

fn integers(heap: &mut ProcessHeap, a: Term, b: Term, operation: OnIntegers) -> BifResult {
    let (Some(a), Some(b)) = (whole(a), whole(b)) else { return Err(Raise::BADARITH) };
    a.with(|a| b.with(|b| operation(heap, a, b)))
}

/// `A + B`
pub fn add(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    let whole: OnIntegers = |heap, a, b| {
        compute(heap, integer::sum_limbs(a, b), |out| integer::add(a, b, out), Raise::SYSTEM_LIMIT)
    };
    numbers(heap, a, b, whole, |a, b| a + b)
}

/// `A - B`
pub fn subtract(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    let whole: OnIntegers = |heap, a, b| {
        compute(heap, integer::sum_limbs(a, b), |out| integer::subtract(a, b, out), Raise::SYSTEM_LIMIT)
    };
    numbers(heap, a, b, whole, |a, b| a - b)
}

/// `A * B`
pub fn multiply(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    let whole: OnIntegers = |heap, a, b| {
        let limbs = integer::product_limbs(a, b).map_err(|_| Raise::SYSTEM_LIMIT)?;
        compute(heap, limbs, |out| integer::multiply(a, b, out), Raise::SYSTEM_LIMIT)
    };
    numbers(heap, a, b, whole, |a, b| a * b)
}

/// `A div B`
pub fn quotient(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    integers(heap, a, b, |heap, a, b| {
        compute(heap, integer::quotient_limbs(a, b), |out| integer::divide(a, b, out), Raise::BADARITH)
    })
}

/// `A rem B`
pub fn remainder(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    integers(heap, a, b, |heap, a, b| {
        compute(heap, integer::remainder_limbs(a, b), |out| integer::remainder(a, b, out), Raise::BADARITH)
    })
}

/// `A / B`
pub fn divide(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    let (Some(a), Some(b)) = (to_float(a), to_float(b)) else { return Err(Raise::BADARITH) };
    if b == 0.0 { Err(Raise::BADARITH) } else { finite(heap, a / b) }
}

/// `A band B`
pub fn band(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    integers(heap, a, b, |heap, a, b| {
        compute(heap, integer::bitwise_limbs(a, b), |out| integer::and(a, b, out), Raise::SYSTEM_LIMIT)
    })
}

/// `A bor B`
pub fn bor(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    integers(heap, a, b, |heap, a, b| {
        compute(heap, integer::bitwise_limbs(a, b), |out| integer::or(a, b, out), Raise::SYSTEM_LIMIT)
    })
}

/// `A bxor B`
pub fn bxor(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    integers(heap, a, b, |heap, a, b| {
        compute(heap, integer::bitwise_limbs(a, b), |out| integer::xor(a, b, out), Raise::SYSTEM_LIMIT)
    })
}

fn shifted(heap: &mut ProcessHeap, a: Integer<'_>, shift: Shift) -> BifResult {
    let limbs = integer::shift_limbs(a, shift).map_err(|_| Raise::SYSTEM_LIMIT)?;
    compute(heap, limbs, |out| integer::shift(a, shift, out), Raise::SYSTEM_LIMIT)
}

/// `A bsl B`
pub fn bsl(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    integers(heap, a, b, |heap, a, b| shifted(heap, a, Shift::bsl(b)))
}

/// `A bsr B`
pub fn bsr(heap: &mut ProcessHeap, a: Term, b: Term) -> BifResult {
    integers(heap, a, b, |heap, a, b| shifted(heap, a, Shift::bsr(b)))
}

/// `bnot A`
pub fn bnot(heap: &mut ProcessHeap, a: Term) -> BifResult {
    let a = whole(a).ok_or(Raise::BADARITH)?;
    a.with(|a| compute(heap, a.limbs().len() + 1, |out| integer::not(a, out), Raise::SYSTEM_LIMIT))
}

/// `-A`
pub fn negate(heap: &mut ProcessHeap, a: Term) -> BifResult {
    match a.view() {
        View::Small(value) => Ok(build::integer(heap, -value)),
        View::Big(big) => Ok(build::number(heap, big.integer().negated())),
        View::Float(value) => Ok(build::float(heap, -value)),
        _ => Err(Raise::BADARITH),
    }
}

/// A float as an integer, rounded in a way.
fn round_to(heap: &mut ProcessHeap, a: Term, rounding: Rounding) -> BifResult {
    match a.view() {
        View::Small(_) | View::Big(_) => Ok(a),
        View::Float(value) => {
            let mut place = [0; integer::FLOAT_LIMBS];
            let extent = integer::from_float(value, rounding, &mut place).ok_or(Raise::BADARG)?;
            Ok(build::number(heap, extent.view(&place)))
        }
        _ => Err(Raise::BADARG),
    }
}

macro_rules! two {
    ($($(#[$about:meta])* $name:ident: $does:ident;)*) => {$(
        $(#[$about])*
        pub fn $name(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
            $does(&mut cx.process.heap, args[0], args[1])
        }
    )*};
}

two! {
    /// `+/2`
    plus: add;
    /// `-/2`
    minus: subtract;
    /// `*/2`
    times: multiply;
    /// `div/2`
    div: quotient;
    /// `rem/2`
    rem: remainder;
    /// `//2`
    slash: divide;
    /// `band/2`
    band_bif: band;
    /// `bor/2`
    bor_bif: bor;
    /// `bxor/2`
    bxor_bif: bxor;
    /// `bsl/2`
    bsl_bif: bsl;
    /// `bsr/2`
    bsr_bif: bsr;
}

/// `bnot/1`
pub fn bnot_bif(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    bnot(cx.heap(), args[0])
}

/// `-/1`
pub fn unary_minus(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    negate(cx.heap(), args[0])
}

/// `+/1`
pub fn unary_plus(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Small(_) | View::Big(_) | View::Float(_) => Ok(args[0]),
        _ => Err(Raise::BADARITH),
    }
}

/// `abs/1`
pub fn abs(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Small(value) if value < 0 => Ok(build::integer(cx.heap(), -value)),
        View::Big(big) if big.is_negative() => Ok(build::number(cx.heap(), big.integer().negated())),
        View::Float(value) if value < 0.0 => Ok(build::float(cx.heap(), -value)),
        View::Small(_) | View::Big(_) | View::Float(_) => Ok(args[0]),
        _ => Err(Raise::BADARG),
    }
}

/// `float/1`
pub fn float(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if args[0].as_float().is_some() {
        return Ok(args[0]);
    }
    let value = to_float(args[0]).ok_or(Raise::BADARG)?;
    Ok(build::float(cx.heap(), value))
}

/// `trunc/1`
pub fn trunc(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    round_to(cx.heap(), args[0], Rounding::Truncate)
}

/// `round/1`
pub fn round(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    round_to(cx.heap(), args[0], Rounding::Nearest)
}

/// `floor/1`
pub fn floor(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    round_to(cx.heap(), args[0], Rounding::Floor)
}

/// `ceil/1`
pub fn ceil(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    round_to(cx.heap(), args[0], Rounding::Ceiling)
}
