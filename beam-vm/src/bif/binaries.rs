// SPDX-License-Identifier: Apache-2.0
//! Sizes, parts and copies of binaries.

mod listing;

pub use listing::{binary_to_list, binary_to_list3, bitstring_to_list};

use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::heap::{BinaryBlock, build};
use crate::term::{Bits, Term, layout};

fn binary(term: Term) -> Result<Bits, Raise> {
    term.as_bits().filter(|bits| bits.is_binary()).ok_or(Raise::BADARG)
}

/// `byte_size/1`
pub fn byte_size(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    args[0].as_bits().map(|bits| Term::count(bits.len().div_ceil(8))).ok_or(Raise::BADARG)
}

/// `bit_size/1`
pub fn bit_size(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    args[0].as_bits().map(|bits| Term::count(bits.len())).ok_or(Raise::BADARG)
}

/// A part of a binary; a negative length counts backwards.
fn part(cx: &mut Context<'_>, origin: Term, start: Term, length: Term) -> BifResult {
    let size = (origin.as_bits().ok_or(Raise::BADARG)?.len() / 8) as i64;
    let (start, length) = (start.as_small().ok_or(Raise::BADARG)?, length.as_small().ok_or(Raise::BADARG)?);
    let (from, to) = if length < 0 {
        (start.saturating_add(length), start)
    } else {
        (start, start.saturating_add(length))
    };
    if from < 0 || to > size || from > size {
        return Err(Raise::BADARG);
    }
    Ok(build::sub_bits(cx.heap(), origin, 8 * from as usize, 8 * (to - from) as usize))
}

/// `binary_part/3`, `binary:part/3`
pub fn binary_part3(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    part(cx, args[0], args[1], args[2])
}

/// `binary_part/2`, `binary:part/2`
pub fn binary_part2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let pair = args[1].as_tuple().ok_or(Raise::BADARG)?;
    let [start, length] = *pair.elements() else { return Err(Raise::BADARG) };
    part(cx, args[0], start, length)
}

/// `split_binary/2`
pub fn split_binary(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bits = args[0].as_bits().ok_or(Raise::BADARG)?;
    let at = args[1].as_small().and_then(|at| usize::try_from(at).ok()).ok_or(Raise::BADARG)?;
    if at > bits.len() / 8 {
        return Err(Raise::BADARG);
    }
    let heap = cx.heap();
    let first = build::sub_bits(heap, args[0], 0, 8 * at);
    let second = build::sub_bits(heap, args[0], 8 * at, bits.len() - 8 * at);
    Ok(build::tuple(heap, &[first, second]))
}

/// `binary:at/2`
pub fn at(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bits = binary(args[0])?;
    let index = args[1].as_small().and_then(|at| usize::try_from(at).ok()).ok_or(Raise::BADARG)?;
    if index >= bits.len() / 8 {
        return Err(Raise::BADARG);
    }
    Ok(Term::small_cut(i64::from(bits.byte(index))))
}

/// `binary:first/1`
pub fn first(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bits = binary(args[0])?;
    if bits.is_empty() { Err(Raise::BADARG) } else { Ok(Term::small_cut(i64::from(bits.byte(0)))) }
}

/// `binary:last/1`
pub fn last(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bits = binary(args[0])?;
    if bits.is_empty() {
        Err(Raise::BADARG)
    } else {
        Ok(Term::small_cut(i64::from(bits.byte(bits.len() / 8 - 1))))
    }
}

/// `binary:copy/1`
pub fn copy(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bytes: Vec<u8> = binary(args[0])?.bytes().collect();
    Ok(build::binary(cx.heap(), &bytes))
}

/// `binary:copy/2`
pub fn copy2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bytes: Vec<u8> = binary(args[0])?.bytes().collect();
    let times = args[1].as_small().and_then(|times| usize::try_from(times).ok()).ok_or(Raise::BADARG)?;
    let total = bytes.len().checked_mul(times).filter(|total| *total < 1 << 40).ok_or(Raise::SYSTEM_LIMIT)?;
    cx.bump((total / 1000).min(1 << 20) as u32);
    if total <= layout::HEAP_BINARY_LIMIT {
        return Ok(build::binary(cx.heap(), &bytes.repeat(times)));
    }
    let block = BinaryBlock::repeated(&bytes, times);
    Ok(build::refc_binary(cx.heap(), block, total, 0))
}
