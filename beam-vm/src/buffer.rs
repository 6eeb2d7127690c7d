// SPDX-License-Identifier: Apache-2.0
//! Queues of bytes, as module `prim_buffer` has them (`erts/emulator/nifs/common/prim_buffer_nif.c`): large binaries are kept as they are,
//! small ones are gathered, so that neither is copied often.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::ops::Range;

use crate::heap::BinaryBlock;

/// Bytes that are gathered at most.
const GATHERED: usize = 2 << 10;

/// Bytes of the queue.
#[derive(Debug)]
struct Chunk {
    block: BinaryBlock,
    part: Range<usize>,
}

impl Chunk {
    fn bytes(&self) -> &[u8] {
        &self.block.bytes()[self.part.clone()]
    }
}

/// A queue of bytes.
#[derive(Debug, Default)]
pub struct Buffer {
    chunks: VecDeque<Chunk>,
    /// How many bytes the chunks have.
    queued: usize,
    /// Bytes behind them that are still to become one.
    gathered: Vec<u8>,
    /// Whether somebody has it for himself.
    pub is_locked: bool,
}

/// What is written at once.
#[derive(Debug)]
pub enum Piece {
    /// Bytes of a block.
    Shared(BinaryBlock, Range<usize>),
    /// Bytes of a heap, copied.
    Copied(Vec<u8>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared(block, part) => &block.bytes()[part.clone()],
            Self::Copied(bytes) => bytes,
        }
    }
}

impl Buffer {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queued + self.gathered.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn push(&mut self, block: BinaryBlock, part: Range<usize>) {
        if !part.is_empty() {
            self.queued += part.len();
            self.chunks.push_back(Chunk { block, part });
        }
    }

    /// Makes a chunk of what was gathered.
    fn settle(&mut self) {
        if !self.gathered.is_empty() {
            let block = BinaryBlock::from_bytes(&self.gathered);
            let part = 0..self.gathered.len();
            self.gathered.clear();
            self.push(block, part);
        }
    }

    /// Appends what is written at once.
    pub fn write(&mut self, pieces: Vec<Piece>) {
        let size: usize = pieces.iter().map(|piece| piece.bytes().len()).sum();
        if self.gathered.len() + size >= GATHERED {
            self.settle();
            if size >= GATHERED / 2 {
                for piece in pieces {
                    match piece {
                        Piece::Shared(block, part) => self.push(block, part),
                        Piece::Copied(bytes) => self.push(BinaryBlock::from_bytes(&bytes), 0..bytes.len()),
                    }
                }
                return;
            }
        }
        pieces.iter().for_each(|piece| self.gathered.extend_from_slice(piece.bytes()));
    }

    /// The block of the first bytes, and where in it they are.
    pub fn head(&mut self) -> Option<(BinaryBlock, Range<usize>)> {
        self.settle();
        self.chunks.front().map(|chunk| (chunk.block.clone(), chunk.part.clone()))
    }

    /// Removes the first bytes and gives each run of them. Gives whether there are as many.
    pub fn take(&mut self, count: usize, mut sink: impl FnMut(&[u8])) -> bool {
        self.settle();
        if count > self.queued {
            return false;
        }
        let mut left = count;
        while left > 0 {
            let Some(chunk) = self.chunks.front_mut() else { break };
            let some = left.min(chunk.part.len());
            sink(&chunk.bytes()[..some]);
            chunk.part.start += some;
            if chunk.part.is_empty() {
                self.chunks.pop_front();
            }
            left -= some;
        }
        self.queued -= count;
        true
    }

    /// The first place of a byte.
    pub fn find(&mut self, byte: u8) -> Option<usize> {
        self.settle();
        let mut before = 0;
        for chunk in &self.chunks {
            if let Some(place) = crate::search::position(byte, chunk.bytes()) {
                return Some(before + place);
            }
            before += chunk.part.len();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{Buffer, Piece};
    use crate::heap::BinaryBlock;

    fn pieces(bytes: &[u8], at: usize) -> Vec<Piece> {
        let (copied, shared) = bytes.split_at(at.min(bytes.len()));
        let block = BinaryBlock::from_bytes(shared);
        let part = 0..shared.len();
        Vec::from([Piece::Copied(copied.to_vec()), Piece::Shared(block, part)])
    }

    proptest! {
        /// Whatever is written and read, the bytes are those of a simple queue.
        #[test]
        fn a_buffer_is_a_queue(
            steps in prop::collection::vec((any::<bool>(), 0usize..5000, 0usize..3000, any::<u8>()), 1..40),
        ) {
            let (mut buffer, mut model) = (Buffer::default(), Vec::new());
            for (is_write, size, at, seed) in steps {
                if is_write {
                    let bytes: Vec<u8> = (0..size).map(|index| (index as u8).wrapping_mul(seed)).collect();
                    model.extend_from_slice(&bytes);
                    buffer.write(pieces(&bytes, at));
                } else {
                    let mut taken = Vec::new();
                    let is_there = buffer.take(at, |bytes| taken.extend_from_slice(bytes));
                    prop_assert_eq!(is_there, at <= model.len());
                    if is_there {
                        let expected: Vec<u8> = model.drain(..at).collect();
                        prop_assert_eq!(taken, expected);
                    }
                }
                prop_assert_eq!(buffer.len(), model.len());
                prop_assert_eq!(buffer.find(seed), model.iter().position(|byte| *byte == seed));
                let head = buffer.head().map(|(block, part)| block.bytes()[part].to_vec());
                prop_assert_eq!(head.is_some(), !model.is_empty());
                prop_assert!(model.starts_with(&head.unwrap_or_default()));
            }
        }
    }
}
