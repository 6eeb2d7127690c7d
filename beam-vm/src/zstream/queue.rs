// SPDX-License-Identifier: Apache-2.0
//! Bytes that wait, in the pieces in which they came. Large ones stay in the binaries that they are part of.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use crate::heap::{BinaryBlock, shared_bytes};
use crate::term::Term;

/// Where the bytes of a piece are.
#[derive(Debug)]
enum Source {
    Shared(BinaryBlock),
    Own(Box<[u8]>),
}

#[derive(Debug)]
struct Piece {
    source: Source,
    start: usize,
    end: usize,
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        let bytes = match &self.source {
            Source::Shared(block) => block.bytes(),
            Source::Own(bytes) => bytes,
        };
        &bytes[self.start..self.end]
    }
}

/// The pieces, the first first.
#[derive(Debug, Default)]
pub struct Queue {
    pieces: VecDeque<Piece>,
    len: usize,
}

impl Queue {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Adds the bytes of a binary. Gives whether it is one.
    pub fn push(&mut self, binary: Term) -> bool {
        let Some(bits) = binary.as_bits().filter(|bits| bits.is_binary()) else { return false };
        let len = bits.len() / 8;
        if len == 0 {
            return true;
        }
        let piece = match shared_bytes(binary) {
            Some((block, place)) => {
                Piece { source: Source::Shared(block), start: place.start, end: place.end }
            }
            None => Piece { source: Source::Own(bits.bytes().collect()), start: 0, end: len },
        };
        self.pieces.push_back(piece);
        self.len += len;
        true
    }

    /// The bytes of a piece; none if there are not so many pieces.
    #[must_use]
    pub fn piece(&self, index: usize) -> &[u8] {
        self.pieces.get(index).map_or(&[], Piece::bytes)
    }

    /// Takes away the first bytes.
    pub fn take(&mut self, bytes: usize) {
        let mut left = bytes.min(self.len);
        self.len -= left;
        while let Some(first) = self.pieces.front_mut() {
            let there = first.end - first.start;
            if left < there {
                first.start += left;
                return;
            }
            left -= there;
            self.pieces.pop_front();
        }
    }
}
