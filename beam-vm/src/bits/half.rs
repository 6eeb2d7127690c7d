// SPDX-License-Identifier: Apache-2.0
//! Floats of 16 bits (IEEE 754 binary16).

/// The value of 16 bits; none if it is infinite or no number.
pub fn from_bits(bits: u16) -> Option<f64> {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1F), f64::from(bits & 0x3FF));
    match exponent {
        0 => Some(sign * fraction * f64::from_bits(0x3E70_0000_0000_0000)),
        31 => None,
        _ => {
            let scale = f64::from_bits(((exponent - 15 + 1023) as u64) << 52);
            Some(sign * (1.0 + fraction / 1024.0) * scale)
        }
    }
}

/// The 16 bits nearest to a value, of two equally near ones the even; infinity for what is too large.
pub fn to_bits(value: f64) -> u16 {
    let sign = ((value.to_bits() >> 63) as u16) << 15;
    let magnitude = f64::from_bits(value.to_bits() & !(1 << 63));
    if magnitude >= 65520.0 {
        return sign | 0x7C00;
    }
    // Below the smallest normal number all steps are as large as there.
    let smallest = f64::from_bits(0x3F10_0000_0000_0000);
    if magnitude < smallest {
        let steps = round_even(magnitude / f64::from_bits(0x3E70_0000_0000_0000));
        return sign | steps as u16;
    }
    let exponent = ((magnitude.to_bits() >> 52) as i32) - 1023;
    let step = f64::from_bits(((exponent - 10 + 1023) as u64) << 52);
    let steps = round_even(magnitude / step) as i32;
    sign | (((exponent + 14) << 10) + steps) as u16
}

fn round_even(value: f64) -> f64 {
    libm::rint(value)
}
