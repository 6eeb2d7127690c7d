// SPDX-License-Identifier: Apache-2.0
//! Segments that are written one after the other into a place that is made for all of them.
#![expect(unsafe_code, reason = "writes to a binary that a process is building")]

use core::ptr::NonNull;

use super::copy::copy;
use super::{Flags, half, utf};
use crate::number::integer::{Bits as Place, Endian, Integer, to_bits};
use crate::term::{Bits, Term, View};

/// Why a segment cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unwritable {
    /// The value is of another type.
    Type,
    /// A float cannot have this size.
    Invalid,
    /// An integer is too large for a float.
    NoFloat,
    /// The value is shorter than its segment.
    Short,
    /// The value's length is no multiple of the unit.
    Unit,
}

/// A binary that is being built: where its bytes are, and how many bits are written. It may be put aside between instructions,
/// none of which collects.
#[derive(Clone, Copy, Debug)]
pub struct Building {
    first: NonNull<u8>,
    bytes: usize,
    at: usize,
}

impl Building {
    /// Nothing, with no room.
    pub const NONE: Self = Self { first: NonNull::dangling(), bytes: 0, at: 0 };

    /// A place of `bytes` bytes, of which `at` bits are written.
    pub fn new(first: NonNull<u8>, bytes: usize, at: usize) -> Self {
        Self { first, bytes, at }
    }

    /// The place, to be written.
    ///
    /// # Safety
    /// The bytes have to be there, and nobody may look at them while the writer is used.
    pub unsafe fn writer<'a>(self) -> Writer<'a> {
        // SAFETY: as the caller promises.
        let place = unsafe { core::slice::from_raw_parts_mut(self.first.as_ptr(), self.bytes) };
        Writer { place, at: self.at }
    }

    /// The same when a writer has gone on.
    pub fn after(self, writer: &Writer<'_>) -> Self {
        Self { at: writer.at, ..self }
    }
}

