// SPDX-License-Identifier: Apache-2.0
//! The bytes of binaries as lists, which are made from their ends.

use alloc::vec::Vec;
use core::ops::Range;

use super::binary;
use crate::bif::{BifResult, Context, Raise};
use crate::heap::build;
use crate::process::Parked;
use crate::term::{Bits, Term};

/// Bytes that are listed in a reduction.
const STEPS: usize = 256;

/// Lists bytes of `bits`, which are those of an argument, before what `tail` makes.
fn list(
    cx: &mut Context<'_>,
    args: &[Term],
    (bits, range): (Bits, Range<usize>),
    tail: impl FnOnce(&mut Context<'_>) -> Term,
) -> BifResult {
    let (mut list, left) = match cx.take_parked() {
        Some(Parked::ByteList(list, left)) => (list, left),
        _ => (tail(cx), range.end),
    };
    let first = cx.work(STEPS, |cx, budget| {
        let count = (left - range.start).min(*budget);
        let first = left - count;
        *budget -= count;
        let bytes: Vec<u8> = bits.slice(8 * first, 8 * count).bytes().collect();
        for byte in bytes.iter().rev() {
            list = build::cons(cx.heap(), Term::small_cut(i64::from(*byte)), list);
        }
        first
    });
    if first == range.start { Ok(list) } else { Err(cx.park(Parked::ByteList(list, first), args)) }
}

/// `binary_to_list/1`
pub fn binary_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bits = binary(args[0])?;
    list(cx, args, (bits, 0..bits.len() / 8), |_| Term::NIL)
}

/// `binary_to_list/3`: places are counted from 1.
pub fn binary_to_list3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bits = args[0].as_bits().ok_or(Raise::BADARG)?;
    let place =
        |term: Term| term.as_small().and_then(|place| usize::try_from(place).ok()).ok_or(Raise::BADARG);
    let (first, last) = (place(args[1])?, place(args[2])?);
    if first < 1 || last < first || last > bits.len() / 8 {
        return Err(Raise::BADARG);
    }
    list(cx, args, (bits, first - 1..last), |_| Term::NIL)
}

/// `bitstring_to_list/1`
pub fn bitstring_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bits = args[0].as_bits().ok_or(Raise::BADARG)?;
    let whole = bits.len() / 8;
    list(cx, args, (bits, 0..whole), |cx| {
        if bits.is_binary() {
            return Term::NIL;
        }
        let rest = build::sub_bits(cx.heap(), args[0], 8 * whole, bits.len() % 8);
        build::cons(cx.heap(), rest, Term::NIL)
    })
}
