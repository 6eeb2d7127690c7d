// SPDX-License-Identifier: Apache-2.0
//! Which texts can be atoms, and what is wrong with those that cannot.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use super::{MAX_BYTES, MAX_CHARACTERS};

/// Why a text has no atom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtomError {
    /// The text has more than [`MAX_CHARACTERS`] characters: `system_limit` for most built-in functions.
    TooLong,
    /// The bytes are not UTF-8: `badarg`.
    Malformed,
    /// The table has as many atoms as it may have. Stock ends the system here.
    TableFull {
        /// How many that are.
        limit: u32,
    },
}

impl fmt::Display for AtomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the text of an atom is longer than {MAX_CHARACTERS} characters"),
            Self::Malformed => f.write_str("the text of an atom is not UTF-8"),
            Self::TableFull { limit } => write!(f, "the atom table is full: it has {limit} atoms"),
        }
    }
}

impl core::error::Error for AtomError {}

/// Checks the length of a text.
pub(super) fn check(text: &str) -> Result<&str, AtomError> {
    // Most texts are short enough by their bytes alone.
    if text.len() <= MAX_CHARACTERS || (text.len() <= MAX_BYTES && text.chars().count() <= MAX_CHARACTERS) {
        Ok(text)
    } else {
        Err(AtomError::TooLong)
    }
}

/// Reads UTF-8.
///
/// Of a text that is both too long and malformed, stock reports what comes first: so does this.
pub(super) fn from_utf8(bytes: &[u8]) -> Result<&str, AtomError> {
    if bytes.len() > MAX_BYTES {
        return Err(AtomError::TooLong);
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => check(text),
        Err(error) => {
            let valid = core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            Err(if valid.chars().count() < MAX_CHARACTERS {
                AtomError::Malformed
            } else {
                AtomError::TooLong
            })
        }
    }
}

/// Reads Latin-1, where each byte is the character of that number.
pub(super) fn from_latin1(bytes: &[u8]) -> Result<Cow<'_, str>, AtomError> {
    if bytes.len() > MAX_CHARACTERS {
        return Err(AtomError::TooLong);
    }
    Ok(match core::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
    })
}

/// Whether every character is one of Latin-1.
pub(super) fn is_latin1(text: &str) -> bool {
    // The first byte of a character up to U+00FF is at most 0xC3.
    text.bytes().all(|byte| byte <= 0xc3)
}
