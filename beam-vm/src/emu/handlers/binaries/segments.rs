// SPDX-License-Identifier: Apache-2.0
//! Segments of a binary that is to be built, as they lie behind the code: a word that says what it is, the value, and the size. A string has
//! its bytes in place of the value. What the loader can know of a size it has worked out.

use crate::bits::Flags;
use crate::emu::operand::S;

/// What a segment is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum SegmentKind {
    /// An integer.
    Integer,
    /// A float.
    Float,
    /// Bits of a bitstring.
    Binary,
    /// A code point.
    Utf8,
    /// A code point.
    Utf16,
    /// A code point.
    Utf32,
    /// Bytes that the module has.
    String,
    /// A bitstring that the others are appended to.
    Append,
    /// A bitstring that the others are appended to, and that nobody else has.
    PrivateAppend,
}

impl SegmentKind {
    #[inline(always)]
    const fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Float,
            2 => Self::Binary,
            3 => Self::Utf8,
            4 => Self::Utf16,
            5 => Self::Utf32,
            6 => Self::String,
            7 => Self::Append,
            8 => Self::PrivateAppend,
            _ => Self::Integer,
        }
    }
}

/// How the size of a segment is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SizeKind {
    /// It is that many bits, a small integer.
    Known,
    /// It is a term that has to be a number of units.
    Units,
    /// It follows from the value.
    Whole,
}

/// What a segment is, in a small integer.
///
/// ```text
/// 55        24 23     12 11    6 5     4 3    0
/// |  number   |  unit   | flags | size | kind |
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    /// What it is.
    pub kind: SegmentKind,
    /// How its size is known.
    pub size: SizeKind,
    /// How it is written.
    pub flags: Flags,
    /// Bits of a unit.
    pub unit: u16,
    /// Its place in the expression, from 1 on: for error messages.
    pub number: u32,
}

impl Segment {
    /// As a number that fits into a small integer.
    #[must_use]
    pub fn encode(self) -> u64 {
        let size = match self.size {
            SizeKind::Known => 0,
            SizeKind::Units => 1,
            SizeKind::Whole => 2,
        };
        u64::from(self.number) << 24
            | u64::from(self.unit & 0xFFF) << 12
            | u64::from(self.flags.0 & 0x3F) << 6
            | size << 4
            | self.kind as u64
    }

    /// From the number.
    #[inline(always)]
    #[must_use]
    pub fn decode(word: u64) -> Self {
        Self {
            kind: SegmentKind::from_number(word & 0xF),
            size: match word >> 4 & 3 {
                0 => SizeKind::Known,
                1 => SizeKind::Units,
                _ => SizeKind::Whole,
            },
            flags: Flags((word >> 6 & 0x3F) as u8),
            unit: (word >> 12 & 0xFFF) as u16,
            number: (word >> 24) as u32,
        }
    }
}

/// What the loader knows of all segments together; it stands before them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Bits of the segments whose size is known.
    pub known_bits: u64,
    /// Whether these are all, apart from what is appended to.
    pub sizes: Sizes,
}

/// Which sizes are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sizes {
    /// All.
    Known,
    /// Some have to be worked out.
    Open,
}

impl Summary {
    /// The most bits that are summed up; more are left to the instruction.
    pub const MOST: u64 = 1 << 50;

    /// As a number that fits into a small integer.
    #[must_use]
    pub fn encode(self) -> u64 {
        self.known_bits << 1 | u64::from(self.sizes == Sizes::Open)
    }

    /// From the number.
    #[inline(always)]
    #[must_use]
    pub fn decode(word: u64) -> Self {
        let sizes = if word & 1 == 0 { Sizes::Known } else { Sizes::Open };
        Self { known_bits: word >> 1, sizes }
    }
}

/// A segment with its operands.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// What it is.
    pub segment: Segment,
    /// The value.
    pub value: S,
    /// The size.
    pub size: S,
    /// The bytes of a string.
    pub string: &'a [S],
}

/// The parts that lie in words.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a>(&'a [S]);

impl<'a> Parts<'a> {
    /// Of the words of an instruction's list, and what stands before them.
    #[inline(always)]
    #[must_use]
    pub fn new(words: &'a [S]) -> (Summary, Self) {
        match words {
            [summary, words @ ..] => (Summary::decode(number(*summary)), Self(words)),
            [] => (Summary { known_bits: 0, sizes: Sizes::Known }, Self(words)),
        }
    }

    /// The value and the bits of an integer whose size is known, and how it is written, if that is what comes next.
    #[inline(always)]
    pub fn next_known_integer(&mut self) -> Option<(S, usize, Flags)> {
        let [first, value, bits, rest @ ..] = self.0 else { return None };
        let word = number(*first);
        if word & 0x3F != 0 {
            return None;
        }
        self.0 = rest;
        Some((*value, number(*bits) as usize, Flags((word >> 6 & 0x3F) as u8)))
    }
}

/// A small integer that stands in a list.
#[inline(always)]
fn number(word: S) -> u64 {
    word.0 >> 4
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let [first, second, third, rest @ ..] = self.0 else { return None };
        let segment = Segment::decode(number(*first));
        if segment.kind == SegmentKind::String {
            // The bits in the place of the value, and how many words of bytes follow in that of the size.
            let (string, rest) = rest.split_at((number(*third) as usize).min(rest.len()));
            self.0 = rest;
            return Some(Part { segment, value: *second, size: *second, string });
        }
        self.0 = rest;
        Some(Part { segment, value: *second, size: *third, string: &[] })
    }
}
