// SPDX-License-Identifier: Apache-2.0
//! Comparisons. What a look at the words decides is decided here; the rest is a call.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use core::cmp::Ordering;

use super::types::is_kind;
use crate::compare;
use crate::emu::Machine;
use crate::emu::dispatch::{State, handlers, jump, next, slow};
use crate::emu::operand::{I3, L, Source};
use crate::term::{Kind, Term};

/// Whether two different words can be equal terms at all: neither is an immediate.
#[inline(always)]
const fn may_be_same(a: Term, b: Term) -> bool {
    (a.raw() ^ b.raw()) & 3 == 0 && !a.is_immediate()
}

/// Whether two different words can be numbers that are equal, or terms with such in them.
#[inline(always)]
const fn may_be_equal(a: Term, b: Term) -> bool {
    !(a.is_immediate() && b.is_immediate())
}

unsafe fn order(s: &State, a: Term, b: Term) -> Ordering {
    // SAFETY: the machine is there while instructions are done, and nobody else looks at the atoms.
    unsafe { compare::compare(&(*(*s.m).vm).atoms, a, b) }
}

/// Two floats, or a float and a small integer that is one without a loss.
#[inline(always)]
unsafe fn as_floats(a: Term, b: Term) -> Option<(f64, f64)> {
    // SAFETY: what is boxed begins with a header, and a float has a word after it.
    unsafe {
        let float = |term| f64::from_bits(super::data::boxed(term, 1).raw());
        match (is_kind(a, Kind::Float), is_kind(b, Kind::Float)) {
            (true, true) => Some((float(a), float(b))),
            (true, false) => exact(b).map(|b| (float(a), b)),
            (false, true) => exact(a).map(|a| (a, float(b))),
            (false, false) => None,
        }
    }
}

/// A small integer as a float, if nothing is lost.
#[inline(always)]
fn exact(term: Term) -> Option<f64> {
    term.as_small()
        .filter(|value| value.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS)
        .map(|value| value as f64)
}

/// Makes a handler of a comparison: when the words decide, what they say, what floats say, and what to call else.
macro_rules! comparisons {
    ($($(#[$about:meta])* $name:ident / $floats:ident / $rest:ident:
        |$a:ident, $b:ident| [$decided:expr] $quick:expr; |$x:ident, $y:ident| $between:expr; |$s:ident| $full:expr;)*) => {
        handlers! {$(
            $(#[$about])*
            fn $name<A: Source, B: Source>(s, op: I3<L, A, B>) {
                let ($a, $b) = (op.b.get(&s), op.c.get(&s));
                if $decided {
                    if $quick { next!(s, op) }
                    jump!(s, op.a.0)
                }
                slow!(s, $floats::<A, B>)
            }

            /// The same for what the words do not decide.
            #[inline(never)]
            fn $floats<A: Source, B: Source>(s, op: I3<L, A, B>) {
                if let Some(($x, $y)) = as_floats(op.b.get(&s), op.c.get(&s)) {
                    if $between { next!(s, op) }
                    jump!(s, op.a.0)
                }
                slow!(s, $rest::<A, B>)
            }
        )*}

        $(
            #[cold]
            #[inline(never)]
            unsafe extern "sysv64" fn $rest<A: Source, B: Source>(
                ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
            ) {
                let mut $s = State { ip, hp, sp, m, fcalls };
                // SAFETY: as for the handler that has come here.
                unsafe {
                    let op = &*ip.cast::<I3<L, A, B>>();
                    let ($a, $b) = (op.b.get(&$s), op.c.get(&$s));
                    let holds = $full;
                    $s.ip = $s.ip.offset(if holds { (size_of_val(op) / 8) as isize } else { op.a.0 as isize });
                    crate::emu::dispatch::go($s)
                }
            }
        )*
    };
}

comparisons! {
    /// `is_eq_exact`
    is_eq_exact / eq_exact_floats / eq_exact_rest: |a, b| [a == b || !may_be_same(a, b)] a == b; |x, y| x == y; |s| compare::same(a, b);
    /// `is_ne_exact`
    is_ne_exact / ne_exact_floats / ne_exact_rest: |a, b| [a == b || !may_be_same(a, b)] a != b; |x, y| x != y; |s| !compare::same(a, b);
    /// `is_eq`
    is_eq / eq_floats / eq_rest: |a, b| [a == b || !may_be_equal(a, b)] a == b; |x, y| x == y; |s| compare::equal(a, b);
    /// `is_ne`
    is_ne / ne_floats / ne_rest: |a, b| [a == b || !may_be_equal(a, b)] a != b; |x, y| x != y; |s| !compare::equal(a, b);
    /// `is_lt`
    is_lt / lt_floats / lt_rest: |a, b| [a.are_small(b)] (a.raw() as i64) < b.raw() as i64; |x, y| x < y; |s| order(&s, a, b).is_lt();
    /// `is_ge`
    is_ge / ge_floats / ge_rest: |a, b| [a.are_small(b)] (a.raw() as i64) >= b.raw() as i64; |x, y| x >= y; |s| order(&s, a, b).is_ge();
}

handlers! {
    /// `is_eq_exact` with an immediate, which decides by the words alone.
    fn is_eq_immediate<A: Source, B: Source>(s, op: I3<L, A, B>) {
        if op.b.get(&s) == op.c.get(&s) { next!(s, op) }
        jump!(s, op.a.0)
    }

    /// `is_ne_exact` with an immediate, which decides by the words alone.
    fn is_ne_immediate<A: Source, B: Source>(s, op: I3<L, A, B>) {
        if op.b.get(&s) != op.c.get(&s) { next!(s, op) }
        jump!(s, op.a.0)
    }
}
