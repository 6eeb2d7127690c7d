// SPDX-License-Identifier: Apache-2.0
//! Between integers and bit fields: the integer segments of binary matching and construction, of any size, at any bit offset.
//!
//! A big-endian field has its most significant bit first. A little-endian field is a row of bytes from the least significant one on;
//! when its size is no multiple of eight, the bits that are left over come last and are the most significant ones. One step for 64 bits.

use super::bitwise::twos_complement;
use super::{Extent, Integer, Sign, SystemLimit, limbs};

/// The byte order of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endian {
    /// Most significant byte first.
    Big,
    /// Least significant byte first.
    Little,
}

/// Whether the most significant bit of a field is a sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signedness {
    /// It is not.
    Unsigned,
    /// The field is in two's complement.
    Signed,
}

/// Where in a row of bytes a field lies. Bit 0 is the most significant bit of the first byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bits {
    /// The first bit.
    pub start: usize,
    /// The number of bits.
    pub len: usize,
}

/// The limbs that the place for a field's integer must have.
#[must_use]
pub fn bits_limbs(bits: Bits) -> usize {
    bits.len.div_ceil(64)
}

/// Reads a field of `bytes` into `out`, which has at least [`bits_limbs`].
///
/// # Panics
/// If the field reaches beyond the bytes.
pub fn from_bits(
    bytes: &[u8],
    bits: Bits,
    endian: Endian,
    signedness: Signedness,
    out: &mut [u64],
) -> Result<Extent, SystemLimit> {
    let out = &mut out[..bits_limbs(bits)];
    for (piece, limb) in pieces(bits, endian).zip(&mut *out) {
        let value = read(bytes, piece);
        *limb = match endian {
            Endian::Big => value,
            Endian::Little => swap(value, piece.len),
        };
    }
    let top_bits = bits.len % 64;
    let negative = match (signedness, out.last()) {
        (Signedness::Signed, Some(top)) => top >> ((bits.len - 1) % 64) & 1 == 1,
        _ => false,
    };
    if !negative {
        return Extent::within_limit(Sign::Positive, out);
    }
    if let Some(top) = out.last_mut().filter(|_| top_bits != 0) {
        *top |= u64::MAX << top_bits;
    }
    limbs::negate(out);
    Extent::within_limit(Sign::Negative, out)
}

/// Writes the low bits of an integer's two's complement to a field of `bytes`; the bits around it stay.
///
/// # Panics
/// If the field reaches beyond the bytes.
pub fn to_bits(a: Integer<'_>, bytes: &mut [u8], bits: Bits, endian: Endian) {
    for (piece, limb) in pieces(bits, endian).zip(twos_complement(a)) {
        let value = match endian {
            Endian::Big => limb,
            Endian::Little => swap_back(limb, piece.len),
        };
        write(bytes, piece, value);
    }
}

/// The parts of a field that make up its limbs, least significant limb first.
fn pieces(bits: Bits, endian: Endian) -> impl Iterator<Item = Bits> {
    (0..bits.len).step_by(64).map(move |done| {
        let len = (bits.len - done).min(64);
        match endian {
            Endian::Big => Bits { start: bits.start + bits.len - done - len, len },
            Endian::Little => Bits { start: bits.start + done, len },
        }
    })
}

/// The value of a little-endian field of at most 64 bits that was read as a big-endian one.
fn swap(value: u64, len: usize) -> u64 {
    let rest = len % 8;
    if rest == 0 {
        return (value << (64 - len)).swap_bytes();
    }
    let whole = len - rest;
    let low = (value >> rest).unbounded_shl(64 - whole as u32).swap_bytes();
    low | (value & ((1 << rest) - 1)) << whole
}

/// What has to be written as a big-endian field of at most 64 bits to make a little-endian one.
fn swap_back(value: u64, len: usize) -> u64 {
    let rest = len % 8;
    if rest == 0 {
        return value.swap_bytes() >> (64 - len);
    }
    let whole = len - rest;
    let low = value.swap_bytes().unbounded_shr(64 - whole as u32);
    low << rest | value >> whole & ((1 << rest) - 1)
}

/// The bits of a piece of 1 to 64 bits, right-aligned.
fn read(bytes: &[u8], piece: Bits) -> u64 {
    let (first, end) = (piece.start / 8, piece.start + piece.len);
    let mut value = 0u128;
    for &byte in &bytes[first..end.div_ceil(8)] {
        value = value << 8 | u128::from(byte);
    }
    value >>= end.wrapping_neg() % 8;
    value as u64 & u64::MAX >> (64 - piece.len)
}

/// Writes the low bits of a value to a piece of 1 to 64 bits.
fn write(bytes: &mut [u8], piece: Bits, value: u64) {
    let (first, end) = (piece.start / 8, piece.start + piece.len);
    let below = end.wrapping_neg() % 8;
    let mut mask = u128::from(u64::MAX >> (64 - piece.len)) << below;
    let mut value = u128::from(value) << below & mask;
    for byte in bytes[first..end.div_ceil(8)].iter_mut().rev() {
        *byte = *byte & !(mask as u8) | value as u8;
        mask >>= 8;
        value >>= 8;
    }
}
