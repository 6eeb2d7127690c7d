// SPDX-License-Identifier: Apache-2.0
//! The values that a match takes out of a bitstring.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::matching::{bits_of, cursor};
use super::room::{is_free, rooms, state};
use super::{OBJECT_WORDS, outside};
use crate::bits::{Cursor, Flags};
use crate::emu::dispatch::{handlers, jump, next, slow};
use crate::emu::operand::{D, Dest, I2, I3, I4, I5, I6, L, N16, N32, S, Source};
use crate::emu::{Machine, call};
use crate::heap::ProcessHeap;
use crate::term::Term;

/// `Fail State Live Size (Unit and Flags) Dst`
type SizedField = I6<L, S, N16, S, N32, D>;
/// `Fail State Bits Flags Dst`
type Small<A, B> = I5<L, A, N16, N16, B>;
/// `Fail State Dst`
type Byte<A, B> = I3<L, A, B>;
/// `Fail State Live Unit Dst`
type Rest = I5<L, S, N16, N16, D>;
/// `State Dst Live`
type Tail = I3<S, D, N16>;

rooms! {
    /// For a field with a size.
    room_for_sized: SizedField, |op| OBJECT_WORDS, op.c.0, [op.b, op.d];
    /// For all that is left.
    room_for_rest: Rest, |op| OBJECT_WORDS, op.c.0, [op.b];
    /// For the tail.
    room_for_tail: Tail, |op| OBJECT_WORDS, op.c.0, [op.a];
}

/// Takes a field whose size is an operand; [`Term::NONE`] if there is none.
#[inline(always)]
unsafe fn take(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
    field: impl FnOnce(Cursor, &mut ProcessHeap, usize, Flags) -> Option<Term>,
) -> Term {
    let mut s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that calls.
    unsafe {
        let op = &*ip.cast::<SizedField>();
        let (from, size) = (cursor(op.b.get(&s)), op.d.get(&s));
        let (unit, flags) = ((op.e.0 >> 8) as u16, Flags(op.e.0 as u8));
        let Some(bits) = bits_of(size, unit) else { return Term::NONE };
        field(from, &mut s.process().heap, bits, flags).unwrap_or(Term::NONE)
    }
}

/// Declares functions for [`outside`] of one kind of field each.
macro_rules! fields {
    ($($name:ident: $field:expr;)*) => {$(
        unsafe extern "sysv64" fn $name(
            ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
        ) -> Term {
            // SAFETY: as for the handler that calls.
            unsafe { take(ip, hp, sp, m, fcalls, $field) }
        }
    )*};
}

fields! {
    take_integer: |from, heap, bits, flags| from.integer(heap, bits, flags);
    take_float: |from, heap, bits, flags| from.float(heap, bits, flags);
    take_binary: |from, heap, bits, _| from.part(heap, bits);
}

/// All that is left, if it is a multiple of the unit.
unsafe extern "sysv64" fn take_rest(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) -> Term {
    let mut s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that calls.
    unsafe {
        let op = &*ip.cast::<Rest>();
        let from = cursor(op.b.get(&s));
        let left = from.left();
        if !left.is_multiple_of(usize::from(op.d.0)) {
            return Term::NONE;
        }
        from.part(&mut s.process().heap, left).unwrap_or(Term::NONE)
    }
}

/// All that is left; the position stays.
unsafe extern "sysv64" fn copy_tail(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) -> Term {
    let mut s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that calls.
    unsafe {
        let op = &*ip.cast::<Tail>();
        let from = cursor(op.a.get(&s));
        from.tail(&mut s.process().heap)
    }
}

/// Whether the next bits are those of an integer; then they are passed over.
unsafe extern "sysv64" fn compare_bits(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) -> bool {
    let mut s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that calls.
    unsafe {
        let op = &*ip.cast::<I4<L, S, N32, S>>();
        let from = cursor(op.b.get(&s));
        let (at, wanted) = (from.position(), op.d.get(&s));
        let value = from.integer(&mut s.process().heap, op.c.0 as usize, Flags::default());
        let is_same = value.is_some_and(|value| crate::compare::same(value, wanted));
        if !is_same {
            from.set_position(at);
        }
        is_same
    }
}

/// A code point as a word, or -1.
macro_rules! code_points {
    ($($name:ident: $layout:ty, |$op:ident, $from:ident| $value:expr;)*) => {$(
        unsafe extern "sysv64" fn $name(
            ip: *const u64, _: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
        ) -> i64 {
            let s = state(ip, core::ptr::null_mut(), sp, m, fcalls);
            // SAFETY: as for the handler that calls.
            unsafe {
                let $op = &*ip.cast::<$layout>();
                let $from = cursor($op.b.get(&s));
                $value.map_or(-1, i64::from)
            }
        }
    )*};
}

code_points! {
    utf8: I2<L, S>, |op, from| from.utf8();
    utf16: I3<L, S, N16>, |op, from| from.utf16(Flags(op.c.0 as u8));
    utf32: I3<L, S, N16>, |op, from| from.utf32(Flags(op.c.0 as u8));
}

/// Puts what a match has given into a register, or goes to where it has failed.
macro_rules! finish {
    ($s:ident, $op:ident, $value:expr, $into:expr) => {{
        let value = $value;
        if value.is_none() {
            jump!($s, $op.a.0)
        }
        $into.set(&$s, value);
        call::look_soon(&mut $s);
        next!($s, $op)
    }};
}

