// SPDX-License-Identifier: Apache-2.0
//! Sets of characters: those of a class in brackets, and those that a property names.
//!
//! The first 256 characters are bits, resolved when the pattern is compiled. Those above are ranges and properties.

use alloc::vec::Vec;

use super::unicode::{self, Category, Script};

/// What a character may be by Unicode (`\p`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property {
    /// `Any`
    Any,
    /// `L&`: an upper, lower or title case letter
    Cased,
    /// A group of categories by its letter.
    Major(u8),
    /// A category.
    Category(Category),
    /// A script.
    Script(Script),
    /// `Xan`: a letter or a number
    Alnum,
    /// `Xsp`, `Xps`: a space
    Space,
    /// `Xwd`: `Xan` or an underscore
    Word,
    /// `Xuc`: what a universal character name may name
    Ucn,
    /// `[:graph:]` with `ucp`
    Graph,
    /// `[:print:]` with `ucp`
    Print,
    /// `[:punct:]` with `ucp`
    Punct,
}

impl Property {
    /// Whether a character has it.
    #[must_use]
    pub fn has(self, code: u32) -> bool {
        let category = || unicode::category(code);
        match self {
            Self::Any => true,
            Self::Cased => matches!(category(), Category::Lu | Category::Ll | Category::Lt),
            Self::Major(letter) => category().major() == letter,
            Self::Category(wanted) => category() == wanted,
            Self::Script(wanted) => unicode::script(code) == wanted,
            Self::Alnum => matches!(category().major(), b'L' | b'N'),
            Self::Space => {
                super::latin1::is_horizontal(code)
                    || super::latin1::is_vertical(code)
                    || category().major() == b'Z'
            }
            Self::Word => code == u32::from(b'_') || Self::Alnum.has(code),
            Self::Ucn => matches!(code, 0x24 | 0x40 | 0x60 | 0xA0..=0xD7FF) || code >= 0xE000,
            Self::Graph => {
                let category = category();
                category.major() != b'Z'
                    && (category.major() != b'C'
                        || (category == Category::Cf
                            && code != 0x061C
                            && code != 0x180E
                            && !is_isolate(code)))
            }
            Self::Print => {
                let category = category();
                !matches!(category, Category::Zl | Category::Zp)
                    && (category.major() != b'C'
                        || (category == Category::Cf && code != 0x061C && !is_isolate(code)))
            }
            Self::Punct => {
                let category = category();
                category.major() == b'P' || (code < 128 && category.major() == b'S')
            }
        }
    }
}

const fn is_isolate(code: u32) -> bool {
    matches!(code, 0x2066..=0x2069)
}

/// A set of characters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CharSet {
    /// The first 256.
    pub bits: [u32; 8],
    /// Ranges of those above, in order.
    pub ranges: Vec<(u32, u32)>,
    /// Properties of those above, and whether each is turned round.
    pub properties: Vec<(Property, bool)>,
    /// Whether those above are all those that are not named.
    pub inverted: bool,
}

impl CharSet {
    /// Whether a character is in it.
    #[must_use]
    #[inline]
    pub fn has(&self, code: u32) -> bool {
        if code < 256 { self.has_byte(code as u8) } else { self.has_wide(code) }
    }

    /// Whether one of the first 256 is in it.
    #[must_use]
    #[inline]
    pub fn has_byte(&self, byte: u8) -> bool {
        self.bits[usize::from(byte >> 5)] >> (byte & 31) & 1 == 1
    }

    fn has_wide(&self, code: u32) -> bool {
        let after = self.ranges.partition_point(|(from, _)| *from <= code);
        let is_named = self.ranges[..after].last().is_some_and(|(_, to)| code <= *to)
            || self.properties.iter().any(|(property, turned)| property.has(code) != *turned);
        is_named != self.inverted
    }

    /// Adds one of the first 256.
    pub fn add_byte(&mut self, byte: u8) {
        self.bits[usize::from(byte >> 5)] |= 1 << (byte & 31);
    }

    /// Adds a range.
    pub fn add_range(&mut self, from: u32, to: u32) {
        for byte in from..=to.min(255) {
            self.add_byte(byte as u8);
        }
        if to > 255 {
            self.ranges.push((from.max(256), to));
        }
    }

    /// Puts the ranges in order and joins those that touch.
    pub fn normalise(&mut self) {
        self.ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for (from, to) in self.ranges.drain(..) {
            match joined.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        self.ranges = joined;
    }
}
