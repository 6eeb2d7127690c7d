// SPDX-License-Identifier: Apache-2.0
//! The grammar of `list_to_float/1` and `binary_to_float/1`: `[+-] digits (. or ,) digits [(e or E) [+-] digits]`.
//!
//! The comma is stock's tribute to C's locales: it tries the text as it is first, so that what is before a comma must not be too large on
//! its own, whatever the exponent. Stock hands a C string on, so whatever follows a NUL is not looked at. What is too small becomes zero,
//! what is too large is refused.

use alloc::borrow::ToOwned;
use core::fmt;

/// The text is not a float, or one beyond the largest: `badarg`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParseError {
    /// The text does not follow the grammar.
    NotAFloat,
    /// The float is too large.
    TooLarge,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAFloat => "text is not a float",
            Self::TooLarge => "float is larger than the largest one of 64 bits",
        })
    }
}

impl core::error::Error for ParseError {}

/// The float of a whole text, or of what is before its first NUL. Linear in the length of the text.
pub fn parse(text: &[u8]) -> Result<f64, ParseError> {
    match scan(text)? {
        (value, len) if matches!(text[len..], [] | [0, ..]) => Ok(value),
        _ => Err(ParseError::NotAFloat),
    }
}

/// The float at the beginning of a text and its length: what `string:to_float/1` takes.
pub fn scan(text: &[u8]) -> Result<(f64, usize), ParseError> {
    let signs = usize::from(matches!(text, [b'+' | b'-', ..]));
    let point = signs + digits(&text[signs..]).ok_or(ParseError::NotAFloat)?;
    let Some(b'.' | b',') = text.get(point) else { return Err(ParseError::NotAFloat) };
    let mantissa = point + 1 + digits(&text[point + 1..]).ok_or(ParseError::NotAFloat)?;
    let len = mantissa + exponent(&text[mantissa..]).unwrap_or(0);
    let number = core::str::from_utf8(&text[..len]).map_err(|_| ParseError::NotAFloat)?;
    let value = if text[point] == b',' {
        finite(&number[..point])?;
        let mut number = number.to_owned();
        number.replace_range(point..=point, ".");
        finite(&number)?
    } else {
        finite(number)?
    };
    Ok((value, len))
}

/// The nearest float of a text in Rust's grammar, which takes in ours.
fn finite(number: &str) -> Result<f64, ParseError> {
    match number.parse() {
        Ok(value) if f64::is_finite(value) => Ok(value),
        Ok(_) => Err(ParseError::TooLarge),
        Err(_) => Err(ParseError::NotAFloat),
    }
}

/// The number of digits at the beginning, if there are any.
fn digits(text: &[u8]) -> Option<usize> {
    Some(text.iter().take_while(|byte| byte.is_ascii_digit()).count()).filter(|&count| count > 0)
}

/// The length of the exponent at the beginning, if there is a whole one.
fn exponent(text: &[u8]) -> Option<usize> {
    let [b'e' | b'E', rest @ ..] = text else { return None };
    let signs = usize::from(matches!(rest, [b'+' | b'-', ..]));
    Some(1 + signs + digits(&rest[signs..])?)
}
