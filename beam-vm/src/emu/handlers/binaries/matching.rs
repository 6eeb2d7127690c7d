// SPDX-License-Identifier: Apache-2.0
//! Matching of bitstrings: beginning, passing over, tests. What values come out is in `fields`.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use core::ptr::NonNull;

use super::outside;
use super::room::{again, is_free, state};
use crate::bits::Cursor;
use crate::emu::dispatch::{handlers, jump, next, slow};
use crate::emu::operand::{Dest, Fail, I2, I3, I4, L, N16, N32, S, Source, Words};
use crate::emu::{Machine, call};
use crate::term::{Kind, Term, layout};

use super::super::types::kind_of;

/// The match state in a register; the compiler has put nothing else there.
#[inline(always)]
pub(super) unsafe fn cursor(term: Term) -> Cursor {
    // SAFETY: as on stock, the register of a match has a match state.
    unsafe { Cursor::known(term) }
}

/// A number of units as bits; none if it is no size, or more than there can be.
#[inline(always)]
pub(super) fn bits_of(size: Term, unit: u16) -> Option<usize> {
    usize::try_from(size.as_small()?).ok()?.checked_mul(usize::from(unit))
}

/// Whether a number of bits is a multiple of a unit, which is at most 256.
#[inline(always)]
fn is_multiple(bits: usize, unit: u16) -> bool {
    let unit = usize::from(unit);
    // Nearly all units are powers of two, and a division is long.
    if unit.is_power_of_two() { bits & (unit - 1) == 0 } else { bits.is_multiple_of(unit) }
}

/// For [`start_match`].
#[cold]
#[inline(never)]
unsafe extern "sysv64" fn room_for_state<A: Source, B: Dest>(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        let op = &*ip.cast::<I4<Fail, A, N16, B>>();
        again(state(ip, hp, sp, m, fcalls), layout::MATCH_SIZE, usize::from(op.c.0), &[op.b.general()])
    }
}

/// Whether the next bits are those of the instruction's string; then they are passed over.
unsafe extern "sysv64" fn compare_string(
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    m: *mut Machine,
    fcalls: isize,
) -> bool {
    let s = state(ip, hp, sp, m, fcalls);
    // SAFETY: as for the handler that calls; the loader has placed as many bytes as the bits need.
    unsafe {
        let op = &*ip.cast::<I4<L, S, N32, Words>>();
        let bits = op.c.0 as usize;
        let words = op.d.get(&s);
        let bytes = core::slice::from_raw_parts(words.as_ptr().cast::<u8>(), bits.div_ceil(8));
        cursor(op.b.get(&s)).string(bytes, bits).is_some()
    }
}

handlers! {
    /// `bs_start_match Fail Src Live Dst`; without a fail label it is known to be a bitstring.
    fn start_match<A: Source, B: Dest>(s, op: I4<Fail, A, N16, B>) {
        let term = op.b.get(&s);
        if kind_of(term) == Some(Kind::MatchState) {
            op.d.set(&s, term);
            next!(s, op)
        }
        if !is_free(&s, layout::MATCH_SIZE) {
            slow!(s, room_for_state::<A, B>)
        }
        match Cursor::start(NonNull::new_unchecked(s.hp), term) {
            Some(state) => {
                s.hp = s.hp.add(layout::MATCH_SIZE);
                op.d.set(&s, state);
                next!(s, op)
            }
            None if op.a.0 == 0 => slow!(s, call::not_as_promised),
            None => jump!(s, op.a.0),
        }
    }

    /// `bs_skip_bits Fail State Size Unit`
    fn skip_bits(s, op: I4<L, S, S, N16>) {
        match bits_of(op.c.get(&s), op.d.0).and_then(|bits| cursor(op.b.get(&s)).skip(bits)) {
            Some(()) => next!(s, op),
            None => jump!(s, op.a.0),
        }
    }

    /// `bs_skip_bits Fail State Bits` with a known size.
    fn skip<A: Source>(s, op: I3<L, A, N32>) {
        match cursor(op.b.get(&s)).skip(op.c.0 as usize) {
            Some(()) => next!(s, op),
            None => jump!(s, op.a.0),
        }
    }

    /// `bs_skip_bits Fail State all Unit`
    fn skip_all(s, op: I3<L, S, N16>) {
        let state = cursor(op.b.get(&s));
        let left = state.left();
        if is_multiple(left, op.c.0) && state.skip(left).is_some() {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }

    /// `bs_test_tail Fail State Bits`
    fn test_tail<A: Source>(s, op: I3<L, A, N32>) {
        if cursor(op.b.get(&s)).left() == op.c.0 as usize {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }

    /// `bs_test_tail Fail State Bits` with more bits than fit into half a word.
    fn test_long_tail(s, op: I3<L, S, S>) {
        if bits_of(op.c.get(&s), 1) == Some(cursor(op.b.get(&s)).left()) {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }

    /// `bs_test_unit Fail State Unit`
    fn test_unit<A: Source>(s, op: I3<L, A, N16>) {
        if is_multiple(cursor(op.b.get(&s)).left(), op.c.0) {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }

    /// `ensure_at_least` of `bs_match`: `Fail State Bits Unit`
    fn ensure_at_least<A: Source>(s, op: I4<L, A, N32, N16>) {
        match cursor(op.b.get(&s)).left().checked_sub(op.c.0 as usize) {
            Some(rest) if op.d.0 == 1 || is_multiple(rest, op.d.0) => next!(s, op),
            _ => jump!(s, op.a.0),
        }
    }

    /// The same with more bits than fit into half a word.
    fn ensure_at_least_long(s, op: I4<L, S, S, N16>) {
        let rest = bits_of(op.c.get(&s), 1).and_then(|bits| cursor(op.b.get(&s)).left().checked_sub(bits));
        match rest {
            Some(rest) if is_multiple(rest, op.d.0) => next!(s, op),
            _ => jump!(s, op.a.0),
        }
    }

    /// `bs_match_string Fail State Bits String`
    fn match_string(s, op: I4<L, S, N32, Words>) {
        let matched = outside!(s, compare_string);
        if matched {
            next!(s, op)
        }
        jump!(s, op.a.0)
    }

    /// `bs_get_position State Dst Live`; a position is always a small integer.
    fn get_position<A: Source, B: Dest>(s, op: I3<A, B, N16>) {
        let position = cursor(op.a.get(&s)).position();
        op.b.set(&s, Term::small_cut(position as i64));
        next!(s, op)
    }

    /// `bs_set_position State Position`
    fn set_position(s, op: I2<S, S>) {
        cursor(op.a.get(&s)).go_to(op.b.get(&s).small_value() as usize);
        next!(s, op)
    }
}
