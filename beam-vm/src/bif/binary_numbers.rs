// SPDX-License-Identifier: Apache-2.0
//! Module `binary`: numbers in binaries, what binaries have in common, and how much memory one keeps.

use alloc::vec;
use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::{build, kept_bytes};
use crate::number::integer::{Bits as Place, Endian, Integer, Signedness, bits_limbs, from_bits, to_bits};
use crate::term::{Bits, Term, View};

/// Bytes that are handled in a reduction.
const BYTES_PER_REDUCTION: usize = 256;

fn endian(term: Option<&Term>) -> Result<Endian, Raise> {
    match term.map(|term| term.as_atom()) {
        None | Some(Some(predefined::BIG)) => Ok(Endian::Big),
        Some(Some(predefined::LITTLE)) => Ok(Endian::Little),
        Some(_) => Err(Raise::BADARG),
    }
}

/// `binary:encode_unsigned/1` and `binary:encode_unsigned/2`
pub fn encode_unsigned(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let endian = endian(args.get(1))?;
    let mut place = [0];
    let big;
    let value = match args[0].view() {
        View::Small(value) if value >= 0 => Integer::from_i64(value, &mut place),
        View::Big(number) if !number.is_negative() => {
            big = number;
            big.integer()
        }
        _ => return Err(Raise::BADARG),
    };
    let limbs = value.limbs();
    let bits = limbs.last().map_or(0, |top| 64 * limbs.len() - top.leading_zeros() as usize);
    let mut bytes = vec![0; bits.div_ceil(8).max(1)];
    let len = 8 * bytes.len();
    to_bits(value, &mut bytes, Place { start: 0, len }, endian);
    cx.bump((bytes.len() / BYTES_PER_REDUCTION) as u32);
    Ok(build::binary(cx.heap(), &bytes))
}

/// `binary:decode_unsigned/1` and `binary:decode_unsigned/2`
pub fn decode_unsigned(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let endian = endian(args.get(1))?;
    let bits = binary(args[0])?;
    let place = Place { start: bits.offset(), len: bits.len() };
    let mut limbs = vec![0; bits_limbs(place)];
    let value = from_bits(bits.touched(), place, endian, Signedness::Unsigned, &mut limbs)
        .map_err(|_| Raise::SYSTEM_LIMIT)?;
    cx.bump((bits.len() / 8 / BYTES_PER_REDUCTION) as u32);
    Ok(build::number(cx.heap(), value.view(&limbs)))
}

fn binary(term: Term) -> Result<Bits, Raise> {
    term.as_bits().filter(|bits| bits.is_binary()).ok_or(Raise::BADARG)
}

/// A list of binaries that is not empty.
fn binaries(list: Term) -> Result<Vec<Bits>, Raise> {
    let mut all = Vec::new();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        all.push(binary(cell.head())?);
        rest = cell.tail();
    }
    if rest.is_nil() && !all.is_empty() { Ok(all) } else { Err(Raise::BADARG) }
}

/// How many bytes all binaries have in common, where `byte` gives a binary's byte of a number.
fn common(cx: &mut Context<'_>, all: &[Bits], byte: impl Fn(&Bits, usize) -> u8) -> Term {
    let most = all.iter().map(|bits| bits.len() / 8).min().unwrap_or(0);
    let is_common = |index: &usize| {
        let first = byte(&all[0], *index);
        all.iter().all(|bits| byte(bits, *index) == first)
    };
    let count = (0..most).take_while(is_common).count();
    cx.bump((all.len() * (1 + count) / BYTES_PER_REDUCTION) as u32);
    Term::count(count)
}

/// `binary:longest_common_prefix/1`
pub fn longest_common_prefix(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let all = binaries(args[0])?;
    Ok(common(cx, &all, Bits::byte))
}

/// `binary:longest_common_suffix/1`
pub fn longest_common_suffix(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let all = binaries(args[0])?;
    Ok(common(cx, &all, |bits, index| bits.byte(bits.len() / 8 - 1 - index)))
}

/// `binary:referenced_byte_size/1`: the bytes that the binary keeps alive.
pub fn referenced_byte_size(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let bytes = kept_bytes(args[0]).ok_or(Raise::BADARG)?;
    Ok(build::unsigned(cx.heap(), bytes as u64))
}
