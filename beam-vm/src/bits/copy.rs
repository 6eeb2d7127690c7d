// SPDX-License-Identifier: Apache-2.0
//! Copies bits from anywhere to anywhere, eight bytes at a time where neither side is at a byte.

use crate::term::Bits;

/// Copies bits to bit `at` of a place and behind. The bits around them stay.
///
/// # Panics
/// When the place is too short.
pub fn copy(place: &mut [u8], at: usize, from: &Bits) {
    let mut left = from.len();
    let mut source = Source { bytes: from.touched(), at: from.offset() };
    let (mut to, head) = (at / 8, at % 8);
    if head > 0 && left > 0 {
        let count = left.min(8 - head);
        let byte = source.take(count) >> head;
        let mask = (0xFF_u8 << (8 - count)) >> head;
        place[to] = place[to] & !mask | byte & mask;
        left -= count;
        to += 1;
    }
    let whole = left / 8;
    source.whole(&mut place[to..to + whole]);
    to += whole;
    let tail = left % 8;
    if tail > 0 {
        let mask = 0xFF_u8 << (8 - tail);
        place[to] = place[to] & !mask | source.take(tail) & mask;
    }
}

/// Bytes and the next bit in them.
struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Source<'_> {
    /// The next bits, 1 to 8 of them, in the upper end of a byte; the others may be anything.
    fn take(&mut self, count: usize) -> u8 {
        let (index, shift) = (self.at / 8, self.at % 8);
        let mut byte = self.bytes[index] << shift;
        if shift + count > 8 {
            byte |= self.bytes[index + 1] >> (8 - shift);
        }
        self.at += count;
        byte
    }

    /// The next whole bytes.
    fn whole(&mut self, place: &mut [u8]) {
        let (start, shift) = (self.at / 8, self.at % 8);
        self.at += 8 * place.len();
        if shift == 0 || place.is_empty() {
            place.copy_from_slice(&self.bytes[start..start + place.len()]);
            return;
        }
        let from = &self.bytes[start..=start + place.len()];
        let mut chunks = place.chunks_exact_mut(8);
        let mut index = 0;
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(&from[index..index + 8]);
            let value = u64::from_be_bytes(word) << shift | u64::from(from[index + 8] >> (8 - shift));
            chunk.copy_from_slice(&value.to_be_bytes());
            index += 8;
        }
        for byte in chunks.into_remainder() {
            *byte = from[index] << shift | from[index + 1] >> (8 - shift);
            index += 1;
        }
    }
}
