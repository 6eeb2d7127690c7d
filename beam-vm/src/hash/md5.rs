// SPDX-License-Identifier: Apache-2.0
//! MD5 (RFC 1321) whose state is a binary that programs hold: `erlang:md5_init/0`, `md5_update/2`, `md5_final/1`.
//!
//! The binary is laid out as stock's: four words of state, the number of bits, the bytes of a block that is not full. Where stock leaves
//! what was in memory, here are zeros.

use core::fmt;

use md5::block_api::compress;

/// Bytes of a block.
const BLOCK: usize = 64;

/// Bytes of the binary.
const CONTEXT: usize = 16 + 8 + BLOCK;

/// The binary is not one that `md5_init` or `md5_update` has given: `badarg`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContextError;

impl fmt::Display for ContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an MD5 context has {CONTEXT} bytes")
    }
}

impl core::error::Error for ContextError {}

/// A sum that is being made.
#[derive(Clone, Debug)]
pub struct Md5State {
    words: [u32; 4],
    bits: u64,
    block: [u8; BLOCK],
}

impl Default for Md5State {
    fn default() -> Self {
        Self { words: [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476], bits: 0, block: [0; BLOCK] }
    }
}

impl Md5State {
    /// The state that a binary holds.
    ///
    /// # Errors
    /// [`ContextError`].
    pub fn from_context(context: &[u8]) -> Result<Self, ContextError> {
        let context: &[u8; CONTEXT] = context.try_into().map_err(|_| ContextError)?;
        let (words, rest) = context.split_at(16);
        let (bits, block) = rest.split_at(8);
        let mut state = Self::default();
        for (word, bytes) in state.words.iter_mut().zip(words.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        for bytes in bits.as_chunks().0 {
            state.bits = u64::from_le_bytes(*bytes);
        }
        state.block.copy_from_slice(block);
        Ok(state)
    }

    /// The binary that holds the state.
    #[must_use]
    pub fn to_context(&self) -> [u8; CONTEXT] {
        let mut context = [0; CONTEXT];
        context[..16].copy_from_slice(&self.to_sum());
        context[16..24].copy_from_slice(&self.bits.to_le_bytes());
        context[24..].copy_from_slice(&self.block);
        context
    }

    /// Takes bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let filled = (self.bits / 8) as usize % BLOCK;
        self.bits = self.bits.wrapping_add(8 * bytes.len() as u64);
        let mut rest = bytes;
        if filled > 0 {
            let (first, after) = rest.split_at(rest.len().min(BLOCK - filled));
            self.block[filled..filled + first.len()].copy_from_slice(first);
            rest = after;
            if filled + first.len() < BLOCK {
                return;
            }
            compress(&mut self.words, &[self.block]);
        }
        let (blocks, rest) = rest.as_chunks::<BLOCK>();
        compress(&mut self.words, blocks);
        self.block[..rest.len()].copy_from_slice(rest);
    }

    /// The sum.
    #[must_use]
    pub fn finish(mut self) -> [u8; 16] {
        let bits = self.bits.to_le_bytes();
        let filled = (self.bits / 8) as usize % BLOCK;
        let zeros = (2 * BLOCK - 9 - filled) % BLOCK;
        let mut padding = [0; BLOCK];
        padding[0] = 0x80;
        self.update(&padding[..=zeros]);
        self.update(&bits);
        self.to_sum()
    }

    fn to_sum(&self) -> [u8; 16] {
        let mut sum = [0; 16];
        for (bytes, word) in sum.as_chunks_mut().0.iter_mut().zip(self.words) {
            *bytes = word.to_le_bytes();
        }
        sum
    }
}
