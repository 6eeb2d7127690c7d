// SPDX-License-Identifier: Apache-2.0
//! Multiplication: the school method for short factors, dashu-int (Karatsuba, Toom-3, number-theoretic transform) for long ones.
//!
//! A factor of fewer than [`LONG`] limbs costs one step for each pair of limbs. Above that, see [`super::cost::multiply`].

use dashu_int::UBig;

use super::{Extent, Integer, MAX_LIMBS, Sign, SystemLimit, limbs};

/// From this many limbs in the shorter factor on, copying to and from dashu-int's own numbers pays. Measured by `tests::bench`.
pub const LONG: usize = 32;

/// The same for a square, which the school method does with half of the products.
pub const LONG_SQUARE: usize = 56;

/// The limbs that the place for a product must have, or the news that the product cannot exist.
pub fn product_limbs(a: Integer<'_>, b: Integer<'_>) -> Result<usize, SystemLimit> {
    if a.is_zero() || b.is_zero() {
        return Ok(0);
    }
    let limbs = a.limbs.len() + b.limbs.len();
    // The top limb of a product may turn out to be zero, so one limb too many is not yet too large.
    if limbs - 1 > MAX_LIMBS { Err(SystemLimit) } else { Ok(limbs) }
}

/// `a * b`, written to `out`, which has at least [`product_limbs`]. Factors that are the same slice are squared.
pub fn multiply(a: Integer<'_>, b: Integer<'_>, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    let sign = a.sign.times(b.sign);
    if core::ptr::eq(a.limbs, b.limbs) {
        return square(a, out).map(|extent| Extent { sign, ..extent });
    }
    let out = &mut out[..product_limbs(a, b)?];
    let (long, short) = if a.limbs.len() < b.limbs.len() { (b.limbs, a.limbs) } else { (a.limbs, b.limbs) };
    if short.is_empty() {
        return Ok(Extent::ZERO);
    } else if short.len() < LONG {
        school(long, short, out);
    } else {
        store(&(UBig::from_words(long) * UBig::from_words(short)), out);
    }
    Extent::within_limit(sign, out)
}

/// `a * a`, written to `out`, which has at least `product_limbs(a, a)`.
pub fn square(a: Integer<'_>, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    let out = &mut out[..product_limbs(a, a)?];
    if a.limbs.len() < LONG_SQUARE {
        school_square(a.limbs, out);
    } else {
        store(&UBig::from_words(a.limbs).sqr(), out);
    }
    Extent::within_limit(Sign::Positive, out)
}

/// Copies a number of dashu-int to a place, with zeros above.
pub fn store(number: &UBig, out: &mut [u64]) {
    let words = number.as_words();
    out[..words.len()].copy_from_slice(words);
    out[words.len()..].fill(0);
}

fn school(long: &[u64], short: &[u64], out: &mut [u64]) {
    out[..long.len()].fill(0);
    for (index, &factor) in short.iter().enumerate() {
        out[index + long.len()] = limbs::add_product(&mut out[index..], long, factor);
    }
}

/// The products of different limbs once, doubled, and the squares of the limbs.
fn school_square(a: &[u64], out: &mut [u64]) {
    out.fill(0);
    for (index, &factor) in a.iter().enumerate() {
        out[index + a.len()] = limbs::add_product(&mut out[2 * index + 1..], &a[index + 1..], factor);
    }
    let mut carry = false;
    let mut shifted_out = 0;
    for (pair, &limb) in out.as_chunks_mut::<2>().0.iter_mut().zip(a) {
        let (low, high) = limb.carrying_mul(limb, 0);
        let doubled = [pair[0] << 1 | shifted_out, pair[1] << 1 | pair[0] >> 63];
        shifted_out = pair[1] >> 63;
        (pair[0], carry) = doubled[0].carrying_add(low, carry);
        (pair[1], carry) = doubled[1].carrying_add(high, carry);
    }
}
