// SPDX-License-Identifier: Apache-2.0
//! The loops over magnitudes that the operations are made of. Lengths are the caller's business; signs are unknown here.

use core::cmp::Ordering;

/// The magnitude without the zero limbs at its upper end.
pub fn trim(mut limbs: &[u64]) -> &[u64] {
    while let [rest @ .., 0] = limbs {
        limbs = rest;
    }
    limbs
}

/// The number of bits up to the highest one that is set. The last limb is not zero.
pub fn bit_length(limbs: &[u64]) -> u64 {
    limbs.last().map_or(0, |top| limbs.len() as u64 * 64 - u64::from(top.leading_zeros()))
}

/// Compares two trimmed magnitudes.
pub fn compare(a: &[u64], b: &[u64]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// `out = a + b` for `a` at least as long as `b`; `out` is one limb longer than `a`.
pub fn add(a: &[u64], b: &[u64], out: &mut [u64]) {
    let (low, high) = a.split_at(b.len());
    let (out_low, out_high) = out.split_at_mut(b.len());
    let mut carry = false;
    for ((out, &a), &b) in out_low.iter_mut().zip(low).zip(b) {
        (*out, carry) = a.carrying_add(b, carry);
    }
    for (out, &a) in out_high.iter_mut().zip(high) {
        (*out, carry) = a.overflowing_add(u64::from(carry));
    }
    out_high[high.len()] = u64::from(carry);
}

/// `out = a - b` for `a >= b`, both trimmed; `out` is as long as `a`.
pub fn subtract(a: &[u64], b: &[u64], out: &mut [u64]) {
    let (low, high) = a.split_at(b.len());
    let (out_low, out_high) = out.split_at_mut(b.len());
    let mut borrow = false;
    for ((out, &a), &b) in out_low.iter_mut().zip(low).zip(b) {
        (*out, borrow) = a.borrowing_sub(b, borrow);
    }
    for (out, &a) in out_high.iter_mut().zip(high) {
        (*out, borrow) = a.overflowing_sub(u64::from(borrow));
    }
}

/// `limbs += 1`; returns whether it has overflowed to zero.
pub fn increment(limbs: &mut [u64]) -> bool {
    limbs.iter_mut().all(|limb| {
        *limb = limb.wrapping_add(1);
        *limb == 0
    })
}

/// Two's complement of the whole slice: `limbs = 2^(64 * len) - limbs`.
pub fn negate(limbs: &mut [u64]) {
    for limb in &mut *limbs {
        *limb = !*limb;
    }
    increment(limbs);
}

/// `limbs = limbs * factor + addend`; returns the limb that does not fit.
pub fn scale(limbs: &mut [u64], factor: u64, addend: u64) -> u64 {
    let mut carry = addend;
    for limb in limbs {
        (*limb, carry) = limb.carrying_mul(factor, carry);
    }
    carry
}

/// `out += a * factor` over the length of `a`; returns the limb to be added above.
pub fn add_product(out: &mut [u64], a: &[u64], factor: u64) -> u64 {
    let mut carry = 0;
    for (out, &a) in out.iter_mut().zip(a) {
        (*out, carry) = a.carrying_mul_add(factor, *out, carry);
    }
    carry
}

/// `out -= a * factor` over the length of `a`; returns the limb to be subtracted above.
pub fn subtract_product(out: &mut [u64], a: &[u64], factor: u64) -> u64 {
    let mut carry = 0;
    for (out, &a) in out.iter_mut().zip(a) {
        let (low, high) = a.carrying_mul(factor, carry);
        let (difference, borrow) = out.overflowing_sub(low);
        *out = difference;
        carry = high + u64::from(borrow);
    }
    carry
}

/// `out = a << bits` for fewer than 64 bits; returns the bits that are shifted out. `out` is as long as `a`.
pub fn shift_left(a: &[u64], bits: u32, out: &mut [u64]) -> u64 {
    if bits == 0 {
        out[..a.len()].copy_from_slice(a);
        return 0;
    }
    let mut below = 0;
    for (out, &a) in out.iter_mut().zip(a) {
        *out = a << bits | below;
        below = a >> (64 - bits);
    }
    below
}

/// `out = a >> bits` for fewer than 64 bits. `out` is as long as `a`.
pub fn shift_right(a: &[u64], bits: u32, out: &mut [u64]) {
    if bits == 0 {
        out[..a.len()].copy_from_slice(a);
        return;
    }
    for (index, out) in out[..a.len()].iter_mut().enumerate() {
        let above = a.get(index + 1).copied().unwrap_or(0);
        *out = a[index] >> bits | above << (64 - bits);
    }
}
