// SPDX-License-Identifier: Apache-2.0
//! The hash by which large maps are ordered: stock's `make_internal_hash`, so that a large map whose keys are numbers, texts or binaries,
//! or made of them, is listed, printed and encoded in stock's order.
//!
//! Atoms are hashed by their number in the table, and other nodes by an address, in stock. Both differ from run to run there,
//! so the order of such keys is this machine's own.

use alloc::vec::Vec;

use super::jenkins::{self, Block, constant};
use crate::map;
use crate::term::{Bits, Cons, External, REF_NUMBERS_MAX, Term, Tuple, View};

/// Keeps this hash apart from `phash2`: tables of tables would have few chains otherwise.
const SALT: u32 = 3_432_918_353;

/// What is still to be hashed.
enum Rest {
    Term(Term),
    /// The end of a list that is no list.
    Tail(Term),
}

/// The hash of a key. Terms that are `=:=` have equal hashes.
#[inline]
#[must_use]
pub fn internal(term: Term) -> u32 {
    if term.is_immediate() { jenkins::wide(SALT, word(term), constant(1)) } else { of_object(term) }
}

/// The hash of what is no immediate. What most keys are needs no stack.
fn of_object(term: Term) -> u32 {
    if let Some(tuple) = term.as_tuple() {
        return flat(tuple).unwrap_or_else(|| compound(term, SALT));
    }
    if let Some(bytes) = term.as_short_bytes()
        && bytes.len < Block::STEP
    {
        return jenkins::short_bytes(constant(13).wrapping_add(SALT), bytes);
    }
    match term.as_bits() {
        Some(bits) => bitstring(&bits, SALT),
        None => compound(term, SALT),
    }
}

/// What a hash begins with for tuples of this size, so that keys of many parts have one part less to be mixed.
const SIZES: [u32; 8] = {
    let mut hashes = [0; 8];
    let mut size = 0;
    while size < hashes.len() {
        hashes[size] = jenkins::one(SALT, size as u32, constant(9));
        size += 1;
    }
    hashes
};

/// The hash of a tuple of immediates.
#[inline]
fn flat(tuple: Tuple) -> Option<u32> {
    let size = tuple.len();
    let mut hash = match SIZES.get(size) {
        Some(hash) => *hash,
        None => jenkins::one(SALT, size as u32, constant(9)),
    };
    for element in tuple.elements() {
        if !element.is_immediate() {
            return None;
        }
        hash = jenkins::wide(hash, word(*element), constant(1));
    }
    Some(hash)
}

/// The word that stock has for an immediate. It is the same here, but for the empty list.
#[inline]
fn word(term: Term) -> u64 {
    if term.is_nil() { 0x3B } else { term.raw() }
}

fn compound(term: Term, mut hash: u32) -> u32 {
    let mut stack = Vec::new();
    stack.push(Rest::Term(term));
    while let Some(rest) = stack.pop() {
        let term = match rest {
            Rest::Term(term) => term,
            Rest::Tail(term) => {
                hash = light(hash, constant(18));
                term
            }
        };
        hash = match term.view() {
            View::Cons(cell) => list(cell, hash, &mut stack),
            View::Tuple(tuple) => {
                stack.extend(tuple.elements().iter().rev().map(|element| Rest::Term(*element)));
                jenkins::one(hash, tuple.len() as u32, constant(9))
            }
            View::Map(map) => {
                for (key, value) in map::pairs(map).into_iter().rev() {
                    stack.push(Rest::Term(value));
                    stack.push(Rest::Term(key));
                }
                jenkins::one(hash, map.len() as u32, constant(16))
            }
            View::Float(value) => {
                let bits = if value == 0.0 { 0 } else { value.to_bits() };
                jenkins::wide(hash, bits, constant(12))
            }
            View::Big(big) => {
                let kind = constant(if big.is_negative() { 10 } else { 11 });
                big.integer().limbs().iter().fold(hash, |hash, limb| jenkins::wide(hash, *limb, kind))
            }
            View::Bits(bits) => bitstring(&bits, hash),
            View::Fun(fun) => {
                let entry = fun.entry();
                stack.extend(fun.env().iter().rev().map(|variable| Rest::Term(*variable)));
                let hash = jenkins::two(hash, entry.free, entry.module.index(), constant(20));
                let hash = jenkins::two(hash, entry.index, entry.old_uniq, constant(21));
                let uniq = u128::from_le_bytes(entry.uniq);
                jenkins::wide(
                    jenkins::wide(hash, uniq as u64, constant(21)),
                    (uniq >> 64) as u64,
                    constant(21),
                )
            }
            View::Export(export) => {
                let entry = export.entry();
                let hash = jenkins::two(hash, entry.module.index(), entry.function.index(), constant(14));
                jenkins::one(hash, entry.arity, constant(14))
            }
            View::Reference(reference) => numbers(reference.numbers(&mut [0; REF_NUMBERS_MAX]), hash),
            View::ExternalPid(other) => {
                jenkins::wide(node(other, hash, constant(5)), other.data(), constant(5))
            }
            View::ExternalPort(other) => {
                jenkins::wide(node(other, hash, constant(6)), other.data(), constant(6))
            }
            View::ExternalReference(other) => {
                numbers(other.numbers(&mut [0; REF_NUMBERS_MAX]), node(other, hash, constant(7)))
            }
            _ => jenkins::wide(hash, word(term), constant(1)),
        };
    }
    hash
}

