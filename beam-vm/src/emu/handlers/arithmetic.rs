// SPDX-License-Identifier: Apache-2.0
//! Arithmetic: small integers and floats here, all else in `bif::arithmetic`.
//!
//! `Fail Live A B Dst`. What a slow operation makes may go to a fragment; the machine then looks at the next call whether to collect, where
//! it is known which registers are alive.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::types::is_kind;
use crate::atom::{Atom, predefined};
use crate::bif::arithmetic as slow_path;
use crate::emu::dispatch::{State, handlers, jump, next, slow};
use crate::emu::invoke::{self, Binary};
use crate::emu::operand::{Dest, Fail, I4, I5, N16, S, Source};
use crate::emu::{Machine, call, exception};
use crate::term::{Header, Kind, Term, layout};

/// The tag of a small integer.
const TAG: i64 = 0xF;

/// Does an operation of two operands the long way.
#[inline(always)]
unsafe fn finish<A: Source, B: Source, C: Dest>(mut s: State, operation: Binary, name: Atom) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*s.ip.cast::<I5<Fail, N16, A, B, C>>();
        let (a, b) = (op.c.get(&s), op.d.get(&s));
        s.process();
        let result = invoke::operation(s.m, operation, a, b);
        s.reload();
        if result.is_some() {
            op.e.set(&s, result);
            call::look_soon(&mut s);
            next!(s, op)
        }
        if op.a.0 != 0 {
            jump!(s, op.a.0)
        }
        if is_increment(name, op.c.general(), op.d.general()) {
            slow!(s, increment_failed)
        }
        (*s.m).arguments[0] = a;
        (*s.m).arguments[1] = b;
        (*s.m).fault.class = name;
        slow!(s, operator_failed)
    }
}

/// Whether stock adds by an instruction that has only a register and a small integer (`increment` in its ops.tab). Its errors do not tell of the
/// operator.
fn is_increment(name: Atom, a: S, b: S) -> bool {
    let added = match (name, a.constant(), b.constant()) {
        (predefined::PLUS, Some(constant), None) | (predefined::PLUS, None, Some(constant)) => {
            constant.as_small()
        }
        (predefined::MINUS, None, Some(constant)) => constant.as_small().and_then(i64::checked_neg),
        _ => None,
    };
    added.is_some_and(|value| Term::small(value).is_some())
}

/// An increment has failed, where no label says what then.
#[cold]
#[inline(never)]
unsafe extern "sysv64" fn increment_failed(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    // SAFETY: as for the handler that has come here.
    unsafe { exception::raise(State { ip, hp, sp, m, fcalls }, (*m).raise) }
}

/// An operator has failed, where no label says what then; its name is the fault's class.
#[cold]
#[inline(never)]
unsafe extern "sysv64" fn operator_failed(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        let (name, arguments) = ((*m).fault.class, (*m).arguments);
        let arity = if name == predefined::BNOT { 1 } else { 2 };
        exception::raise_in_operator(State { ip, hp, sp, m, fcalls }, (*m).raise, name, &arguments[..arity])
    }
}

