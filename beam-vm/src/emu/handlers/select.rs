// SPDX-License-Identifier: Apache-2.0
//! Jumps by a value. The words behind the code are: how many values, the values in ascending order as unsigned words, and for each
//! where to go, in words from this instruction.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::data::boxed;
use crate::emu::dispatch::{State, handlers, jump};
use crate::emu::operand::{I3, I4, L, N32, Source, Words};
use crate::term::{Header, Kind};

/// Up to this many values are looked through one by one.
const FEW: usize = 6;

/// Where to go on for a value.
#[inline(always)]
unsafe fn look_up(s: &State, table: Words, value: u64) -> Option<i64> {
    // SAFETY: the assembler has placed the words.
    let words = unsafe { table.get(s) };
    let (values, targets) = words.split_at(words.len() / 2);
    let place = if values.len() <= FEW {
        values.iter().position(|candidate| *candidate == value)
    } else {
        values.binary_search(&value).ok()
    };
    place.map(|place| targets[place] as i64)
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
            if let Some(target) = op.d.get(&s).get(place) {
                jump!(s, *target as i64)
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
