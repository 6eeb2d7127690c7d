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
    let first = u32::from(*bytes.first()?);
    let next = |index: usize| {
        let byte = bytes.get(index).filter(|byte| **byte & 0xC0 == 0x80);
        byte.map(|byte| u32::from(*byte & 0x3F))
    };
    match first {
        0..=0x7F => Some((first, 1)),
        0xC2..=0xDF => Some(((first & 0x1F) << 6 | next(1)?, 2)),
        0xE0..=0xEF => {
            let value = (first & 0x0F) << 12 | next(1)? << 6 | next(2)?;
            let is_point = value >= 0x800 && !(0xD800..0xE000).contains(&value);
            is_point.then_some((value, 3))
        }
        0xF0..=0xF4 => {
            let value = (first & 0x07) << 18 | next(1)? << 12 | next(2)? << 6 | next(3)?;
            (0x1_0000..0x11_0000).contains(&value).then_some((value, 4))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decode_utf8;

    /// What the standard library says of the shortest beginning that is a character.
    fn by_the_library(bytes: &[u8]) -> Option<(u32, usize)> {
        (1..=bytes.len().min(4)).find_map(|len| {
            let text = core::str::from_utf8(&bytes[..len]).ok()?;
            text.chars().next().map(|char| (char.into(), len))
        })
    }

    proptest! {
        #[test]
        fn characters_are_decoded(text in any::<char>(), behind in any::<u8>()) {
            let mut place = [behind; 5];
            let len = text.encode_utf8(&mut place).len();
            prop_assert_eq!(decode_utf8(&place), Some((text.into(), len)));
            prop_assert_eq!(decode_utf8(&place[..len - 1]), None);
        }

        #[test]
        fn bytes_are_characters_or_none(
            first in any::<u8>(),
            rest in prop::collection::vec(prop_oneof![0x80_u8..0xC0, any::<u8>()], 0..4),
        ) {
            let bytes = [&[first][..], &rest].concat();
            prop_assert_eq!(decode_utf8(&bytes), by_the_library(&bytes));
        }
    }
}
