// SPDX-License-Identifier: Apache-2.0
//! Between integers and Rust's own. The caller's place lends its limbs, so nothing is allocated.

use super::{Integer, Sign};

impl<'a> Integer<'a> {
    /// The integer of that value, its limb in `place`.
    #[must_use]
    pub fn from_i64(value: i64, place: &'a mut [u64; 1]) -> Self {
        place[0] = value.unsigned_abs();
        Self::new(if value < 0 { Sign::Negative } else { Sign::Positive }, place)
    }

    /// The integer of that value, its limb in `place`.
    #[must_use]
    pub fn from_u64(value: u64, place: &'a mut [u64; 1]) -> Self {
        place[0] = value;
        Self::new(Sign::Positive, place)
    }

    /// The integer of that value, its limbs in `place`.
    #[must_use]
    pub fn from_i128(value: i128, place: &'a mut [u64; 2]) -> Self {
        let magnitude = value.unsigned_abs();
        *place = [magnitude as u64, (magnitude >> 64) as u64];
        Self::new(if value < 0 { Sign::Negative } else { Sign::Positive }, place)
    }

    /// The value, if an `i64` can hold it.
    #[must_use]
    pub fn to_i64(self) -> Option<i64> {
        let magnitude = self.magnitude_u64()?;
        match self.sign {
            Sign::Positive => i64::try_from(magnitude).ok(),
            Sign::Negative => 0i64.checked_sub_unsigned(magnitude),
        }
    }

    /// The value, if a `u64` can hold it.
    #[must_use]
    pub fn to_u64(self) -> Option<u64> {
        match self.sign {
            Sign::Positive => self.magnitude_u64(),
            Sign::Negative => None,
        }
    }

    /// The value, if an `i128` can hold it.
    #[must_use]
    pub fn to_i128(self) -> Option<i128> {
        let magnitude = match *self.limbs {
            [] => 0,
            [low] => u128::from(low),
            [low, high] => u128::from(high) << 64 | u128::from(low),
            _ => return None,
        };
        match self.sign {
            Sign::Positive => i128::try_from(magnitude).ok(),
            Sign::Negative => 0i128.checked_sub_unsigned(magnitude),
        }
    }

    /// The magnitude, if it has at most one limb.
    pub(super) fn magnitude_u64(self) -> Option<u64> {
        match *self.limbs {
            [] => Some(0),
            [limb] => Some(limb),
            _ => None,
        }
    }
}
