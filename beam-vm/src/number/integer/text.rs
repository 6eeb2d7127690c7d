// SPDX-License-Identifier: Apache-2.0
//! The text of integers in radix 2 to 36: what `integer_to_list/2` writes and `list_to_integer/2` reads.
//!
//! Digits above nine are written as upper-case letters and read in either case. A sign may be `+` or `-`; there is nothing else, no
//! space, no underscore, no prefix. Short numbers are converted chunk by chunk, in time that grows with the square of their length;
//! long ones by dashu-int, which divides and conquers: see [`super::cost::text`].

use core::fmt::{self, Write};

use dashu_int::UBig;

use super::multiply::store;
use super::scratch::Scratch;
use super::{Extent, Integer, MAX_LIMBS, Sign, SystemLimit, divide, limbs};

/// From this many limbs on, dashu-int is faster at writing. Measured by `tests::bench`.
pub const LONG_WRITE: usize = 16;

/// From this many limbs on, dashu-int is faster at reading. Measured by `tests::bench`.
pub const LONG_READ: usize = 24;

/// Why a text is not an integer here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParseError {
    /// It is not the text of an integer in that radix: `badarg`.
    NotAnInteger,
    /// It is, of one that is too large: `system_limit`.
    TooLarge(SystemLimit),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnInteger => f.write_str("text is not an integer in this radix"),
            Self::TooLarge(limit) => limit.fmt(f),
        }
    }
}

impl core::error::Error for ParseError {}

/// The largest power of a radix that fits into a limb.
#[derive(Clone, Copy)]
struct Chunk {
    digits: usize,
    power: u64,
}

/// Those of all radices; there are none below 2.
static CHUNKS: [Chunk; 37] = {
    let mut chunks = [Chunk { digits: 0, power: 0 }; 37];
    let mut radix = 2;
    while radix < chunks.len() {
        chunks[radix] = Chunk::largest(radix as u32);
        radix += 1;
    }
    chunks
};

impl Chunk {
    fn of(radix: u32) -> Self {
        assert!((2..=36).contains(&radix), "radix is not between 2 and 36");
        CHUNKS[radix as usize]
    }

    const fn largest(radix: u32) -> Self {
        let mut chunk = Chunk { digits: 1, power: radix as u64 };
        while let Some(power) = chunk.power.checked_mul(radix as u64) {
            chunk = Chunk { digits: chunk.digits + 1, power };
        }
        chunk
    }
}

/// The bytes that the place for the text must have. It is a little more than the text.
///
/// # Panics
/// If the radix is not between 2 and 36; so do the other functions here.
#[must_use]
pub fn format_bytes(a: Integer<'_>, radix: u32) -> usize {
    // The power just above a limb bounds each limb's digits; a sign; one digit for nought.
    a.limbs.len() * (Chunk::of(radix).digits + 1) + 2
}

/// Writes the text to `out`, which has at least [`format_bytes`], and returns the part of it that is the text.
#[must_use]
pub fn format<'t>(a: Integer<'_>, radix: u32, out: &'t mut [u8]) -> &'t [u8] {
    if a.limbs.len() >= LONG_WRITE { format_long(a, radix, out) } else { format_short(a, radix, out) }
}

fn format_long<'t>(a: Integer<'_>, radix: u32, out: &'t mut [u8]) -> &'t [u8] {
    let mut cursor = Cursor { out: &mut *out, len: 0 };
    if a.sign == Sign::Negative {
        cursor.write_char('-').expect("format_bytes leaves room for a sign");
    }
    write!(cursor, "{:#}", UBig::from_words(a.limbs).in_radix(radix as u8))
        .expect("format_bytes is an upper bound");
    let len = cursor.len;
    &out[..len]
}

