// SPDX-License-Identifier: Apache-2.0
//! Integers of any size as a sign and a magnitude of 64-bit limbs, least significant limb first.
//!
//! Zero has no limbs and is positive; every other magnitude ends in a limb that is not zero. [`Integer::new`] establishes that, all
//! results keep it. Operations write to a slice and return an [`Extent`], which says what of the slice is the result.
//!
//! Costs are given in limb steps: one multiplication, addition or shift of a limb. [`cost`] turns them into reductions.

use core::fmt;

mod add;
mod bitwise;
mod bytes;
mod compare;
mod convert;
pub mod cost;
mod divide;
mod float;
mod limbs;
mod multiply;
mod reciprocal;
mod scratch;
mod shift;
mod text;

#[cfg(test)]
mod tests;

pub use add::{add, subtract, sum_limbs};
pub use bitwise::{and, bitwise_limbs, not, or, xor};
pub use bytes::{Bits, Endian, Signedness, bits_limbs, from_bits, to_bits};
pub use compare::compare;
pub use divide::{DivideByZero, divide, quotient_limbs, remainder, remainder_limbs};
pub use float::{FLOAT_LIMBS, Rounding, compare_float, from_float, to_float};
pub use multiply::{multiply, product_limbs, square};
pub use shift::{Shift, shift, shift_limbs};
pub use text::{ParseError, format, format_bytes, parse, parse_limbs, scan};

/// The longest magnitude of OTP 25, in limbs: the largest integer is `2^33554368 - 1`. Beyond it is `system_limit`.
pub const MAX_LIMBS: usize = (1 << 19) - 1;

/// On which side of zero an integer is. Zero itself counts as positive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// Zero or greater.
    Positive,
    /// Less than zero.
    Negative,
}

impl Sign {
    /// The other sign.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Positive => Self::Negative,
            Self::Negative => Self::Positive,
        }
    }

    /// The sign of a product or a quotient.
    const fn times(self, other: Self) -> Self {
        match other {
            Self::Positive => self,
            Self::Negative => self.flipped(),
        }
    }

    /// All bits of the sign extension in two's complement.
    const fn mask(self) -> u64 {
        match self {
            Self::Positive => 0,
            Self::Negative => u64::MAX,
        }
    }
}

/// An integer whose limbs are somebody else's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Integer<'a> {
    sign: Sign,
    limbs: &'a [u64],
}

impl<'a> Integer<'a> {
    /// Nought.
    pub const ZERO: Self = Integer { sign: Sign::Positive, limbs: &[] };

    /// The integer with this sign and magnitude. Zero limbs at the upper end are left out; a zero becomes positive.
    #[must_use]
    pub fn new(sign: Sign, magnitude: &'a [u64]) -> Self {
        match limbs::trim(magnitude) {
            [] => Self::ZERO,
            limbs => Integer { sign, limbs },
        }
    }

    /// The sign.
    #[must_use]
    pub const fn sign(self) -> Sign {
        self.sign
    }

    /// The magnitude, without zero limbs at its upper end.
    #[must_use]
    pub const fn limbs(self) -> &'a [u64] {
        self.limbs
    }

    /// Whether it is nought.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.limbs.is_empty()
    }

    /// The integer with the other sign (unary minus).
    #[must_use]
    pub fn negated(self) -> Self {
        Self::new(self.sign.flipped(), self.limbs)
    }

    /// The number of bits of the magnitude; 0 for nought.
    #[must_use]
    pub fn bit_length(self) -> u64 {
        limbs::bit_length(self.limbs)
    }
}

/// What part of the caller's place a result takes, and its sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Extent {
    /// The sign of the result.
    pub sign: Sign,
    /// The number of limbs, the last of which is not zero; 0 for nought.
    pub len: usize,
}

impl Extent {
    const ZERO: Self = Extent { sign: Sign::Positive, len: 0 };

    /// The extent of a magnitude that may have zero limbs at its upper end.
    fn of(sign: Sign, magnitude: &[u64]) -> Self {
        match limbs::trim(magnitude).len() {
            0 => Self::ZERO,
            len => Extent { sign, len },
        }
    }

    /// The same, refused when OTP has no integer of that size.
    fn within_limit(sign: Sign, magnitude: &[u64]) -> Result<Self, SystemLimit> {
        let extent = Self::of(sign, magnitude);
        if extent.len > MAX_LIMBS { Err(SystemLimit) } else { Ok(extent) }
    }

    /// The result, read from the place where the operation has written it.
    #[must_use]
    pub fn view(self, place: &[u64]) -> Integer<'_> {
        Integer { sign: self.sign, limbs: &place[..self.len] }
    }
}

/// The result is an integer that OTP does not have: `system_limit`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SystemLimit;

impl fmt::Display for SystemLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "integer is larger than the limit of {MAX_LIMBS} limbs of 64 bits")
    }
}

impl core::error::Error for SystemLimit {}
