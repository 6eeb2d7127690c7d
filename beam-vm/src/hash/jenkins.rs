// SPDX-License-Identifier: Apache-2.0
//! Bob Jenkins' mixing of three words (Dr. Dobb's Journal, 1997), on which all newer hashes of terms are built.

use crate::short;
use crate::term::ShortBytes;

/// The golden ratio, which tells kinds of terms apart by its multiples.
const GOLDEN: u32 = 0x9E37_79B9;

/// The constant that a kind of term is mixed with: a multiple of the golden ratio.
pub const fn constant(multiple: u32) -> u32 {
    GOLDEN.wrapping_mul(multiple)
}

#[inline]
const fn mix([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    a = a.wrapping_sub(b).wrapping_sub(c) ^ c >> 13;
    b = b.wrapping_sub(c).wrapping_sub(a) ^ a << 8;
    c = c.wrapping_sub(a).wrapping_sub(b) ^ b >> 13;
    a = a.wrapping_sub(b).wrapping_sub(c) ^ c >> 12;
    b = b.wrapping_sub(c).wrapping_sub(a) ^ a << 16;
    c = c.wrapping_sub(a).wrapping_sub(b) ^ b >> 5;
    a = a.wrapping_sub(b).wrapping_sub(c) ^ c >> 3;
    b = b.wrapping_sub(c).wrapping_sub(a) ^ a << 10;
    c = c.wrapping_sub(a).wrapping_sub(b) ^ b >> 15;
    [a, b, c]
}

/// A hash with two more words in it.
#[inline]
pub const fn two(hash: u32, first: u32, second: u32, constant: u32) -> u32 {
    mix([constant.wrapping_add(first), constant.wrapping_add(second), hash])[2]
}

/// A hash with one more word in it.
#[inline]
pub const fn one(hash: u32, word: u32, constant: u32) -> u32 {
    two(hash, word, 0, constant)
}

/// A hash with the two halves of a word of 64 bits in it.
#[inline]
pub const fn wide(hash: u32, word: u64, constant: u32) -> u32 {
    two(hash, word as u32, (word >> 32) as u32, constant)
}

/// The hash of bytes that lie side by side: that of a [`Block`] of them.
#[inline]
pub fn bytes(initial: u32, bytes: &[u8]) -> u32 {
    let mut state = [GOLDEN, GOLDEN, initial];
    let (steps, rest) = bytes.as_chunks::<{ Block::STEP }>();
    for step in steps {
        let first = short::number(step);
        let words = [first as u32, (first >> 32) as u32, short::number(&step[8..]) as u32];
        for (state, word) in state.iter_mut().zip(words) {
            *state = state.wrapping_add(word);
        }
        state = mix(state);
    }
    let first = short::number(rest);
    // The lowest byte of the third word is the length's.
    let third = rest.get(8..).map_or(0, |last| (short::number(last) as u32) << 8);
    let [a, b, c] = state;
    mix([
        a.wrapping_add(first as u32),
        b.wrapping_add((first >> 32) as u32),
        c.wrapping_add(third).wrapping_add(bytes.len() as u32),
    ])[2]
}

/// The same of bytes that are less than a [`Block::STEP`].
#[inline]
pub fn short_bytes(initial: u32, ShortBytes { len, words: [first, second] }: ShortBytes) -> u32 {
    debug_assert!(len < Block::STEP, "there are more");
    let third = (second as u32) << 8;
    mix([
        GOLDEN.wrapping_add(first as u32),
        GOLDEN.wrapping_add((first >> 32) as u32),
        initial.wrapping_add(third).wrapping_add(len as u32),
    ])[2]
}

/// The hash of bytes that come in parts.
#[derive(Clone, Copy, Debug)]
pub struct Block([u32; 3]);

impl Block {
    /// How many bytes are mixed at once. All parts but the last have to be a multiple of it.
    pub const STEP: usize = 12;

    /// The hash of no bytes yet.
    pub const fn new(initial: u32) -> Self {
        Self([GOLDEN, GOLDEN, initial])
    }

    /// Takes whole steps.
    pub fn update(&mut self, mut bytes: impl ExactSizeIterator<Item = u8>) {
        while bytes.len() >= Self::STEP {
            for state in &mut self.0 {
                let word = [(); 4].map(|()| bytes.next().unwrap_or(0));
                *state = state.wrapping_add(u32::from_le_bytes(word));
            }
            self.0 = mix(self.0);
        }
    }

    /// Takes the last bytes, less than a step, and the number of all.
    pub fn finish(self, rest: impl Iterator<Item = u8>, total: usize) -> u32 {
        let mut bytes = [0; Self::STEP];
        // The lowest byte of the third word is the length's.
        let places = (0..8).chain(9..Self::STEP);
        for (place, byte) in places.zip(rest) {
            bytes[place] = byte;
        }
        let [mut a, mut b, mut c] = self.0;
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        a = a.wrapping_add(word(0));
        b = b.wrapping_add(word(4));
        c = c.wrapping_add(word(8)).wrapping_add(total as u32);
        mix([a, b, c])[2]
    }
}
