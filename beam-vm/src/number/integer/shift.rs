// SPDX-License-Identifier: Apache-2.0
//! `bsl` and `bsr` by any count. To the right rounds towards minus infinity. One step a limb of the longer of operand and result.

use super::{Extent, Integer, MAX_LIMBS, Sign, SystemLimit, limbs};

/// A direction and a number of bits. Counts beyond 64 bits become the largest one, which is as good: nothing that large can exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shift {
    /// Towards the more significant bits.
    Left(u64),
    /// Towards the less significant bits.
    Right(u64),
}

impl Shift {
    /// The shift that `bsl` does for a count of either sign.
    #[must_use]
    pub fn bsl(count: Integer<'_>) -> Self {
        let bits = count.magnitude_u64().unwrap_or(u64::MAX);
        match count.sign {
            Sign::Positive => Self::Left(bits),
            Sign::Negative => Self::Right(bits),
        }
    }

    /// The shift that `bsr` does for a count of either sign.
    #[must_use]
    pub fn bsr(count: Integer<'_>) -> Self {
        Self::bsl(count.negated())
    }
}

/// The limbs that the place for a shifted integer must have, or the news that it cannot exist.
pub fn shift_limbs(a: Integer<'_>, shift: Shift) -> Result<usize, SystemLimit> {
    match shift {
        _ if a.is_zero() => Ok(0),
        Shift::Left(bits) => {
            let bits = a.bit_length().checked_add(bits).ok_or(SystemLimit)?;
            if bits > MAX_LIMBS as u64 * 64 { Err(SystemLimit) } else { Ok(bits.div_ceil(64) as usize) }
        }
        // A negative integer is rounded away from zero, which may carry; -1 remains where all else is gone.
        Shift::Right(bits) => Ok(a.limbs.len() - (bits / 64).min(a.limbs.len() as u64) as usize + 1),
    }
}

/// `a` shifted, written to `out`, which has at least [`shift_limbs`].
pub fn shift(a: Integer<'_>, shift: Shift, out: &mut [u64]) -> Result<Extent, SystemLimit> {
    let out = &mut out[..shift_limbs(a, shift)?];
    if a.is_zero() {
        return Ok(Extent::ZERO);
    }
    match shift {
        Shift::Left(bits) => {
            let (zeros, rest) = out.split_at_mut((bits / 64) as usize);
            zeros.fill(0);
            let shifted_out = limbs::shift_left(a.limbs, (bits % 64) as u32, rest);
            if let Some(top) = rest.get_mut(a.limbs.len()) {
                *top = shifted_out;
            }
        }
        Shift::Right(bits) => {
            let (lost, kept) = a.limbs.split_at((bits / 64).min(a.limbs.len() as u64) as usize);
            let part = (bits % 64) as u32;
            limbs::shift_right(kept, part, out);
            out[kept.len()] = 0;
            let lost_part = kept.first().is_some_and(|limb| limb & ((1 << part) - 1) != 0);
            if a.sign == Sign::Negative && (lost_part || lost.iter().any(|&limb| limb != 0)) {
                limbs::increment(out);
            }
        }
    }
    Ok(Extent::of(a.sign, out))
}
