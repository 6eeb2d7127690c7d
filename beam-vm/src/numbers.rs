// SPDX-License-Identifier: Apache-2.0
//! Numbers in as few bytes as they need, seven bits in each, the lowest first; and sums of bytes.

use alloc::vec::Vec;

/// Appends a number.
pub fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A number with a sign, so that small ones are small.
pub const fn fold(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

/// The number that [`fold`] was given.
pub const fn unfold(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Reads what was put.
#[derive(Clone, Copy)]
pub struct Numbers<'a> {
    bytes: &'a [u8],
}

impl<'a> Numbers<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The next number.
    #[inline]
    pub fn next(&mut self) -> Option<u64> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        if *first < 0x80 { Some(u64::from(*first)) } else { self.long(*first) }
    }

    fn long(&mut self, first: u8) -> Option<u64> {
        let mut number = u64::from(first & 0x7F);
        let mut shift = 7;
        loop {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7F).checked_shl(shift)?;
            if *byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    /// The next number as a count or place.
    #[inline]
    pub fn size(&mut self) -> Option<usize> {
        self.next().map(|number| number as usize)
    }

    /// How many bytes are left.
    pub const fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The next number in 32 bits.
    #[inline]
    pub fn short(&mut self) -> Option<u32> {
        u32::try_from(self.next()?).ok()
    }

    /// The next bytes, as many as a number before them says.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.size()?;
        self.take(len)
    }

    /// The bytes that come next, without taking them.
    #[inline]
    pub fn peek<const LEN: usize>(&self) -> Option<&'a [u8; LEN]> {
        self.bytes.first_chunk()
    }

    /// So many bytes.
    #[inline]
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(taken)
    }
}

/// A sum of bytes by which damage is found and files are told apart; it is no protection from who means harm.
pub fn checksum(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let step = |sum: u64, word: u64| (sum.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| step(sum, u64::from_le_bytes(*word)));
    let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let sum = step(sum, last);
    sum ^ sum >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_put_is_read(numbers: Vec<u64>, signed: Vec<i64>) {
            let mut bytes = Vec::new();
            numbers.iter().for_each(|number| put(&mut bytes, *number));
            signed.iter().for_each(|number| put(&mut bytes, fold(*number)));
            let mut reader = Numbers::new(&bytes);
            for number in numbers {
                prop_assert_eq!(reader.next(), Some(number));
            }
            for number in signed {
                prop_assert_eq!(reader.next().map(unfold), Some(number));
            }
            prop_assert_eq!(reader.next(), None);
        }

        #[test]
        fn any_bytes_are_numbers_or_none(bytes: Vec<u8>) {
            let mut reader = Numbers::new(&bytes);
            while reader.next().is_some() {}
        }

        #[test]
        fn a_changed_byte_changes_the_sum(mut bytes in prop::collection::vec(any::<u8>(), 1..64), at: usize, by in 1_u8..) {
            let before = checksum(&bytes);
            let at = at % bytes.len();
            bytes[at] ^= by;
            prop_assert_ne!(checksum(&bytes), before);
        }
    }
}
