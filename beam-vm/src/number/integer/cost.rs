// SPDX-License-Identifier: Apache-2.0
//! What an operation costs in reductions, before it is done, so that the caller can account for it or refuse to start it in this slice.
//!
//! A reduction is worth 128 limb steps here. The estimates follow the growth of the methods in use; they need only lengths.

use super::{divide as division, multiply as product, text as radix_text};

/// Limb steps that count as a reduction: about a fifth of a microsecond where a multiplication step takes 1.6 nanoseconds.
const STEPS: u64 = 128;

/// An operation that looks at each limb once or twice: addition, comparison, bitwise, shift, bit fields, conversion to a float.
#[must_use]
pub fn linear(limbs: usize) -> u64 {
    limbs as u64 / STEPS
}

/// The product of magnitudes of these lengths.
#[must_use]
pub fn multiply(a: usize, b: usize) -> u64 {
    product_steps(a, b) / STEPS
}

/// Quotient or remainder of magnitudes of these lengths.
#[must_use]
pub fn divide(dividend: usize, divisor: usize) -> u64 {
    let quotient = dividend.saturating_sub(divisor) + 1;
    if divisor < division::LONG || quotient < division::LONG {
        return (quotient as u64 * divisor as u64 + dividend as u64) / STEPS;
    }
    // Dividing and conquering multiplies at each level of halving, but most of the work is in the uppermost levels.
    (product_steps(quotient, divisor) * 3 + dividend as u64) / STEPS
}

/// Text to or from a magnitude of this length, in a radix that is no power of two; others are cheaper.
#[must_use]
pub fn text(limbs: usize) -> u64 {
    let size = limbs as u64;
    if limbs < radix_text::LONG_WRITE {
        return (size * size + 128 * size) / STEPS;
    }
    (product_steps(limbs, limbs) * 3 + 128 * size) / STEPS
}

/// Limb steps of a product: pairs of limbs up to the threshold; above it three times as many for factors twice as long (Karatsuba).
fn product_steps(a: usize, b: usize) -> u64 {
    let (long, short) = (a.max(b) as u64, a.min(b) as u64);
    let threshold = product::LONG as u64;
    if short < threshold {
        return long * short;
    }
    // Between two powers of two the steps are interpolated, so that estimates grow with the lengths.
    let levels = (short / threshold).ilog2();
    let (below, steps) = (threshold << levels, threshold * threshold * 3u64.pow(levels));
    let square = steps + 2 * steps * (short - below) / below;
    square / short * long
}
