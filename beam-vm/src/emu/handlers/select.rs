// SPDX-License-Identifier: Apache-2.0
//! Jumps by a value. The words behind the code are: how many values, the values in ascending order as unsigned words, and for each
//! where to go, in words from this instruction.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::data::boxed;
use crate::emu::dispatch::{State, handlers, jump};
use crate::emu::operand::{I3, I4, L, N32, Source, Words};
use crate::term::{Header, Kind};

/// Where to go on for a value, by halving: the program knows more than a few values, and no bound is checked.
#[inline(always)]
unsafe fn look_up(s: &State, table: Words, value: u64) -> Option<isize> {
    // SAFETY: the assembler has placed as many targets as values, and before them the number of both.
    unsafe {
        let at = s.ip.offset(table.0 as isize);
        let count = at.read() as usize / 2;
        let values = at.add(1);
        let (mut low, mut left) = (0, count);
        while left > 1 {
            let half = left / 2;
            if values.add(low + half).read() <= value {
                low += half;
            }
            left -= half;
        }
        if count != 0 && values.add(low).read() == value {
            Some(values.add(count + low).read() as isize)
        } else {
            None
        }
    }
}

handlers! {
    /// `select_val Src Fail Targets`, all values immediates or known literals that are equal only if they are the same word.
    fn select_val<A: Source>(s, op: I3<A, L, Words>) {
        match look_up(&s, op.c, op.a.get(&s).raw()) {
            Some(offset) => jump!(s, offset),
            None => jump!(s, op.b.0),
        }
    }

    /// `select_val` of small integers in a row: `Src Fail First Targets`, where the words are the targets alone.
    fn jump_table<A: Source>(s, op: I4<A, L, N32, Words>) {
        let term = op.a.get(&s);
        if term.is_small() {
            let place = term.small_value().wrapping_sub(i64::from(op.c.0 as i32)) as usize;
            let targets = s.ip.offset(op.d.0 as isize);
            if place < targets.read() as usize {
                jump!(s, targets.add(1 + place).read() as i64)
            }
        }
        jump!(s, op.b.0)
    }

    /// `select_tuple_arity Src Fail Targets`: the values are headers.
    fn select_tuple_arity<A: Source>(s, op: I3<A, L, Words>) {
        let term = op.a.get(&s);
        if term.is_boxed() {
            let header = boxed(term, 0).raw();
            if Header::from_raw(header).is_some_and(|header| header.kind() == Kind::Tuple)
                && let Some(offset) = look_up(&s, op.c, header)
            {
                jump!(s, offset)
            }
        }
        jump!(s, op.b.0)
    }
}
