// SPDX-License-Identifier: Apache-2.0
//! What was written to a port and is not out yet: pieces in order, the first of them perhaps begun.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Bytes that wait.
#[derive(Debug, Default)]
pub struct Backlog {
    pieces: VecDeque<Vec<u8>>,
    /// Bytes of the first piece that are out.
    done: usize,
    len: usize,
}

impl Backlog {
    /// How many bytes wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends bytes.
    pub fn push(&mut self, bytes: Vec<u8>) {
        self.len += bytes.len();
        if !bytes.is_empty() {
            self.pieces.push_back(bytes);
        }
    }

    /// The bytes to write next.
    #[must_use]
    pub fn next(&self) -> Option<&[u8]> {
        self.pieces.front().map(|piece| &piece[self.done..])
    }

    /// Says that the first bytes are out.
    pub fn advance(&mut self, count: usize) {
        self.done += count;
        self.len -= count;
        while self.pieces.front().is_some_and(|piece| piece.len() <= self.done) {
            self.done -= self.pieces.pop_front().map_or(0, |piece| piece.len());
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(pieces in prop::collection::vec(any::<Vec<u8>>(), 0..20), steps in prop::collection::vec(1usize..30, 1..20)) {
            let mut backlog = Backlog::default();
            let mut out = Vec::new();
            let mut steps = steps.iter().cycle();
            for piece in &pieces {
                backlog.push(piece.clone());
                if let Some(bytes) = backlog.next() {
                    let count = bytes.len().min(*steps.next().unwrap_or(&1));
                    out.extend_from_slice(&bytes[..count]);
                    backlog.advance(count);
                }
            }
            while let Some(bytes) = backlog.next() {
                let count = bytes.len().min(*steps.next().unwrap_or(&1));
                out.extend_from_slice(&bytes[..count]);
                backlog.advance(count);
            }
            prop_assert!(backlog.is_empty());
            prop_assert_eq!(out, pieces.concat());
        }
    }
}
