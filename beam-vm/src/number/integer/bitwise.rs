// SPDX-License-Identifier: Apache-2.0
//! `band`, `bor`, `bxor` and `bnot`, as if the integers were in two's complement with endless sign bits. One or two steps a limb.

use super::{Extent, Integer, Sign, SystemLimit, limbs};

/// The limbs that the place for the result of a bitwise operation must have. For [`not`], `b` is `a`.
#[must_use]
pub fn bitwise_limbs(a: Integer<'_>, b: Integer<'_>) -> usize {
    a.limbs.len().max(b.limbs.len()) + 1
}

/// `a band b`, written to `out`, which has at least [`bitwise_limbs`].
pub fn and(a: Integer<'_>, b: Integer<'_>, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    combine(a, b, out, |a, b| a & b)
}

/// `a bor b`, written to `out`, which has at least [`bitwise_limbs`].
pub fn or(a: Integer<'_>, b: Integer<'_>, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    combine(a, b, out, |a, b| a | b)
}

/// `a bxor b`, written to `out`, which has at least [`bitwise_limbs`].
pub fn xor(a: Integer<'_>, b: Integer<'_>, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    combine(a, b, out, |a, b| a ^ b)
}

/// `bnot a`, that is `-a - 1`, written to `out`, which has at least [`bitwise_limbs`].
pub fn not(a: Integer<'_>, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    combine(a, Integer::ZERO, out, |a, _| !a)
}

fn combine(
    a: Integer<'_>,
    b: Integer<'_>,
    out: &mut [u64],
    operation: impl Fn(u64, u64) -> u64,
) -> Result<Extent, SystemLimit> {
    let out = &mut out[..bitwise_limbs(a, b)];
    for ((out, a), b) in out.iter_mut().zip(twos_complement(a)).zip(twos_complement(b)) {
        *out = operation(a, b);
    }
    if operation(a.sign.mask(), b.sign.mask()) == 0 {
        return Extent::within_limit(Sign::Positive, out);
    }
    limbs::negate(out);
    Extent::within_limit(Sign::Negative, out)
}

/// The limbs of an integer in two's complement, without end.
pub fn twos_complement(a: Integer<'_>) -> impl Iterator<Item = u64> {
    let mask = a.sign.mask();
    let mut carry = a.sign == Sign::Negative;
    a.limbs.iter().copied().chain(core::iter::repeat(0)).map(move |limb| {
        let digit;
        (digit, carry) = (limb ^ mask).overflowing_add(u64::from(carry));
        digit
    })
}
