// SPDX-License-Identifier: Apache-2.0
//! Hashes of terms, and sums of iodata.

use super::{BifResult, Context, Raise};
use crate::hash::{self, Md5State, Old, Portable};
use crate::heap::build;
use crate::iodata::Walk;
use crate::process::Parked;
use crate::term::Term;

/// Small terms that are hashed in a reduction.
const TERMS: usize = 24;

/// Elements of iodata whose checksum is made in a reduction; 16 bytes of a binary are as much as an element.
const CHECKSUM_ELEMENTS: usize = 16;

/// The same for MD5.
const MD5_ELEMENTS: usize = 8;

/// The bits of `phash2/1`.
const DEFAULT_RANGE: u64 = 1 << 27;

/// The largest range.
const MOST: u64 = 1 << 32;

fn range(term: Term) -> Result<u64, Raise> {
    let range = term.as_small().and_then(|range| u64::try_from(range).ok());
    range.filter(|range| (1..=MOST).contains(range)).ok_or(Raise::BADARG)
}

/// `phash2/1,2`
pub fn phash2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let range = args.get(1).map_or(Ok(DEFAULT_RANGE), |term| range(*term))?;
    let mut hash = match cx.take_parked() {
        Some(Parked::Hash(hash)) => hash,
        _ => Portable::new(args[0]),
    };
    match cx.work(TERMS, |cx, budget| hash.run(&cx.vm.atoms, budget)) {
        Some(hash) => Ok(Term::small_cut((u64::from(hash) % range) as i64)),
        None => Err(cx.park(Parked::Hash(hash), args)),
    }
}

/// `phash/2`
pub fn phash(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let range = range(args[1])?;
    let mut hash = match cx.take_parked() {
        Some(Parked::OldHash(hash)) => hash,
        _ => Old::new(args[0]),
    };
    match cx.work(TERMS, |cx, budget| hash.run(&cx.vm.atoms, budget)) {
        Some(hash) => Ok(Term::small_cut((u64::from(hash) % range + 1) as i64)),
        None => Err(cx.park(Parked::OldHash(hash), args)),
    }
}

/// An integer of 32 bits without a sign.
fn word(term: Term) -> Result<u32, Raise> {
    term.as_small().and_then(|word| u32::try_from(word).ok()).ok_or(Raise::BADARG)
}

fn checksum(
    cx: &mut Context<'_>,
    args: &[Term],
    initial: u32,
    iodata: Term,
    add: fn(u32, &[u8]) -> u32,
) -> BifResult {
    let (mut sum, mut walk) = match cx.take_parked() {
        Some(Parked::Checksum(sum, walk)) => (sum, walk),
        _ => (initial, Walk::new(iodata)),
    };
    match cx.work(CHECKSUM_ELEMENTS, |_, budget| walk.run(budget, &mut |bytes| sum = add(sum, bytes))) {
        Ok(true) => Ok(Term::small_cut(i64::from(sum))),
        Ok(false) => Err(cx.park(Parked::Checksum(sum, walk), args)),
        Err(_) => Err(Raise::BADARG),
    }
}

/// The initial sum and the iodata: the last one or two arguments.
fn sum_arguments(args: &[Term], initial: u32) -> Result<(u32, Term), Raise> {
    match *args {
        [iodata] => Ok((initial, iodata)),
        [initial, iodata] => Ok((word(initial)?, iodata)),
        _ => Err(Raise::BADARG),
    }
}

/// `crc32/1,2`
pub fn crc32(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (initial, iodata) = sum_arguments(args, 0)?;
    checksum(cx, args, initial, iodata, hash::crc32)
}

/// `adler32/1,2`
pub fn adler32(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let (initial, iodata) = sum_arguments(args, 1)?;
    checksum(cx, args, initial, iodata, hash::adler32)
}

fn combine(args: &[Term], combine: fn(u32, u32, u32) -> u32) -> BifResult {
    Ok(Term::small_cut(i64::from(combine(word(args[0])?, word(args[1])?, word(args[2])?))))
}

/// `crc32_combine/3`
pub fn crc32_combine(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    combine(args, hash::crc32_combine)
}

/// `adler32_combine/3`
pub fn adler32_combine(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    combine(args, hash::adler32_combine)
}

/// Adds iodata to a sum as far as the time slice goes.
fn add_to_md5(
    cx: &mut Context<'_>,
    args: &[Term],
    initial: impl FnOnce() -> Result<Md5State, Raise>,
    iodata: Term,
) -> Result<Md5State, Raise> {
    let (mut state, mut walk) = match cx.take_parked() {
        Some(Parked::Md5(state, walk)) => (state, walk),
        _ => (initial()?, Walk::new(iodata)),
    };
    match cx.work(MD5_ELEMENTS, |_, budget| walk.run(budget, &mut |bytes| state.update(bytes))) {
        Ok(true) => Ok(state),
        Ok(false) => Err(cx.park(Parked::Md5(state, walk), args)),
        Err(_) => Err(Raise::BADARG),
    }
}

/// `md5/1`
pub fn md5(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let state = add_to_md5(cx, args, || Ok(Md5State::default()), args[0])?;
    Ok(build::binary(cx.heap(), &state.finish()))
}

/// `md5_init/0`
pub fn md5_init(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    Ok(build::binary(cx.heap(), &Md5State::default().to_context()))
}

fn context(term: Term) -> Result<Md5State, Raise> {
    let bits = term.as_bits().filter(|bits| bits.is_binary()).ok_or(Raise::BADARG)?;
    let bytes: alloc::vec::Vec<u8> = bits.bytes().collect();
    Md5State::from_context(&bytes).map_err(|_| Raise::BADARG)
}

/// `md5_update/2`
pub fn md5_update(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let state = add_to_md5(cx, args, || context(args[0]), args[1])?;
    Ok(build::binary(cx.heap(), &state.to_context()))
}

/// `md5_final/1`
pub fn md5_final(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let state = context(args[0])?;
    Ok(build::binary(cx.heap(), &state.finish()))
}
