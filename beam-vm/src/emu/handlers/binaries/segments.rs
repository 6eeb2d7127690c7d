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
    const ALL: [Self; 9] = [
        Self::Integer,
        Self::Float,
        Self::Binary,
        Self::Utf8,
        Self::Utf16,
        Self::Utf32,
        Self::String,
        Self::Append,
        Self::PrivateAppend,
    ];
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
    #[must_use]
    pub fn decode(word: u64) -> Self {
        Self {
            kind: SegmentKind::ALL[(word & 0xF) as usize % SegmentKind::ALL.len()],
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

/// A segment with its operands.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What it is.
    pub segment: Segment,
    /// The value.
    pub value: S,
    /// The size.
    pub size: S,
    /// The bytes of a string.
    pub string: &'static [S],
}

/// The parts that lie in words.
#[derive(Clone, Copy, Debug)]
pub struct Parts(&'static [S]);

impl Parts {
    /// Of the words of an instruction's list.
    #[must_use]
    pub fn new(words: &'static [S]) -> Self {
        Self(words)
    }
}

/// A small integer that stands in a list.
fn number(word: S) -> u64 {
    word.0 >> 4
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
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
