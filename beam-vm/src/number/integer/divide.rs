// SPDX-License-Identifier: Apache-2.0
//! `div` and `rem`: the quotient goes towards zero, the remainder has the sign of the dividend.
//!
//! By one limb, a step a limb. By a longer divisor, the method of Knuth (The Art of Computer Programming, volume 2, 4.3.1, algorithm D)
//! with a three-by-two-limb estimate: a step for each pair of a quotient's and a divisor's limb. Where both are long, dashu-int divides
//! and conquers: see [`super::cost::divide`].

use core::cmp::Ordering;
use core::fmt;

use dashu_int::UBig;
use dashu_int::ops::DivRem;

use super::multiply::store;
use super::reciprocal::{Reciprocal, Reciprocal2};
use super::scratch::Scratch;
use super::{Extent, Integer, limbs};

/// From this many limbs in both divisor and quotient on, dashu-int is faster. Measured by `tests::bench`.
pub const LONG: usize = 128;

/// Division by nought: `badarith`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DivideByZero;

impl fmt::Display for DivideByZero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("integer division by zero")
    }
}

impl core::error::Error for DivideByZero {}

/// The limbs that the place for a quotient must have.
#[must_use]
pub fn quotient_limbs(a: Integer<'_>, b: Integer<'_>) -> usize {
    (a.limbs.len() + 1).saturating_sub(b.limbs.len())
}

/// The limbs that the place for a remainder must have.
#[must_use]
pub fn remainder_limbs(a: Integer<'_>, b: Integer<'_>) -> usize {
    a.limbs.len().min(b.limbs.len())
}

/// `a div b`, written to `out`, which has at least [`quotient_limbs`].
pub fn divide(a: Integer<'_>, b: Integer<'_>, out: &mut [u64]) -> Result<Extent, DivideByZero> {
    let out = &mut out[..quotient_limbs(a, b)];
    match Case::of(a, b)? {
        Case::Less => return Ok(Extent::ZERO),
        Case::Limb(divisor) => {
            by_limb(a.limbs, divisor, |index, digit| out[index] = digit);
        }
        Case::Short => {
            by_short(a.limbs, b.limbs, |index, digit| out[index] = digit);
        }
        Case::Long => store(&(UBig::from_words(a.limbs) / UBig::from_words(b.limbs)), out),
    }
    Ok(Extent::of(a.sign.times(b.sign), out))
}

/// `a rem b`, written to `out`, which has at least [`remainder_limbs`].
pub fn remainder(a: Integer<'_>, b: Integer<'_>, out: &mut [u64]) -> Result<Extent, DivideByZero> {
    let out = &mut out[..remainder_limbs(a, b)];
    match Case::of(a, b)? {
        Case::Less => out.copy_from_slice(a.limbs),
        Case::Limb(divisor) => out[0] = by_limb(a.limbs, divisor, |_, _| ()),
        Case::Short => {
            let rest = by_short(a.limbs, b.limbs, |_, _| ());
            out.copy_from_slice(&rest[..out.len()]);
        }
        Case::Long => store(&UBig::from_words(a.limbs).div_rem(UBig::from_words(b.limbs)).1, out),
    }
    Ok(Extent::of(a.sign, out))
}

/// Which of the methods fits.
enum Case {
    /// The dividend is nearer to zero than the divisor.
    Less,
    /// The divisor has one limb.
    Limb(u64),
    /// The divisor has more than one limb.
    Short,
    /// Divisor and quotient are long.
    Long,
}

impl Case {
    fn of(a: Integer<'_>, b: Integer<'_>) -> Result<Self, DivideByZero> {
        Ok(match *b.limbs {
            [] => return Err(DivideByZero),
            _ if limbs::compare(a.limbs, b.limbs) == Ordering::Less => Self::Less,
            [divisor] => Self::Limb(divisor),
            _ if b.limbs.len() >= LONG && a.limbs.len() - b.limbs.len() >= LONG => Self::Long,
            _ => Self::Short,
        })
    }
}

/// Hands the digits of `a / divisor` to `digit`, upper ones first, and returns the remainder.
pub fn by_limb(a: &[u64], divisor: u64, mut digit: impl FnMut(usize, u64)) -> u64 {
    let [a @ .., top] = a else { return 0 };
    // One hardware division does for one limb; a reciprocal needs one as well.
    let mut remainder = top % divisor;
    digit(a.len(), top / divisor);
    if a.is_empty() {
        return remainder;
    }
    let shift = divisor.leading_zeros();
    let reciprocal = Reciprocal::new(divisor << shift);
    remainder <<= shift;
    for (index, &limb) in a.iter().enumerate().rev() {
        // The running remainder is kept shifted as the divisor is, and has room for the limb's upper bits.
        let (quotient, rest) = reciprocal.divide(remainder | upper_bits(limb, shift), limb << shift);
        remainder = rest;
        digit(index, quotient);
    }
    remainder >> shift
}

/// The bits that a shift to the left drives out of a limb.
fn upper_bits(limb: u64, shift: u32) -> u64 {
    limb.unbounded_shr(64 - shift)
}

/// Hands the digits of `a / b` to `digit`, upper ones first, and returns the remainder at the lower end of the scratch space.
/// `b` has at least two limbs and `a` at least as many.
fn by_short(a: &[u64], b: &[u64], mut digit: impl FnMut(usize, u64)) -> Scratch {
    let shift = b[b.len() - 1].leading_zeros();
    let mut divisor = Scratch::zeroed(b.len());
    limbs::shift_left(b, shift, &mut divisor);
    let mut rest = Scratch::zeroed(a.len() + 1);
    rest[a.len()] = limbs::shift_left(a, shift, &mut rest);

    let size = divisor.len();
    let top = u128::from(divisor[size - 1]) << 64 | u128::from(divisor[size - 2]);
    let reciprocal = Reciprocal2::new(divisor[size - 1], divisor[size - 2]);
    for index in (0..=a.len() - size).rev() {
        let window = &mut rest[index..=index + size];
        let high = u128::from(window[size]) << 64 | u128::from(window[size - 1]);
        let mut quotient = if high == top { u64::MAX } else { reciprocal.quotient(high, window[size - 2]) };
        let borrow = limbs::subtract_product(window, &divisor, quotient);
        if window[size] < borrow {
            // The estimate saw only the divisor's two upper limbs and was one too large: put one divisor back.
            quotient -= 1;
            let mut carry = false;
            for (limb, &addend) in window.iter_mut().zip(divisor.iter()) {
                (*limb, carry) = limb.carrying_add(addend, carry);
            }
        }
        window[size] = 0;
        digit(index, quotient);
    }
    for index in 0..size {
        rest[index] = rest[index] >> shift | rest[index + 1].unbounded_shl(64 - shift);
    }
    rest
}