/// From the least significant digit on, hence from the end of the place.
fn format_short<'t>(a: Integer<'_>, radix: u32, out: &'t mut [u8]) -> &'t [u8] {
    let chunk = Chunk::of(radix);
    let mut rest = Scratch::zeroed(a.limbs.len());
    rest.copy_from_slice(a.limbs);
    let mut len = rest.len();
    let mut start = out.len();
    loop {
        let dividend = &mut rest[..len];
        let mut value = match dividend {
            [limb] if *limb < chunk.power => core::mem::take(limb),
            _ => divide_in_place(dividend, chunk.power),
        };
        len = limbs::trim(dividend).len();
        let mut digits = if len == 0 { 1 } else { chunk.digits };
        // The uppermost chunk ends with its last digit that is not nought, the others are filled up.
        while digits > 0 || value > 0 {
            start -= 1;
            let digit;
            (value, digit) = split_digit(value, radix);
            out[start] = digit_char(digit);
            digits = digits.saturating_sub(1);
        }
        if len == 0 {
            break;
        }
    }
    if a.sign == Sign::Negative {
        start -= 1;
        out[start] = b'-';
    }
    &out[start..]
}

fn divide_in_place(dividend: &mut [u64], divisor: u64) -> u64 {
    let mut quotient = Scratch::zeroed(dividend.len());
    let remainder = divide::by_limb(dividend, divisor, |index, digit| quotient[index] = digit);
    dividend.copy_from_slice(&quotient);
    remainder
}

/// The value without its lowest digit, and that digit. A division by a constant is several times faster than one by a variable.
fn split_digit(value: u64, radix: u32) -> (u64, u8) {
    let radix = u64::from(radix);
    if radix == 10 { (value / 10, (value % 10) as u8) } else { (value / radix, (value % radix) as u8) }
}

fn digit_char(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'A' + digit - 10 }
}

fn digit_value(byte: u8, radix: u32) -> Option<u64> {
    char::from(byte).to_digit(radix).map(u64::from)
}

/// The length of the longest beginning of a text that is an integer (what `string:to_integer/1` takes), if there is one.
#[must_use]
pub fn scan(text: &[u8], radix: u32) -> Option<usize> {
    let signs = usize::from(matches!(text, [b'+' | b'-', ..]));
    let digits = text[signs..].iter().take_while(|&&byte| digit_value(byte, radix).is_some()).count();
    (digits > 0).then_some(signs + digits)
}

/// The limbs that the place for the integer of a text of that length must have.
#[must_use]
pub fn parse_limbs(len: usize, radix: u32) -> usize {
    len.div_ceil(Chunk::of(radix).digits)
}

/// Reads the integer of a whole text into `out`, which has at least [`parse_limbs`].
pub fn parse(text: &[u8], radix: u32, out: &mut [u64]) -> Result<Extent, ParseError> {
    if scan(text, radix) != Some(text.len()) {
        return Err(ParseError::NotAnInteger);
    }
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (Sign::Negative, digits),
        [b'+', digits @ ..] | digits => (Sign::Positive, digits),
    };
    let zeros = digits.iter().take_while(|&&byte| byte == b'0').count();
    let digits = &digits[zeros..];
    let out = &mut out[..parse_limbs(digits.len(), radix)];
    // Chunks hold more than 57 bits each, so that refuses early only what is far too large.
    if out.len() > MAX_LIMBS / 57 * 64 + 64 {
        return Err(ParseError::TooLarge(SystemLimit));
    }
    if out.len() >= LONG_READ {
        let digits = core::str::from_utf8(digits).map_err(|_| ParseError::NotAnInteger)?;
        let number = UBig::from_str_radix(digits, radix).map_err(|_| ParseError::NotAnInteger)?;
        store(&number, out);
    } else {
        parse_short(digits, radix, out);
    }
    Extent::within_limit(sign, out).map_err(ParseError::TooLarge)
}

fn parse_short(digits: &[u8], radix: u32, out: &mut [u64]) {
    let chunk = Chunk::of(radix);
    let mut used = 0;
    let mut rest = digits;
    while !rest.is_empty() {
        // The first part is the odd one, so that all others are whole chunks.
        let size = (rest.len() - 1) % chunk.digits + 1;
        let (part, after) = rest.split_at(size);
        rest = after;
        let value = part
            .iter()
            .filter_map(|&byte| digit_value(byte, radix))
            .fold(0, |sum, digit| sum * u64::from(radix) + digit);
        let carry = limbs::scale(&mut out[..used], chunk.power, value);
        if carry > 0 {
            out[used] = carry;
            used += 1;
        }
    }
    out[used..].fill(0);
}

/// Text written one after the other into a slice.
struct Cursor<'t> {
    out: &'t mut [u8],
    len: usize,
}

impl Write for Cursor<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.out.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
