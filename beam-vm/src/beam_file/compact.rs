// SPDX-License-Identifier: Apache-2.0
//! Compact terms: how operands, line items and the lengths of long atoms are written.
//!
//! The low three bits of the first byte are a tag. If bit 3 is clear, the upper four bits are the value. If bit 4 is clear, the
//! upper three bits and the next byte are an eleven-bit value. Otherwise the upper three bits are the number of the bytes
//! that follow, less two; seven means that a compact term of tag `u` follows with that number, less nine. Those bytes are
//! the value, big-endian, and in two's complement if the tag is `i`.

use super::fault::Fault;
use super::reader::{Reader, Span};

/// The low three bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tag {
    /// `u`: a number without a sign.
    Unsigned,
    /// `i`: an integer.
    Integer,
    /// `a`: an atom.
    Atom,
    /// `x`: an X register.
    X,
    /// `y`: a Y register.
    Y,
    /// `f`: a label.
    Label,
    /// `h`: a character. No compiler writes it and stock refuses it.
    Character,
    /// `z`: something else, which the value tells.
    Extended,
}

impl Tag {
    pub(super) const ALL: [Self; 8] = [
        Self::Unsigned,
        Self::Integer,
        Self::Atom,
        Self::X,
        Self::Y,
        Self::Label,
        Self::Character,
        Self::Extended,
    ];
}

/// A tag and a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Compact {
    pub(super) tag: Tag,
    pub(super) value: Value,
}

/// The value of a compact term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// At most eight bytes. It is below zero if it is a negative integer, or anything else from 2^63 on.
    Small(i64),
    /// More than eight bytes, of which this is the place.
    Large(Span),
}

impl Compact {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let first = reader.u8()?;
        let tag = Tag::ALL[usize::from(first & 7)];
        let upper = first >> 5;
        let value = if first & 8 == 0 {
            Value::Small(i64::from(first >> 4))
        } else if first & 16 == 0 {
            Value::Small(i64::from(upper) << 8 | i64::from(reader.u8()?))
        } else {
            let len = if upper < 7 { usize::from(upper) + 2 } else { Self::read_length(reader)? };
            let mut ahead = reader.clone();
            let span = reader.take_span(len)?;
            match len {
                ..=8 if tag == Tag::Integer => Value::Small(signed(ahead.take(len)?)),
                ..=8 => Value::Small(extend(0, ahead.take(len)?)),
                _ => Value::Large(span),
            }
        };
        Ok(Self { tag, value })
    }

    /// A length of nine bytes or more. One that needs nine bytes itself cannot be right, so this does not nest.
    fn read_length(reader: &mut Reader<'_>) -> Result<usize, Fault> {
        let mut ahead = reader.clone();
        if ahead.u8()? & 0xf8 == 0xf8 {
            return Err(Fault::Number);
        }
        let length = Self::read(reader)?;
        let length = length.unsigned(Tag::Unsigned)?.ok_or(Fault::Number)?;
        let length = usize::try_from(length).ok().and_then(|length| length.checked_add(9));
        length.ok_or(Fault::Number)
    }

    /// The value as a number without a sign, if the tag is this one; nothing if it does not fit into 63 bits.
    pub(super) fn unsigned(self, tag: Tag) -> Result<Option<u64>, Fault> {
        if self.tag != tag {
            return Err(Fault::Tag(self.tag as u8));
        }
        Ok(match self.value {
            Value::Small(value) => u64::try_from(value).ok(),
            Value::Large(_) => None,
        })
    }
}

/// A number of at most eight bytes in two's complement.
pub(super) fn signed(bytes: &[u8]) -> i64 {
    extend(bytes.first().map_or(0, |first| i64::from(*first as i8 >> 7)), bytes)
}

fn extend(sign: i64, bytes: &[u8]) -> i64 {
    bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte))
}
