// SPDX-License-Identifier: Apache-2.0
//! Addition and subtraction: one step a limb of the longer operand.

use core::cmp::Ordering;

use super::{Extent, Integer, SystemLimit, limbs};

/// The limbs that the place for a sum or a difference must have.
#[must_use]
pub fn sum_limbs(a: Integer<'_>, b: Integer<'_>) -> usize {
    a.limbs.len().max(b.limbs.len()) + 1
}

/// `a + b`, written to `out`, which has at least [`sum_limbs`].
pub fn add(a: Integer<'_>, b: Integer<'_>, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    if a.sign == b.sign {
        let (long, short) = if a.limbs.len() < b.limbs.len() { (b, a) } else { (a, b) };
        let len = long.limbs.len() + 1;
        limbs::add(long.limbs, short.limbs, &mut out[..len]);
        return Extent::within_limit(a.sign, &out[..len]);
    }
    let (large, small) = match limbs::compare(a.limbs, b.limbs) {
        Ordering::Equal => return Ok(Extent::ZERO),
        Ordering::Less => (b, a),
        Ordering::Greater => (a, b),
    };
    let len = large.limbs.len();
    limbs::subtract(large.limbs, small.limbs, &mut out[..len]);
    Ok(Extent::of(large.sign, &out[..len]))
}

/// `a - b`, written to `out`, which has at least [`sum_limbs`].
pub fn subtract(a: Integer<'_>, b: Integer<'_>, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    if b.is_zero() {
        out[..a.limbs.len()].copy_from_slice(a.limbs);
        return Ok(Extent { sign: a.sign, len: a.limbs.len() });
    }
    add(a, Integer { sign: b.sign.flipped(), limbs: b.limbs }, out)
}