/// Puts a code point into a register, or goes to where it has failed.
macro_rules! finish_code_point {
    ($s:ident, $op:ident, $function:ident, $into:expr) => {{
        let value = $function($s.ip, $s.hp, $s.sp, $s.m, $s.fcalls);
        if value < 0 {
            jump!($s, $op.a.0)
        }
        $into.set(&$s, Term::small_cut(value));
        next!($s, $op)
    }};
}

#[cold]
#[inline(never)]
unsafe extern "sysv64" fn get_small_rest<A: Source, B: Dest>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<Small<A, B>>();
        match cursor(op.b.get(&s)).small(usize::from(op.c.0), Flags(op.d.0 as u8)) {
            Some(value) => {
                op.e.set(&s, value);
                next!(s, op)
            }
            None => jump!(s, op.a.0),
        }
    }
}

#[cold]
#[inline(never)]
unsafe extern "sysv64" fn get_byte_rest<A: Source, B: Dest>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    let mut s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<Byte<A, B>>();
        match cursor(op.b.get(&s)).byte() {
            Some(value) => {
                op.c.set(&s, value);
                next!(s, op)
            }
            None => jump!(s, op.a.0),
        }
    }
}

handlers! {
    /// `bs_get_integer Fail State Bits Flags Dst` with a known size that [`Cursor::small`] reads.
    fn get_small<A: Source, B: Dest>(s, op: Small<A, B>) {
        let state = cursor(op.b.get(&s));
        match state.small_before_the_last(usize::from(op.c.0), Flags(op.d.0 as u8)) {
            Some(value) => {
                op.e.set(&s, value);
                next!(s, op)
            }
            None => slow!(s, get_small_rest::<A, B>),
        }
    }

    /// The same without sign and most significant byte first.
    fn get_unsigned<A: Source, B: Dest>(s, op: Small<A, B>) {
        let state = cursor(op.b.get(&s));
        match state.small_before_the_last(usize::from(op.c.0), Flags::default()) {
            Some(value) => {
                op.e.set(&s, value);
                next!(s, op)
            }
            None => slow!(s, get_small_rest::<A, B>),
        }
    }

    /// `bs_get_integer Fail State 8 Dst`, without sign.
    fn get_byte<A: Source, B: Dest>(s, op: Byte<A, B>) {
        match cursor(op.b.get(&s)).whole_byte() {
            Some(value) => {
                op.c.set(&s, value);
                next!(s, op)
            }
            None => slow!(s, get_byte_rest::<A, B>),
        }
    }

    /// `bs_get_integer Fail State Live Size (Unit and Flags) Dst`
    fn get_integer(s, op: SizedField) {
        if !is_free(&s, OBJECT_WORDS) {
            slow!(s, room_for_sized)
        }
        finish!(s, op, outside!(s, take_integer), op.f)
    }

    /// `bs_get_float Fail State Live Size (Unit and Flags) Dst`
    fn get_float(s, op: SizedField) {
        if !is_free(&s, OBJECT_WORDS) {
            slow!(s, room_for_sized)
        }
        finish!(s, op, outside!(s, take_float), op.f)
    }

    /// `bs_get_binary Fail State Live Size (Unit and Flags) Dst`
    fn get_binary(s, op: SizedField) {
        if !is_free(&s, OBJECT_WORDS) {
            slow!(s, room_for_sized)
        }
        finish!(s, op, outside!(s, take_binary), op.f)
    }

    /// `bs_get_binary Fail State Live all Unit Dst`
    fn get_binary_all(s, op: Rest) {
        if !is_free(&s, OBJECT_WORDS) {
            slow!(s, room_for_rest)
        }
        finish!(s, op, outside!(s, take_rest), op.e)
    }

    /// `bs_get_tail State Dst Live`
    fn get_tail(s, op: Tail) {
        if !is_free(&s, OBJECT_WORDS) {
            slow!(s, room_for_tail)
        }
        let tail = outside!(s, copy_tail);
        op.b.set(&s, tail);
        next!(s, op)
    }

    /// `bs_get_utf8 Fail State Dst`
    fn get_utf8(s, op: I3<L, S, D>) {
        finish_code_point!(s, op, utf8, op.c)
    }

    /// `bs_get_utf16 Fail State Flags Dst`
    fn get_utf16(s, op: I4<L, S, N16, D>) {
        finish_code_point!(s, op, utf16, op.d)
    }

    /// `bs_get_utf32 Fail State Flags Dst`
    fn get_utf32(s, op: I4<L, S, N16, D>) {
        finish_code_point!(s, op, utf32, op.d)
    }

    /// `bs_skip_utf8 Fail State`
    fn skip_utf8(s, op: I2<L, S>) {
        if utf8(s.ip, s.hp, s.sp, s.m, s.fcalls) < 0 {
            jump!(s, op.a.0)
        }
        next!(s, op)
    }

    /// `bs_skip_utf16 Fail State Flags`
    fn skip_utf16(s, op: I3<L, S, N16>) {
        if utf16(s.ip, s.hp, s.sp, s.m, s.fcalls) < 0 {
            jump!(s, op.a.0)
        }
        next!(s, op)
    }

    /// `bs_skip_utf32 Fail State Flags`
    fn skip_utf32(s, op: I3<L, S, N16>) {
        if utf32(s.ip, s.hp, s.sp, s.m, s.fcalls) < 0 {
            jump!(s, op.a.0)
        }
        next!(s, op)
    }

    /// `=:=` of `bs_match`: `Fail State Bits Value`
    fn equal_bits(s, op: I4<L, S, N32, S>) {
        let is_same = outside!(s, compare_bits);
        if is_same {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }
}
