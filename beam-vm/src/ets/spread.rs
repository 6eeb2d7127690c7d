// SPDX-License-Identifier: Apache-2.0
//! A hash for numbers that this machine gives out itself, such as those of atoms and references: nobody chooses them, so one multiplication is
//! enough. It has no seed.

use core::hash::{BuildHasherDefault, Hasher};

/// What makes hash tables of numbers.
pub(super) type BySpread = BuildHasherDefault<Spread>;

/// The golden ratio, as an odd part of 2⁶⁴.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The hash of the numbers so far.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(29) ^ number).wrapping_mul(GOLDEN);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
