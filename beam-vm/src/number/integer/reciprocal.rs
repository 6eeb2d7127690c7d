// SPDX-License-Identifier: Apache-2.0
//! Division of limbs by multiplication with a reciprocal, after Möller and Granlund, "Improved division by invariant integers" (2011).
//!
//! A hardware division of two limbs by one costs several multiplications, and stable Rust reaches it only through a library call; a
//! divisor that is used for many limbs pays for its reciprocal at once.

/// A divisor of one limb whose top bit is set.
#[derive(Clone, Copy)]
pub struct Reciprocal {
    divisor: u64,
    /// `floor((2^128 - 1) / divisor) - 2^64`
    inverse: u64,
}

impl Reciprocal {
    /// Prepares a divisor; its top bit must be set.
    pub fn new(divisor: u64) -> Self {
        debug_assert!(divisor >> 63 == 1, "divisor is not normalised");
        let inverse = ((u128::from(!divisor) << 64 | u128::from(u64::MAX)) / u128::from(divisor)) as u64;
        Reciprocal { divisor, inverse }
    }

    /// Quotient and remainder of two limbs, `high` being less than the divisor.
    pub fn divide(self, high: u64, low: u64) -> (u64, u64) {
        let product =
            u128::from(self.inverse) * u128::from(high) + (u128::from(high) << 64 | u128::from(low));
        let mut quotient = ((product >> 64) as u64).wrapping_add(1);
        let mut remainder = low.wrapping_sub(quotient.wrapping_mul(self.divisor));
        if remainder > product as u64 {
            quotient = quotient.wrapping_sub(1);
            remainder = remainder.wrapping_add(self.divisor);
        }
        if remainder >= self.divisor {
            quotient = quotient.wrapping_add(1);
            remainder -= self.divisor;
        }
        (quotient, remainder)
    }
}

/// A divisor of two limbs whose top bit is set: the upper end of a long divisor.
#[derive(Clone, Copy)]
pub struct Reciprocal2 {
    divisor: u128,
    /// `floor((2^192 - 1) / divisor) - 2^64`
    inverse: u64,
}

impl Reciprocal2 {
    /// Prepares a divisor; the top bit of `high` must be set.
    pub fn new(high: u64, low: u64) -> Self {
        let mut inverse = Reciprocal::new(high).inverse;
        let mut part = high.wrapping_mul(inverse).wrapping_add(low);
        if part < low {
            inverse -= 1;
            if part >= high {
                inverse -= 1;
                part = part.wrapping_sub(high);
            }
            part = part.wrapping_sub(high);
        }
        let (product_low, product_high) = inverse.carrying_mul(low, 0);
        let divisor = u128::from(high) << 64 | u128::from(low);
        let (part, overflow) = part.overflowing_add(product_high);
        if overflow {
            inverse -= 1;
            if (u128::from(part) << 64 | u128::from(product_low)) >= divisor {
                inverse -= 1;
            }
        }
        Reciprocal2 { divisor, inverse }
    }

    /// The quotient of three limbs, the upper two (`high`) being less than the divisor.
    pub fn quotient(self, high: u128, low: u64) -> u64 {
        let product = u128::from(self.inverse) * (high >> 64) + high;
        let mut quotient = (product >> 64) as u64;
        let (divisor_high, divisor_low) = ((self.divisor >> 64) as u64, self.divisor as u64);
        let upper = (high as u64).wrapping_sub(quotient.wrapping_mul(divisor_high));
        let mut remainder = (u128::from(upper) << 64 | u128::from(low))
            .wrapping_sub(u128::from(divisor_low) * u128::from(quotient))
            .wrapping_sub(self.divisor);
        quotient = quotient.wrapping_add(1);
        if (remainder >> 64) as u64 >= product as u64 {
            quotient = quotient.wrapping_sub(1);
            remainder = remainder.wrapping_add(self.divisor);
        }
        if remainder >= self.divisor {
            quotient = quotient.wrapping_add(1);
        }
        quotient
    }
}
