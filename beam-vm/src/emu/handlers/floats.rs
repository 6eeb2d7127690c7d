// SPDX-License-Identifier: Apache-2.0
//! Floating-point instructions. Registers hold finite numbers: an operation whose result is not finite raises `badarith`.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::types::kind_of;
use crate::bif::Raise;
use crate::bif::arithmetic;
use crate::emu::Machine;
use crate::emu::dispatch::{State, handlers, next, slow};
use crate::emu::exception;
use crate::emu::operand::{Dest, Fail, I2, I3, I4, R, Source};
use crate::term::{Header, Kind, Term, layout};

#[inline(always)]
unsafe fn load(s: &State, register: R) -> f64 {
    // SAFETY: the loader has checked the number of the register.
    unsafe { (*s.m).f.as_ptr().add(usize::from(register.0)).read() }
}

#[inline(always)]
unsafe fn store(s: &State, register: R, value: f64) {
    // SAFETY: the loader has checked the number of the register.
    unsafe { (*s.m).f.as_mut_ptr().add(usize::from(register.0)).write(value) }
}

#[cold]
#[inline(never)]
unsafe extern "sysv64" fn not_finite(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    // SAFETY: as for the handler that has come here.
    unsafe { exception::raise(State { ip, hp, sp, m, fcalls }, Raise::BADARITH) }
}

handlers! {
    /// `fmove Src FR`, from a term that is a float.
    fn fload<A: Source>(s, op: I2<A, R>) {
        store(&s, op.b, f64::from_bits(super::data::boxed(op.a.get(&s), 1).raw()));
        next!(s, op)
    }

    /// `fmove FR Dst`, to a term; the words were reserved before.
    fn fstore<A: Dest>(s, op: I2<R, A>) {
        let at = s.hp;
        at.write(Header::new(Kind::Float, 1).raw());
        at.add(1).write(load(&s, op.a).to_bits());
        s.hp = at.add(layout::FLOAT_SIZE);
        op.b.set(&s, Term::from_raw(at.expose_provenance() as u64 | 2));
        next!(s, op)
    }

    /// `fconv Src FR`
    fn fconv<A: Source>(s, op: I2<A, R>) {
        let term = op.a.get(&s);
        if term.is_small() {
            store(&s, op.b, term.small_value() as f64);
            next!(s, op)
        }
        if kind_of(term) == Some(Kind::Float) {
            store(&s, op.b, f64::from_bits(super::data::boxed(term, 1).raw()));
            next!(s, op)
        }
        slow!(s, fconv_rest::<A>)
    }

    /// `fnegate Fail A Dst`
    fn fnegate(s, op: I3<Fail, R, R>) {
        store(&s, op.c, -load(&s, op.b));
        next!(s, op)
    }
}

#[cold]
#[inline(never)]
unsafe extern "sysv64" fn fconv_rest<A: Source>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = State { ip, hp, sp, m, fcalls };
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<I2<A, R>>();
        match arithmetic::to_float(op.a.get(&s)) {
            Some(value) => {
                store(&s, op.b, value);
                next!(s, op)
            }
            None => exception::raise(s, Raise::BADARITH),
        }
    }
}

macro_rules! operations {
    ($($(#[$about:meta])* $name:ident: $operator:tt;)*) => {
        handlers! {$(
            $(#[$about])*
            fn $name(s, op: I4<Fail, R, R, R>) {
                let result = load(&s, op.b) $operator load(&s, op.c);
                if !result.is_finite() {
                    slow!(s, not_finite)
                }
                store(&s, op.d, result);
                next!(s, op)
            }
        )*}
    };
}

operations! {
    /// `fadd Fail A B Dst`
    fadd: +;
    /// `fsub Fail A B Dst`
    fsub: -;
    /// `fmul Fail A B Dst`
    fmul: *;
    /// `fdiv Fail A B Dst`
    fdiv: /;
}
