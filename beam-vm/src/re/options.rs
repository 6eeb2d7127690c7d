// SPDX-License-Identifier: Apache-2.0
//! How a pattern is read and how it is applied: the options of `re:compile/2` and `re:run/3` (`lib/stdlib/doc/src/re.xml`).

use core::ops::{BitOr, BitOrAssign};

/// A set of options, each a bit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(u32);

impl Flags {
    /// Matches only where the search begins.
    pub const ANCHORED: Self = Self(1);
    /// Letters match in either case (`i`).
    pub const CASELESS: Self = Self(1 << 1);
    /// `$` matches at the very end alone.
    pub const DOLLAR_ENDONLY: Self = Self(1 << 2);
    /// `.` matches line ends too (`s`).
    pub const DOTALL: Self = Self(1 << 3);
    /// Two groups may have the same name (`J`).
    pub const DUPNAMES: Self = Self(1 << 4);
    /// Blanks and comments are skipped (`x`).
    pub const EXTENDED: Self = Self(1 << 5);
    /// The match begins in the first line.
    pub const FIRSTLINE: Self = Self(1 << 6);
    /// `^` and `$` match at line ends inside (`m`).
    pub const MULTILINE: Self = Self(1 << 7);
    /// Plain parentheses capture nothing.
    pub const NO_AUTO_CAPTURE: Self = Self(1 << 8);
    /// Pattern and subject are UTF-8.
    pub const UTF: Self = Self(1 << 9);
    /// `(*UTF)` is refused.
    pub const NEVER_UTF: Self = Self(1 << 10);
    /// `\d`, `\w` and the like go by Unicode properties.
    pub const UCP: Self = Self(1 << 11);
    /// Repeats are lazy unless `?` follows (`U`).
    pub const UNGREEDY: Self = Self(1 << 12);
    /// No place is skipped because the first or a later character cannot be there.
    pub const NO_START_OPTIMIZE: Self = Self(1 << 13);
    /// Unknown escapes are errors (`X`).
    pub const EXTRA: Self = Self(1 << 14);
    /// Repeats stay as they are written.
    pub const NO_AUTO_POSSESS: Self = Self(1 << 15);
    /// The pattern names `\r` or `\n`.
    pub const HAS_CR_OR_LF: Self = Self(1 << 16);
    /// The pattern has `(*THEN)`.
    pub const HAS_THEN: Self = Self(1 << 17);
    /// A match begins at the start of a line.
    pub const STARTLINE: Self = Self(1 << 18);
    /// `(?J)` was set inside the pattern.
    pub const J_CHANGED: Self = Self(1 << 19);
    /// Line ends were asked for that exclude each other. The pattern itself may still say which it is.
    pub const NEWLINE_UNCLEAR: Self = Self(1 << 20);
    /// Both kinds of `\R` were asked for.
    pub const BSR_UNCLEAR: Self = Self(1 << 21);
    /// The options with which two loads of one pattern agree.
    pub const ALL: Self = Self((1 << 22) - 1);

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The set of these bits, if all are known.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 { Some(Self(bits)) } else { None }
    }

    /// Whether all of `other` are in it.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What ends a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Newline {
    /// `\n`
    #[default]
    Lf,
    /// `\r`
    Cr,
    /// `\r\n`
    CrLf,
    /// `\r`, `\n` or `\r\n`
    AnyCrLf,
    /// What Unicode calls the end of a line.
    Any,
}

/// What `\R` matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Bsr {
    /// What Unicode calls the end of a line.
    #[default]
    Unicode,
    /// `\r`, `\n` or `\r\n`
    AnyCrLf,
}

/// How a pattern is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The options that are on or off.
    pub flags: Flags,
    /// What ends a line.
    pub newline: Newline,
    /// What `\R` matches.
    pub bsr: Bsr,
}

impl Newline {
    /// How many bytes of a line end are at a place.
    #[must_use]
    #[inline]
    pub fn at(self, text: &[u8], pos: usize, flags: Flags) -> Option<usize> {
        let first = *text.get(pos)?;
        let has_lf = || text.get(pos + 1) == Some(&b'\n');
        match self {
            Self::Lf => (first == b'\n').then_some(1),
            Self::Cr => (first == b'\r').then_some(1),
            Self::CrLf => (first == b'\r' && has_lf()).then_some(2),
            Self::AnyCrLf | Self::Any if first == b'\n' => Some(1),
            Self::AnyCrLf | Self::Any if first == b'\r' => Some(1 + usize::from(has_lf())),
            Self::AnyCrLf => None,
            Self::Any if matches!(first, 0x0B | 0x0C) => Some(1),
            Self::Any if !flags.has(Flags::UTF) => (first == 0x85).then_some(1),
            Self::Any => match text.get(pos..)? {
                [0xC2, 0x85, ..] => Some(2),
                [0xE2, 0x80, 0xA8 | 0xA9, ..] => Some(3),
                _ => None,
            },
        }
    }

    /// How many bytes of a line end are just before a place, none of them before `from`.
    #[must_use]
    pub fn before(self, text: &[u8], pos: usize, from: usize, flags: Flags) -> Option<usize> {
        let text = text.get(from..pos)?;
        let (last, rest) = text.split_last()?;
        let has_cr = || rest.last() == Some(&b'\r');
        match self {
            Self::Lf => (*last == b'\n').then_some(1),
            Self::Cr => (*last == b'\r').then_some(1),
            Self::CrLf => (*last == b'\n' && has_cr()).then_some(2),
            Self::AnyCrLf | Self::Any if *last == b'\n' => Some(1 + usize::from(has_cr())),
            Self::AnyCrLf | Self::Any if *last == b'\r' => Some(1),
            Self::AnyCrLf => None,
            Self::Any if matches!(*last, 0x0B | 0x0C) => Some(1),
            Self::Any if !flags.has(Flags::UTF) => (*last == 0x85).then_some(1),
            Self::Any if text.ends_with(&[0xC2, 0x85]) => Some(2),
            Self::Any => {
                (text.ends_with(&[0xE2, 0x80, 0xA8]) || text.ends_with(&[0xE2, 0x80, 0xA9])).then_some(3)
            }
        }
    }
}
