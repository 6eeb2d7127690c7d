// SPDX-License-Identifier: Apache-2.0
//! Arithmetic: small integers here, all else in `bif::arithmetic`.
//!
//! `Fail Live A B Dst`. What a slow operation makes may go to a fragment; the machine then looks at the next call whether to collect, where
//! it is known which registers are alive.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::atom::{Atom, predefined};
use crate::bif::Raise;
use crate::bif::arithmetic as slow_path;
use crate::emu::dispatch::{State, go, handlers, next, slow};
use crate::emu::operand::{Dest, Fail, I4, I5, N16, Source};
use crate::emu::{Machine, call, exception};
use crate::heap::ProcessHeap;
use crate::term::Term;

/// The tag of a small integer.
const TAG: i64 = 0xF;

/// An operation on two terms.
type Binary = fn(&mut ProcessHeap, Term, Term) -> Result<Term, Raise>;

/// Does an operation of two operands the long way.
#[inline(always)]
unsafe fn finish<A: Source, B: Source, C: Dest>(mut s: State, operation: Binary, name: Atom) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*s.ip.cast::<I5<Fail, N16, A, B, C>>();
        let (a, b) = (op.c.get(&s), op.d.get(&s));
        let process = s.process();
        let result = operation(&mut process.heap, a, b);
        s.reload();
        match result {
            Ok(term) => {
                op.e.set(&s, term);
                call::look_soon(&mut s);
                next!(s, op)
            }
            Err(_) if op.a.0 != 0 => {
                s.ip = s.ip.offset(op.a.0 as isize);
                go(s)
            }
            Err(raise) => exception::raise_in_operator(s, raise, name, &[a, b]),
        }
    }
}

/// Makes a handler of an operation: its quick result, if there is one, and the long way.
macro_rules! binary_operations {
    ($($(#[$about:meta])* $name:ident / $rest:ident: |$a:ident, $b:ident| $quick:expr; $full:path, $atom:ident;)*) => {
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

        $(
            #[cold]
            #[inline(never)]
            unsafe extern "sysv64" fn $rest<A: Source, B: Source, C: Dest>(
                ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
            ) {
                // SAFETY: as for the handler that has come here.
                unsafe { finish::<A, B, C>(State { ip, hp, sp, m, fcalls }, $full, predefined::$atom) }
            }
        )*
    };
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

binary_operations! {
    /// `A + B`
    add / add_rest: |a, b| if a.are_small(b) { (a.raw() as i64).checked_add(b.raw() as i64 - TAG).map(|sum| sum as u64) } else { None };
        slow_path::add, PLUS;
    /// `A - B`
    sub / sub_rest: |a, b| if a.are_small(b) { (a.raw() as i64).checked_sub(b.raw() as i64 - TAG).map(|sum| sum as u64) } else { None };
        slow_path::subtract, MINUS;
    /// `A * B`
    mul / mul_rest: |a, b| if a.are_small(b) {
            a.small_value().checked_mul(b.raw() as i64 - TAG).map(|product| (product | TAG) as u64)
        } else { None };
        slow_path::multiply, TIMES;
    /// `A div B`
    div / div_rest: |a, b| if a.are_small(b) { a.small_value().checked_div(b.small_value()).and_then(small) } else { None };
        slow_path::quotient, DIV;
    /// `A rem B`
    rem / rem_rest: |a, b| if a.are_small(b) { a.small_value().checked_rem(b.small_value()).and_then(small) } else { None };
        slow_path::remainder, REM;
    /// `A band B`
    band / band_rest: |a, b| if a.are_small(b) { Some(a.raw() & b.raw()) } else { None };
        slow_path::band, BAND;
    /// `A bor B`
    bor / bor_rest: |a, b| if a.are_small(b) { Some(a.raw() | b.raw()) } else { None };
        slow_path::bor, BOR;
    /// `A bxor B`
    bxor / bxor_rest: |a, b| if a.are_small(b) { Some((a.raw() ^ b.raw()) | TAG as u64) } else { None };
        slow_path::bxor, BXOR;
    /// `A bsl B`
    bsl / bsl_rest: |a, b| if a.are_small(b) { shift_left(a.small_value(), b.small_value()) } else { None };
        slow_path::bsl, BSL;
    /// `A bsr B`
    bsr / bsr_rest: |a, b| if a.are_small(b) { shift_right(a.small_value(), b.small_value()) } else { None };
        slow_path::bsr, BSR;
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
        let process = s.process();
        let result = slow_path::bnot(&mut process.heap, a);
        s.reload();
        match result {
            Ok(term) => {
                op.d.set(&s, term);
                call::look_soon(&mut s);
                next!(s, op)
            }
            Err(_) if op.a.0 != 0 => {
                s.ip = s.ip.offset(op.a.0 as isize);
                go(s)
            }
            Err(raise) => exception::raise_in_operator(s, raise, predefined::BNOT, &[a]),
        }
    }
}
