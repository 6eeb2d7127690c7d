// SPDX-License-Identifier: Apache-2.0
//! Bits that are written one segment after the other.

use alloc::vec;
use alloc::vec::Vec;

use super::{Flags, half, utf};
use crate::number::integer::{Bits as Place, Endian, Integer, to_bits};
use crate::term::{Bits, Term, View};

/// Why a segment cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unwritable {
    /// The value is of another type.
    Type,
    /// A float has no form of this size, or is too large for it.
    Size,
    /// The value is shorter than its segment.
    Short,
    /// The value's length is no multiple of the unit.
    Unit,
}

/// Bits that grow at their end.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    bits: usize,
}

impl Writer {
    /// Nothing written, with room for some bits.
    #[must_use]
    pub fn with_capacity(bits: usize) -> Self {
        Self { bytes: Vec::with_capacity(bits.div_ceil(8)), bits: 0 }
    }

    /// The bytes; the unused bits of the last are 0.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bits were written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bits
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits == 0
    }

    /// Writes the upper `bits` bits of bytes.
    pub fn bytes_of(&mut self, bytes: impl Iterator<Item = u8>, bits: usize) {
        let shift = self.bits % 8;
        let mut left = bits;
        for byte in bytes {
            if left == 0 {
                break;
            }
            let used = left.min(8);
            let byte = if used < 8 { byte & !(0xFF >> used) } else { byte };
            if shift == 0 {
                self.bytes.push(byte);
            } else {
                if let Some(last) = self.bytes.last_mut() {
                    *last |= byte >> shift;
                }
                if shift + used > 8 {
                    self.bytes.push(byte << (8 - shift));
                }
            }
            left -= used;
        }
        self.bits += bits - left;
    }

    /// Writes bits.
    pub fn part(&mut self, bits: &Bits) {
        if self.bits.is_multiple_of(8)
            && let Some(bytes) = bits.as_bytes()
        {
            self.bytes.extend_from_slice(bytes);
            self.bits += bits.len();
            return;
        }
        self.bytes_of(bits.bytes(), bits.len());
    }

    /// Writes an integer.
    ///
    /// # Errors
    /// [`Unwritable::Type`].
    pub fn integer(&mut self, term: Term, bits: usize, flags: Flags) -> Result<(), Unwritable> {
        match term.view() {
            View::Small(value) if bits <= 64 && flags.endian() == Endian::Big => {
                let bytes = if bits == 0 { [0; 8] } else { ((value as u64) << (64 - bits)).to_be_bytes() };
                self.bytes_of(bytes.into_iter(), bits);
            }
            View::Small(value) => self.wide(Integer::from_i64(value, &mut [0]), bits, flags),
            View::Big(big) => self.wide(big.integer(), bits, flags),
            _ => return Err(Unwritable::Type),
        }
        Ok(())
    }

    fn wide(&mut self, value: Integer<'_>, bits: usize, flags: Flags) {
        let mut bytes = vec![0; bits.div_ceil(8)];
        to_bits(value, &mut bytes, Place { start: 0, len: bits }, flags.endian());
        self.bytes_of(bytes.into_iter(), bits);
    }

    /// Writes a number as a float.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn float(&mut self, term: Term, bits: usize, flags: Flags) -> Result<(), Unwritable> {
        let value = crate::bif::arithmetic::to_float(term).ok_or(Unwritable::Type)?;
        let raw = match bits {
            16 => u64::from(half::to_bits(value).ok_or(Unwritable::Size)?) << 48,
            32 => {
                let short = value as f32;
                if !short.is_finite() {
                    return Err(Unwritable::Size);
                }
                u64::from(short.to_bits()) << 32
            }
            64 => value.to_bits(),
            _ => return Err(Unwritable::Size),
        };
        let mut bytes = raw.to_be_bytes();
        if flags.endian() == Endian::Little {
            bytes[..bits / 8].reverse();
        }
        self.bytes_of(bytes.into_iter(), bits);
        Ok(())
    }

    fn code_point(term: Term) -> Result<u32, Unwritable> {
        let value = term.as_small().and_then(|value| u64::try_from(value).ok()).ok_or(Unwritable::Type)?;
        utf::code_point(value).ok_or(Unwritable::Type)
    }

    /// Writes a code point in UTF-8.
    ///
    /// # Errors
    /// [`Unwritable::Type`].
    pub fn utf8(&mut self, term: Term) -> Result<(), Unwritable> {
        let value = char::from_u32(Self::code_point(term)?).ok_or(Unwritable::Type)?;
        let mut place = [0; 4];
        let text = value.encode_utf8(&mut place);
        self.bytes_of(text.bytes(), 8 * text.len());
        Ok(())
    }

    /// Writes a code point in UTF-16.
    ///
    /// # Errors
    /// [`Unwritable::Type`].
    pub fn utf16(&mut self, term: Term, flags: Flags) -> Result<(), Unwritable> {
        let value = char::from_u32(Self::code_point(term)?).ok_or(Unwritable::Type)?;
        let mut place = [0; 2];
        for unit in value.encode_utf16(&mut place) {
            let bytes =
                if flags.endian() == Endian::Little { unit.to_le_bytes() } else { unit.to_be_bytes() };
            self.bytes_of(bytes.into_iter(), 16);
        }
        Ok(())
    }

    /// Writes a code point in UTF-32.
    ///
    /// # Errors
    /// [`Unwritable::Type`].
    pub fn utf32(&mut self, term: Term, flags: Flags) -> Result<(), Unwritable> {
        let value = Self::code_point(term)?;
        let bytes = if flags.endian() == Endian::Little { value.to_le_bytes() } else { value.to_be_bytes() };
        self.bytes_of(bytes.into_iter(), 32);
        Ok(())
    }
}
