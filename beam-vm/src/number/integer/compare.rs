// SPDX-License-Identifier: Apache-2.0
//! The order of integers.

use core::cmp::Ordering;

use super::{Integer, Sign, limbs};

/// Compares two integers. Cost: one step where signs or lengths differ, else up to one a limb.
#[must_use]
pub fn compare(a: Integer<'_>, b: Integer<'_>) -> Ordering {
    match (a.sign, b.sign) {
        (Sign::Positive, Sign::Positive) => limbs::compare(a.limbs, b.limbs),
        (Sign::Negative, Sign::Negative) => limbs::compare(b.limbs, a.limbs),
        (Sign::Positive, Sign::Negative) => Ordering::Greater,
        (Sign::Negative, Sign::Positive) => Ordering::Less,
    }
}