/// Makes a handler of an operation: its quick result, if there is one, and where to go on else.
macro_rules! quick {
    ($($(#[$about:meta])* $name:ident / $rest:ident: |$a:ident, $b:ident| $quick:expr;)*) => {
        handlers! {$(
            $(#[$about])*
            fn $name<A: Source, B: Source, C: Dest>(s, op: I5<Fail, N16, A, B, C>) {
                let ($a, $b) = (op.c.get(&s), op.d.get(&s));
                let quick: Option<u64> = $quick;
                if let Some(word) = quick {
                    op.e.set(&s, Term::from_raw(word));
                    next!(s, op)
                }
                slow!(s, $rest::<A, B, C>)
            }
        )*}
    };
}

/// Makes what goes on with an operation whose operands are not both small integers: quick on floats, else the long way. The operation is
/// on floats if the condition holds and each operand is a float or a small integer.
macro_rules! on_floats {
    ($($floats:ident / $rest:ident: |$a:ident, $b:ident| [$condition:expr] |$x:ident, $y:ident| $value:expr; $full:path, $atom:ident;)*) => {
        handlers! {$(
            #[inline(never)]
            fn $floats<A: Source, B: Source, C: Dest>(s, op: I5<Fail, N16, A, B, C>) {
                let ($a, $b) = (op.c.get(&s), op.d.get(&s));
                if $condition && let (Some($x), Some($y)) = (as_float($a), as_float($b)) {
                    let value: f64 = $value;
                    if value.is_finite() && s.free_bytes() >= super::frames::bytes(layout::FLOAT_SIZE) {
                        let at = s.hp;
                        at.write(Header::new(Kind::Float, 1).raw());
                        at.add(1).write(value.to_bits());
                        s.hp = at.add(layout::FLOAT_SIZE);
                        op.e.set(&s, Term::from_raw(at.expose_provenance() as u64 | 2));
                        next!(s, op)
                    }
                }
                slow!(s, $rest::<A, B, C>)
            }
        )*}

        the_long_way! {$($rest: $full, $atom;)*}
    };
}

/// Makes what does an operation the long way.
macro_rules! the_long_way {
    ($($rest:ident: $full:path, $atom:ident;)*) => {$(
        #[cold]
        #[inline(never)]
        unsafe extern "sysv64" fn $rest<A: Source, B: Source, C: Dest>(
            ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
        ) {
            // SAFETY: as for the handler that has come here.
            unsafe { finish::<A, B, C>(State { ip, hp, sp, m, fcalls }, $full, predefined::$atom) }
        }
    )*};
}

/// An operand that is a float, or a small integer as one.
#[inline(always)]
unsafe fn as_float(term: Term) -> Option<f64> {
    // SAFETY: what is boxed begins with a header, and a float has a word after it.
    unsafe {
        if term.is_small() {
            Some(term.small_value() as f64)
        } else if is_kind(term, Kind::Float) {
            Some(f64::from_bits(super::data::boxed(term, 1).raw()))
        } else {
            None
        }
    }
}

/// A small integer's word, if the value is one.
#[inline(always)]
fn small(value: i64) -> Option<u64> {
    Term::small(value).map(Term::raw)
}

/// The word of a shift to the left, if nothing is lost.
#[inline(always)]
fn shift_left(value: i64, count: i64) -> Option<u64> {
    if !(0..60).contains(&count) {
        return None;
    }
    let shifted = value << count;
    if shifted >> count == value { small(shifted) } else { None }
}

/// The word of a shift to the right.
#[inline(always)]
fn shift_right(value: i64, count: i64) -> Option<u64> {
    if count < 0 { None } else { small(value >> count.min(63)) }
}

quick! {
    /// `A + B`
    add / add_floats: |a, b| if a.are_small(b) { (a.raw() as i64).checked_add(b.raw() as i64 - TAG).map(|sum| sum as u64) } else { None };
    /// `A - B`
    sub / sub_floats: |a, b| if a.are_small(b) { (a.raw() as i64).checked_sub(b.raw() as i64 - TAG).map(|sum| sum as u64) } else { None };
    /// `A * B`
    mul / mul_floats: |a, b| if a.are_small(b) {
            a.small_value().checked_mul(b.raw() as i64 - TAG).map(|product| (product | TAG) as u64)
        } else { None };
    /// `A / B`
    divide / divide_floats: |_a, _b| None;
    /// `A div B`
    div / div_rest: |a, b| if a.are_small(b) { a.small_value().checked_div(b.small_value()).and_then(small) } else { None };
    /// `A rem B`
    rem / rem_rest: |a, b| if a.are_small(b) { a.small_value().checked_rem(b.small_value()).and_then(small) } else { None };
    /// `A band B`
    band / band_rest: |a, b| if a.are_small(b) { Some(a.raw() & b.raw()) } else { None };
    /// `A bor B`
    bor / bor_rest: |a, b| if a.are_small(b) { Some(a.raw() | b.raw()) } else { None };
    /// `A bxor B`
    bxor / bxor_rest: |a, b| if a.are_small(b) { Some((a.raw() ^ b.raw()) | TAG as u64) } else { None };
    /// `A bsl B`
    bsl / bsl_rest: |a, b| if a.are_small(b) { shift_left(a.small_value(), b.small_value()) } else { None };
    /// `A bsr B`
    bsr / bsr_rest: |a, b| if a.are_small(b) { shift_right(a.small_value(), b.small_value()) } else { None };
}

on_floats! {
    add_floats / add_rest: |a, b| [!a.are_small(b)] |x, y| x + y; slow_path::add, PLUS;
    sub_floats / sub_rest: |a, b| [!a.are_small(b)] |x, y| x - y; slow_path::subtract, MINUS;
    mul_floats / mul_rest: |a, b| [!a.are_small(b)] |x, y| x * y; slow_path::multiply, TIMES;
    divide_floats / divide_rest: |a, b| [true] |x, y| x / y; slow_path::divide, DIVIDE;
}

the_long_way! {
    div_rest: slow_path::quotient, DIV;
    rem_rest: slow_path::remainder, REM;
    band_rest: slow_path::band, BAND;
    bor_rest: slow_path::bor, BOR;
    bxor_rest: slow_path::bxor, BXOR;
    bsl_rest: slow_path::bsl, BSL;
    bsr_rest: slow_path::bsr, BSR;
}

handlers! {
    /// `bnot A`: `Fail Live A Dst`
    fn bnot<A: Source, B: Dest>(s, op: I4<Fail, N16, A, B>) {
        let a = op.c.get(&s);
        if a.is_small() {
            op.d.set(&s, Term::small_cut(!a.small_value()));
            next!(s, op)
        }
        slow!(s, bnot_rest::<A, B>)
    }
}

#[cold]
#[inline(never)]
unsafe extern "sysv64" fn bnot_rest<A: Source, B: Dest>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = State { ip, hp, sp, m, fcalls };
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*s.ip.cast::<I4<Fail, N16, A, B>>();
        let a = op.c.get(&s);
        s.process();
        let result = invoke::operation(s.m, |heap, a, _| slow_path::bnot(heap, a), a, a);
        s.reload();
        if result.is_some() {
            op.d.set(&s, result);
            call::look_soon(&mut s);
            next!(s, op)
        }
        if op.a.0 != 0 {
            jump!(s, op.a.0)
        }
        (*s.m).arguments[0] = a;
        (*s.m).fault.class = predefined::BNOT;
        slow!(s, operator_failed)
    }
}
