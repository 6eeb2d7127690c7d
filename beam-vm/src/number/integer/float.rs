// SPDX-License-Identifier: Apache-2.0
//! Between integers and floats, as the emulator of OTP 25 does it.

use core::cmp::Ordering;

use super::{Extent, Integer, Sign, compare, limbs};

/// The limbs that hold any finite float's integer part.
pub const FLOAT_LIMBS: usize = 16;

const FRACTION_BITS: u32 = 52;
const EXPONENT_BIAS: i32 = 1023;

/// The float that `float/1` and mixed arithmetic make of an integer; none if it is too large. One step a limb.
///
/// Stock adds limb after limb, from the top, in floating point, and so do we: the result of a long integer may be one unit in the last
/// place off the nearest float. For one limb it is the nearest.
#[must_use]
pub fn to_float(a: Integer<'_>) -> Option<f64> {
    const BASE: f64 = 18_446_744_073_709_551_616.0;
    let magnitude = a.limbs.iter().rev().fold(0.0, |sum, &limb| sum * BASE + limb as f64);
    let value = match a.sign {
        Sign::Positive => magnitude,
        Sign::Negative => -magnitude,
    };
    value.is_finite().then_some(value)
}

/// Which integer near a float is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// `trunc/1`: towards zero.
    Truncate,
    /// `round/1`: the nearest one, of two equally near ones that away from zero.
    Nearest,
    /// `floor/1`: towards minus infinity.
    Floor,
    /// `ceil/1`: towards plus infinity.
    Ceiling,
}

/// The integer near a float, written to `out`; none if the float is infinite or no number.
pub fn from_float(value: f64, rounding: Rounding, out: &mut [u64; FLOAT_LIMBS]) -> Option<Extent> {
    let parts = Parts::of(value)?;
    out.fill(0);
    let lost = if parts.exponent >= 0 {
        let (limb, bit) = (parts.exponent as usize / 64, parts.exponent as u32 % 64);
        out[limb] = parts.significand << bit;
        // A finite float has at most 1024 bits, so what goes beyond the last limb is nothing.
        if let Some(above) = out.get_mut(limb + 1) {
            *above = parts.significand.unbounded_shr(64 - bit);
        }
        0
    } else {
        let places = parts.exponent.unsigned_abs();
        out[0] = parts.significand.unbounded_shr(places);
        // The fraction as a part of 2^64, with all that is too small to be seen as one bit.
        match places {
            1..64 => parts.significand << (64 - places),
            _ => u64::from(parts.significand != 0),
        }
    };
    let away = match rounding {
        Rounding::Truncate => false,
        Rounding::Nearest => lost >= 1 << 63,
        Rounding::Floor => parts.sign == Sign::Negative && lost != 0,
        Rounding::Ceiling => parts.sign == Sign::Positive && lost != 0,
    };
    if away {
        limbs::increment(out);
    }
    Some(Extent::of(parts.sign, out))
}

/// Compares an integer with a finite float exactly. At most some sixteen steps.
#[must_use]
pub fn compare_float(a: Integer<'_>, value: f64) -> Ordering {
    let mut place = [0; FLOAT_LIMBS];
    match from_float(value, Rounding::Truncate, &mut place) {
        Some(extent) => compare(a, extent.view(&place)).then_with(|| {
            // The integer parts agree; what the float has beyond its own is on the side of its sign.
            match to_float(a) {
                Some(integer) => integer.partial_cmp(&value).unwrap_or(Ordering::Equal),
                None => Ordering::Equal,
            }
        }),
        None if value > 0.0 => Ordering::Less,
        None => Ordering::Greater,
    }
}

/// A finite float as `significand * 2^exponent`.
struct Parts {
    sign: Sign,
    significand: u64,
    exponent: i32,
}

impl Parts {
    fn of(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let bits = value.to_bits();
        let fraction = bits & ((1 << FRACTION_BITS) - 1);
        let exponent = (bits >> FRACTION_BITS & 0x7ff) as i32;
        Some(Parts {
            sign: if value.is_sign_negative() { Sign::Negative } else { Sign::Positive },
            // Subnormal floats have no hidden bit and the exponent of the smallest normal ones.
            significand: if exponent == 0 { fraction } else { fraction | 1 << FRACTION_BITS },
            exponent: exponent.max(1) - EXPONENT_BIAS - FRACTION_BITS as i32,
        })
    }
}
