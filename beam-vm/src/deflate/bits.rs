// SPDX-License-Identifier: Apache-2.0
//! Bits on their way out, the first in the lowest place of a byte (RFC 1951 section 3.1.1).

use alloc::vec::Vec;

use super::buffers::Buffers;

/// Bits that were written, as far as the output has not taken them.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    taken: usize,
    buffer: u64,
    count: u32,
}

impl BitWriter {
    /// Writes the lowest bits of a number, at most 32. The others have to be 0.
    pub fn put(&mut self, value: u32, bits: u32) {
        debug_assert!(bits <= 32 && u64::from(value) < 1 << bits);
        self.buffer |= u64::from(value) << self.count;
        self.count += bits;
        if self.count >= 32 {
            self.bytes.extend_from_slice(&(self.buffer as u32).to_le_bytes());
            self.buffer >>= 32;
            self.count -= 32;
        }
    }

    /// Writes 0 to the end of the byte.
    pub fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
        self.flush();
    }

    /// Writes bytes; the writer has to be at the beginning of one.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.flush();
        debug_assert!(self.count == 0);
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bits of a byte that is not complete there are, once [`drain`](Self::drain) was called.
    pub fn partial(&self) -> usize {
        self.count as usize
    }

    /// Whether all complete bytes were taken.
    pub fn is_drained(&self) -> bool {
        self.bytes.len() == self.taken
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self { bytes: core::mem::take(&mut self.bytes), ..Self::default() };
        self.bytes.clear();
    }

    /// Gives complete bytes to the output as far as it has room.
    pub fn drain(&mut self, io: &mut Buffers<'_>) {
        self.flush();
        self.taken += io.put(&self.bytes[self.taken..]);
        if self.is_drained() {
            self.bytes.clear();
            self.taken = 0;
        }
    }

    fn flush(&mut self) {
        while self.count >= 8 {
            self.bytes.push(self.buffer as u8);
            self.buffer >>= 8;
            self.count -= 8;
        }
    }
}