/// Mixes that something has begun or ended.
fn light(hash: u32, kind: u32) -> u32 {
    (hash ^ kind).rotate_left(17)
}

/// The bytes that a list begins with, four at a time; the rest goes to the stack.
fn list(mut cell: Cons, mut hash: u32, stack: &mut Vec<Rest>) -> u32 {
    let (mut word, mut count) = (0, 0);
    let mut rest = cell.term();
    while let Some(byte) = cell.head().as_small().and_then(|value| u8::try_from(value).ok()) {
        word = word << 8 | u32::from(byte);
        count += 1;
        if count == 4 {
            hash = jenkins::one(hash, word, constant(4));
            (word, count) = (0, 0);
        }
        rest = cell.tail();
        match rest.as_cons() {
            Some(next) => cell = next,
            None => break,
        }
    }
    if count > 0 {
        hash = jenkins::two(hash, word, count, constant(22));
    }
    if rest.is_cons() {
        let tail = cell.tail();
        stack.push(if tail.is_cons() { Rest::Term(tail) } else { Rest::Tail(tail) });
        stack.push(Rest::Term(cell.head()));
        light(hash, constant(17))
    } else {
        stack.push(Rest::Term(rest));
        hash
    }
}

fn bitstring(bits: &Bits, hash: u32) -> u32 {
    let initial = constant(13).wrapping_add(hash);
    if bits.is_empty() {
        return initial;
    }
    if let Some(whole) = bits.as_bytes() {
        return jenkins::bytes(initial, whole);
    }
    let (bytes, last) = (bits.len() / 8, bits.len() % 8);
    let steps = bytes / Block::STEP * Block::STEP;
    let mut block = Block::new(initial);
    let part = |from: usize, to: usize| (from..to).map(|index| bits.byte(index));
    block.update(part(0, steps));
    let hash = block.finish(part(steps, bytes), bytes);
    if last == 0 {
        return hash;
    }
    jenkins::two(hash, last as u32, u32::from(bits.byte(bytes) >> (8 - last)), constant(15))
}

fn node(other: External, hash: u32, kind: u32) -> u32 {
    jenkins::two(hash, other.node().index(), other.creation(), kind)
}

/// The numbers of a reference, of which there are one to five; this node's have three or five.
fn numbers(numbers: &[u32], hash: u32) -> u32 {
    let mut rest = [0; REF_NUMBERS_MAX];
    rest[..numbers.len()].copy_from_slice(numbers);
    let hash = jenkins::one(hash, rest[0], constant(7));
    let hash = jenkins::two(hash, rest[1], rest[2], constant(8));
    match numbers.len() {
        3 => hash,
        5 => jenkins::two(hash, rest[3], rest[4], constant(9)),
        other => jenkins::two(hash, rest[3], other as u32, constant(7)),
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{SALT, Term, compound, internal};
    use crate::atom::predefined;
    use crate::heap::{Fragment, build};

    proptest! {
        #[test]
        fn the_short_ways_come_to_the_same(numbers in prop::collection::vec(any::<u8>(), 0..40), from in 0_usize..40) {
            let mut heap = Fragment::default();
            let elements: Vec<Term> = numbers.iter().map(|number| match number {
                ..2 => Term::NIL,
                2..9 => Term::atom(predefined::OK),
                _ => Term::small_cut(i64::from(*number)),
            }).collect();
            let tuple = build::tuple(&mut heap, &elements);
            prop_assert_eq!(internal(tuple), compound(tuple, SALT));
            // A part that does not begin at a byte is hashed byte by byte.
            let whole = build::binary(&mut heap, &numbers);
            let shifted: Vec<u8> = [0].iter().chain(&numbers).zip(numbers.iter().chain(&[0]))
                .map(|(before, after)| before << 5 | after >> 3)
                .collect();
            let shifted = build::binary(&mut heap, &shifted);
            let size = 8 * numbers.len();
            let from = 8 * from.min(numbers.len());
            let whole = build::sub_binary(&mut heap, whole, from, size - from);
            let shifted = build::sub_binary(&mut heap, shifted, from + 3, size - from);
            prop_assert_eq!(internal(whole), internal(shifted));
        }
    }
}
