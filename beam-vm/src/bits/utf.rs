// SPDX-License-Identifier: Apache-2.0
//! UTF-8, UTF-16 and UTF-32 of a code point.

/// A code point that may be encoded, if the number is one.
pub fn code_point(value: u64) -> Option<u32> {
    u32::try_from(value).ok().filter(|value| char::from_u32(*value).is_some())
}

/// Bytes that a code point takes in UTF-8.
#[must_use]
pub const fn utf8_bytes(value: u32) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x800 => 2,
        0x800..0x1_0000 => 3,
        _ => 4,
    }
}

/// Units of 16 bits that a code point takes in UTF-16.
#[must_use]
pub const fn utf16_units(value: u32) -> usize {
    if value < 0x1_0000 { 1 } else { 2 }
}

/// The code point that bytes begin with, and how many it takes.
pub fn decode_utf8(bytes: &[u8]) -> Option<(u32, usize)> {
    let first = *bytes.first()?;
    let len = match first {
        0..=0x7F => return Some((u32::from(first), 1)),
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let text = core::str::from_utf8(bytes.get(..len)?).ok()?;
    text.chars().next().map(|char| (char.into(), len))
}
