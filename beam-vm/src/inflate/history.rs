// SPDX-License-Identifier: Apache-2.0
//! What was expanded before the buffer that is being filled, as far as matches may reach.

use alloc::vec::Vec;

/// The farthest that a match reaches in any format.
const MOST: usize = 1 << 15;

/// The last bytes that came out, in a ring.
#[derive(Debug, Default)]
pub(super) struct History {
    ring: Vec<u8>,
    /// The oldest byte, once the ring is full.
    next: usize,
}

impl History {
    pub fn clear(&mut self) {
        self.ring.clear();
        self.next = 0;
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Adds bytes; the oldest ones give way.
    pub fn add(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(MOST)..];
        let (fresh, rest) = bytes.split_at(bytes.len().min(MOST - self.ring.len()));
        self.ring.extend_from_slice(fresh);
        let (to_end, from_start) = rest.split_at(rest.len().min(MOST - self.next));
        self.ring[self.next..self.next + to_end.len()].copy_from_slice(to_end);
        self.ring[..from_start.len()].copy_from_slice(from_start);
        self.next = (self.next + rest.len()) % MOST;
    }

    /// Copies bytes that begin so far before the end. No more are asked for than there are.
    pub fn copy(&self, back: usize, to: &mut [u8]) {
        let start = (self.next + self.ring.len() - back) % self.ring.len().max(1);
        let (to_end, from_start) = to.split_at_mut(to.len().min(self.ring.len() - start));
        to_end.copy_from_slice(&self.ring[start..start + to_end.len()]);
        from_start.copy_from_slice(&self.ring[..from_start.len()]);
    }

    /// The last bytes, at most `most`.
    pub fn last(&self, most: usize) -> Vec<u8> {
        let mut bytes = alloc::vec![0; self.len().min(most)];
        let back = bytes.len();
        if back > 0 {
            self.copy(back, &mut bytes);
        }
        bytes
    }
}
