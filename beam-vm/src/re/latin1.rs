// SPDX-License-Identifier: Apache-2.0
//! The kinds of the first 256 characters where Unicode properties are not asked for: those of ISO 8859-1, as OTP's own table has them
//! (`erts/emulator/pcre/pcre_latin_1_table.c`). Two of them are unlike what the names say: `ascii` takes in all 256, and the
//! space without a break is printed and is no space.

/// The POSIX classes and what escapes name, as sets of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// `alpha`
    Alpha,
    /// `lower`
    Lower,
    /// `upper`
    Upper,
    /// `alnum`
    Alnum,
    /// `ascii`
    Ascii,
    /// `blank`
    Blank,
    /// `cntrl`
    Cntrl,
    /// `digit`, `\d`
    Digit,
    /// `graph`
    Graph,
    /// `print`
    Print,
    /// `punct`
    Punct,
    /// `space`, `\s`
    Space,
    /// `word`, `\w`
    Word,
    /// `xdigit`
    Xdigit,
}

impl Class {
    /// The names that stand between `[:` and `:]`.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("alpha", Self::Alpha),
        ("lower", Self::Lower),
        ("upper", Self::Upper),
        ("alnum", Self::Alnum),
        ("ascii", Self::Ascii),
        ("blank", Self::Blank),
        ("cntrl", Self::Cntrl),
        ("digit", Self::Digit),
        ("graph", Self::Graph),
        ("print", Self::Print),
        ("punct", Self::Punct),
        ("space", Self::Space),
        ("word", Self::Word),
        ("xdigit", Self::Xdigit),
    ];

    /// Whether a byte is one.
    #[must_use]
    pub const fn has(self, byte: u8) -> bool {
        match self {
            Self::Alpha => is_lower(byte) || is_upper(byte),
            Self::Lower => is_lower(byte),
            Self::Upper => is_upper(byte),
            Self::Alnum => byte.is_ascii_digit() || is_lower(byte) || is_upper(byte),
            Self::Ascii => true,
            Self::Blank => matches!(byte, b'\t' | b' '),
            Self::Cntrl => matches!(byte, 0..=31 | 127..=159),
            Self::Digit => byte.is_ascii_digit(),
            Self::Graph => matches!(byte, 33..=126 | 160..=255),
            Self::Print => matches!(byte, 32..=126 | 160..=255),
            Self::Punct => Self::Graph.has(byte) && !Self::Alnum.has(byte),
            Self::Space => matches!(byte, 9..=13 | b' '),
            Self::Word => byte == b'_' || Self::Alnum.has(byte),
            Self::Xdigit => byte.is_ascii_hexdigit(),
        }
    }
}

const fn is_lower(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | 0xAA | 0xB5 | 0xBA | 0xDF..=0xF6 | 0xF8..=0xFF)
}

const fn is_upper(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | 0xC0..=0xD6 | 0xD8..=0xDE)
}

/// The same letter in the other case, or the byte itself.
#[must_use]
pub const fn other_case(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' | 0xC0..=0xD6 | 0xD8..=0xDE => byte + 32,
        b'a'..=b'z' | 0xE0..=0xF6 | 0xF8..=0xFE => byte - 32,
        _ => byte,
    }
}

/// Whether a character is a horizontal space (`\h`).
#[must_use]
pub const fn is_horizontal(code: u32) -> bool {
    matches!(code, 9 | 32 | 0xA0 | 0x1680 | 0x180E | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000)
}

/// Whether a character is a vertical space (`\v`).
#[must_use]
pub const fn is_vertical(code: u32) -> bool {
    matches!(code, 10..=13 | 0x85 | 0x2028 | 0x2029)
}
