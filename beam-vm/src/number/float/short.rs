// SPDX-License-Identifier: Apache-2.0
//! `short`: the fewest digits that read back as the same float, in Erlang's choice of notation.
//!
//! Below `2^53` the notation without an exponent is taken unless it is longer than the other; from there on it would suggest
//! a precision that is not there, and the one with an exponent is always taken. There is always a point with digits on both sides.

use core::fmt::{self, Write};

use super::format::{Text, number};

/// From here on not every integer is a float.
const FIRST_INEXACT: f64 = 9_007_199_254_740_992.0;

pub fn write(value: f64, text: &mut Text) -> fmt::Result {
    if value.is_sign_negative() {
        text.write_char('-')?;
    }
    if value == 0.0 {
        return text.write_str("0.0");
    }
    let mut buffer = zmij::Buffer::new();
    let decimal = Decimal::of(buffer.format_finite(value.abs()));
    if value.abs() < FIRST_INEXACT && decimal.plain_len() <= decimal.exponent_len() {
        decimal.write_plain(text)
    } else {
        decimal.write_exponent(text)
    }
}

/// Digits without zeros at either end, and where the point belongs: the value is `0.DIGITS * 10^point`.
struct Decimal {
    bytes: [u8; Decimal::MAX],
    len: usize,
    point: i32,
}

impl Decimal {
    /// No float needs more than 17 digits; zeros that zmij has written around them are dropped on the way.
    const MAX: usize = 17;

    /// Takes apart what zmij has written: digits with or without a point, with or without an exponent.
    fn of(text: &str) -> Self {
        let mut decimal = Decimal { bytes: [0; Self::MAX], len: 0, point: 0 };
        let mut zeros = 0;
        let mut after_point = false;
        let mut bytes = text.as_bytes();
        while let [byte, rest @ ..] = bytes {
            bytes = rest;
            match byte {
                b'.' => after_point = true,
                b'e' => break,
                b'0' if decimal.len == 0 => decimal.point -= i32::from(after_point),
                digit => {
                    decimal.point += i32::from(!after_point);
                    if *digit == b'0' {
                        zeros += 1;
                    } else {
                        decimal.bytes[decimal.len..decimal.len + zeros].fill(b'0');
                        decimal.len += zeros;
                        zeros = 0;
                        decimal.bytes[decimal.len] = *digit;
                        decimal.len += 1;
                    }
                }
            }
        }
        decimal.point += match bytes {
            [b'-', digits @ ..] => -number(digits),
            [b'+', digits @ ..] | digits => number(digits),
        };
        decimal
    }

    fn digits(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    /// The length of the notation without an exponent.
    fn plain_len(&self) -> usize {
        let point = self.point.unsigned_abs() as usize;
        match self.point {
            ..=0 => 2 + point + self.len,
            _ if point >= self.len => point + 2,
            _ => self.len + 1,
        }
    }

    /// The length of the notation with an exponent.
    fn exponent_len(&self) -> usize {
        let exponent = self.point - 1;
        let digits = exponent.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
        self.len.max(2) + 2 + digits + usize::from(exponent < 0)
    }

    fn write_plain(&self, text: &mut Text) -> fmt::Result {
        let (digits, point) = (self.digits(), self.point.unsigned_abs() as usize);
        match self.point {
            ..=0 => write!(text, "0.{:0<point$}{digits}", ""),
            _ if point >= self.len => write!(text, "{digits:0<point$}.0"),
            _ => write!(text, "{}.{}", &digits[..point], &digits[point..]),
        }
    }

    fn write_exponent(&self, text: &mut Text) -> fmt::Result {
        let (first, rest) = self.digits().split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        write!(text, "{first}.{rest}e{}", self.point - 1)
    }
}
