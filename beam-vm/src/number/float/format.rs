// SPDX-License-Identifier: Apache-2.0
//! The forms in which a float can be written, and the place it is written to.

use core::fmt::{self, Write};

use super::{decimals, short};

/// The longest text that `float_to_list/2` returns. Stock has a buffer of 256 bytes and a terminator.
pub const TEXT_LIMIT: usize = 255;

/// Whether zeros at the end of `{decimals, D}` are left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compact {
    /// All digits are written.
    No,
    /// Zeros at the end are left out, but for one after the point.
    Yes,
}

/// How to write a float. Of several options the last one wins; `compact` has a meaning only beside `{decimals, D}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `{scientific, D}`: one digit before the point, D after it. A negative D means 6, as in C. Stock takes the low 32 bits of D.
    Scientific(i32),
    /// `{decimals, D}`: no exponent, D digits after the point. D is from 0 to 253.
    Decimals(i32, Compact),
    /// `short`: the fewest digits that read back as the same float. `io_lib`'s `~w` and `~p` print floats so.
    Short,
}

impl Form {
    /// What `float_to_list/1` writes.
    pub const DEFAULT: Self = Self::Scientific(20);
}

/// The float cannot be written so: `badarg`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormatError {
    /// The float is infinite or no number. Erlang has no such floats.
    NotFinite,
    /// The number of digits after the point is negative or above 253.
    Decimals,
    /// The text is longer than [`TEXT_LIMIT`].
    TooLong,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite => f.write_str("float is not finite"),
            Self::Decimals => f.write_str("number of decimals is not between 0 and 253"),
            Self::TooLong => write!(f, "text of the float is longer than {TEXT_LIMIT} bytes"),
        }
    }
}

impl core::error::Error for FormatError {}

impl From<fmt::Error> for FormatError {
    /// A [`Text`] refuses nothing but what is too long.
    fn from(_: fmt::Error) -> Self {
        Self::TooLong
    }
}

/// The text of a float.
#[derive(Clone)]
pub struct Text {
    bytes: [u8; TEXT_LIMIT],
    len: usize,
}

impl Text {
    const EMPTY: Self = Text { bytes: [0; TEXT_LIMIT], len: 0 };

    /// Its bytes, which are ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Leaves out zeros at the end, but for one after the point. A text without a point loses them too: stock does so.
    pub(super) fn remove_trailing_zeros(&mut self) {
        while let [.., b'0'] = self.as_bytes() {
            self.len -= 1;
        }
        if let [.., b'.'] = self.as_bytes() {
            self.len += 1;
        }
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Writes a float.
pub fn format(value: f64, form: Form) -> Result<Text, FormatError> {
    if !value.is_finite() {
        return Err(FormatError::NotFinite);
    }
    let mut text = Text::EMPTY;
    match form {
        Form::Scientific(digits) => scientific(value, digits, &mut text)?,
        Form::Decimals(digits, compact) => decimals::write(value, digits, compact, &mut text)?,
        Form::Short => short::write(value, &mut text)?,
    }
    Ok(text)
}

/// C's `%.*e`: rounded to even from the exact value, at least two digits of exponent.
fn scientific(value: f64, digits: i32, text: &mut Text) -> fmt::Result {
    let digits = usize::try_from(digits).unwrap_or(6);
    if digits > TEXT_LIMIT {
        return Err(fmt::Error);
    }
    write!(text, "{value:.digits$e}")?;
    // Rust writes the exponent without a plus and without a leading zero; it is rewritten from there.
    let bytes = text.as_bytes();
    let at = bytes.iter().rposition(|&byte| byte == b'e').unwrap_or(bytes.len());
    let exponent = match &bytes[at + 1..] {
        [b'-', digits @ ..] => -number(digits),
        digits => number(digits),
    };
    text.len = at;
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(text, "e{sign}{:02}", exponent.unsigned_abs())
}

/// The value of a few decimal digits.
pub(super) fn number(digits: &[u8]) -> i32 {
    digits.iter().fold(0, |sum, &digit| sum * 10 + i32::from(digit - b'0'))
}