/// A place and how many bits of it are written. What does not fit is an error of the code, and is not written.
#[derive(Debug)]
pub struct Writer<'a> {
    place: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    /// A place whose first `at` bits are written.
    pub fn new(place: &'a mut [u8], at: usize) -> Self {
        Self { place, at }
    }

    /// How many bits are written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.at
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at == 0
    }

    fn has_room(&self, bits: usize) -> bool {
        8 * self.place.len() - self.at >= bits
    }

    /// Writes the upper bits of bytes.
    pub fn bytes(&mut self, bytes: &[u8], bits: usize) {
        // SAFETY: the caller's bytes are there for the call.
        self.part(&unsafe { Bits::new(bytes.as_ptr(), 0, bits.min(8 * bytes.len())) });
    }

    /// Writes bits.
    pub fn part(&mut self, bits: &Bits) {
        if self.has_room(bits.len()) {
            copy(self.place, self.at, bits);
            self.at += bits.len();
        }
    }

    /// Writes a bitstring's first bits.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn bitstring(&mut self, term: Term, bits: usize) -> Result<(), Unwritable> {
        let all = term.as_bits().ok_or(Unwritable::Type)?;
        if bits > all.len() {
            return Err(Unwritable::Short);
        }
        self.part(&all.slice(0, bits));
        Ok(())
    }

    /// Writes a small integer of at most 56 bits; none, and nothing has happened, if it is not that.
    #[inline(always)]
    pub fn short_integer(&mut self, term: Term, bits: usize, flags: Flags) -> Option<()> {
        let is_whole = flags.endian() == Endian::Big || bits.is_multiple_of(8);
        if !term.is_small() || !(1..=56).contains(&bits) || !is_whole {
            return None;
        }
        let (start, shift) = (self.at / 8, self.at % 8);
        let place = self.place.get_mut(start..)?;
        let upper = (term.small_value() as u64) << (64 - bits);
        let upper = match flags.endian() {
            Endian::Big => upper,
            Endian::Little => (upper >> (64 - bits)).swap_bytes(),
        };
        // The bits before stay, those behind are written later.
        let before = u64::from(*place.first()?) << 56 & !(u64::MAX >> shift);
        let word = (before | upper >> shift).to_be_bytes();
        if let Some(place) = place.first_chunk_mut::<8>() {
            *place = word;
        } else {
            let count = (shift + bits).div_ceil(8);
            for (to, byte) in place.get_mut(..count)?.iter_mut().zip(word) {
                *to = byte;
            }
        }
        self.at += bits;
        Some(())
    }

    /// Writes an integer.
    ///
    /// # Errors
    /// [`Unwritable::Type`].
    pub fn integer(&mut self, term: Term, bits: usize, flags: Flags) -> Result<(), Unwritable> {
        if self.short_integer(term, bits, flags).is_some() {
            return Ok(());
        }
        match term.view() {
            View::Small(value) => self.wide(Integer::from_i64(value, &mut [0]), bits, flags),
            View::Big(big) => self.wide(big.integer(), bits, flags),
            _ => return Err(Unwritable::Type),
        }
        Ok(())
    }

    fn wide(&mut self, value: Integer<'_>, bits: usize, flags: Flags) {
        if self.has_room(bits) {
            to_bits(value, self.place, Place { start: self.at, len: bits }, flags.endian());
            self.at += bits;
        }
    }

    /// Writes a number as a float. What is too large for a shorter one becomes infinite.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn float(&mut self, term: Term, bits: usize, flags: Flags) -> Result<(), Unwritable> {
        if !matches!(bits, 16 | 32 | 64) {
            return Err(Unwritable::Invalid);
        }
        let value = match term.view() {
            View::Small(value) => value as f64,
            View::Float(value) => value,
            View::Big(_) => crate::bif::arithmetic::to_float(term).ok_or(Unwritable::NoFloat)?,
            _ => return Err(Unwritable::Type),
        };
        let raw = match bits {
            16 => u64::from(half::to_bits(value)) << 48,
            32 => u64::from((value as f32).to_bits()) << 32,
            _ => value.to_bits(),
        };
        let mut bytes = raw.to_be_bytes();
        if flags.endian() == Endian::Little {
            bytes[..bits / 8].reverse();
        }
        self.bytes(&bytes, bits);
        Ok(())
    }

    fn character(term: Term) -> Result<char, Unwritable> {
        let value = term.as_small().and_then(|value| u32::try_from(value).ok());
        value.and_then(char::from_u32).ok_or(Unwritable::Type)
    }

    /// Writes a code point in UTF-8.
    ///
    /// # Errors
    /// [`Unwritable::Type`].
    pub fn utf8(&mut self, term: Term) -> Result<(), Unwritable> {
        let mut place = [0; 4];
        let text = Self::character(term)?.encode_utf8(&mut place);
        self.bytes(text.as_bytes(), 8 * text.len());
        Ok(())
    }

    /// Writes a code point in UTF-16.
    ///
    /// # Errors
    /// [`Unwritable::Type`].
    pub fn utf16(&mut self, term: Term, flags: Flags) -> Result<(), Unwritable> {
        let mut place = [0; 2];
        for unit in Self::character(term)?.encode_utf16(&mut place) {
            let bytes =
                if flags.endian() == Endian::Little { unit.to_le_bytes() } else { unit.to_be_bytes() };
            self.bytes(&bytes, 16);
        }
        Ok(())
    }

    /// Writes a code point in UTF-32.
    ///
    /// # Errors
    /// [`Unwritable::Type`].
    pub fn utf32(&mut self, term: Term, flags: Flags) -> Result<(), Unwritable> {
        let value = u32::from(Self::character(term)?);
        let bytes = if flags.endian() == Endian::Little { value.to_le_bytes() } else { value.to_be_bytes() };
        self.bytes(&bytes, 32);
        Ok(())
    }
}

/// The bits that a code point takes in UTF-8; for what is none, those of the longest.
#[must_use]
pub fn utf8_size(term: Term) -> usize {
    8 * code_point(term).map_or(4, utf::utf8_bytes)
}

/// The bits that a code point takes in UTF-16; for what is none, those of the longest.
#[must_use]
pub fn utf16_size(term: Term) -> usize {
    16 * code_point(term).map_or(2, utf::utf16_units)
}

fn code_point(term: Term) -> Option<u32> {
    term.as_small().and_then(|value| u32::try_from(value).ok())
}
