// SPDX-License-Identifier: Apache-2.0
//! `{decimals, D}`: a float without an exponent.
//!
//! Stock has two ways, and they round differently. A float of at most `2^53` with at most 18 decimals is split at the point, and its
//! fraction is scaled by a power of ten and rounded half away from zero, all in floating point, so `1.45` with one decimal is `1.5` though
//! the float lies below the half. Others are written as C's `%.*f`: exactly, ties to even. Both ways are kept.

use core::fmt::Write;

use super::format::{Compact, FormatError, TEXT_LIMIT, Text};

/// The largest D that stock accepts: beside a digit and the point it fills the buffer.
const MAX_DECIMALS: i32 = TEXT_LIMIT as i32 - 2;

/// Powers of ten that stock scales the fraction with, all of them exact.
const POWERS: [u64; 19] = {
    let mut powers = [1; 19];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

/// Floats up to here are split at the point.
const LARGEST_SPLIT: f64 = 9_007_199_254_740_992.0;

pub fn write(value: f64, digits: i32, compact: Compact, text: &mut Text) -> Result<(), FormatError> {
    if !(0..=MAX_DECIMALS).contains(&digits) {
        return Err(FormatError::Decimals);
    }
    let digits = digits as usize;
    match POWERS.get(digits) {
        Some(&power) if value.abs() <= LARGEST_SPLIT => split(value, digits, power, compact, text)?,
        _ => {
            write!(text, "{value:.digits$}")?;
            if compact == Compact::Yes {
                text.remove_trailing_zeros();
            }
        }
    }
    Ok(())
}

fn split(
    value: f64,
    digits: usize,
    power: u64,
    compact: Compact,
    text: &mut Text,
) -> Result<(), FormatError> {
    let magnitude = value.abs();
    let mut whole = magnitude as u64;
    if value.is_sign_negative() {
        text.write_char('-')?;
    }
    if digits == 0 {
        write!(text, "{}", round(magnitude))?;
        return Ok(());
    }
    let mut fraction = round((magnitude - whole as f64) * power as f64);
    if fraction >= power {
        whole += 1;
        fraction = 0;
    }
    write!(text, "{whole}.{fraction:0digits$}")?;
    if compact == Compact::Yes {
        text.remove_trailing_zeros();
    }
    Ok(())
}

/// The nearest integer of a float from 0 to `10^18`, halves upwards.
fn round(value: f64) -> u64 {
    let whole = value as u64;
    // Exact: the fraction of a float has no more bits than the float.
    whole + u64::from(value - whole as f64 >= 0.5)
}
