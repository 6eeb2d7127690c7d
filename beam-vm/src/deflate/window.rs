// SPDX-License-Identifier: Apache-2.0
//! The window: the last bytes, those that are still to be compressed, and where the same three bytes were before.
//!
//! It has twice the size over which matches reach. When the upper half is nearly done, it becomes the lower one. Places are numbers of 16 bits;
//! 0 means nowhere, so the very first byte is never the beginning of a match.

use alloc::vec::Vec;

use super::buffers::Buffers;
use super::codes::{MAX_MATCH, MIN_MATCH};
use super::options::{Effort, Options};
use super::sum::Sum;

/// With fewer bytes ahead, more are read before a match is looked for: a longest match, and the three bytes after it.
pub(super) const MIN_LOOKAHEAD: usize = MAX_MATCH + MIN_MATCH + 1;

/// No place.
pub(super) const NOWHERE: usize = 0;

/// The window. Fields are named by zlib's documentation of its algorithm where that has names.
#[derive(Debug)]
pub(super) struct Window {
    pub bytes: Vec<u8>,
    /// Half of the bytes.
    pub size: usize,
    /// The last place at which each hash was.
    head: Vec<u16>,
    /// The place before with the same hash, for each place.
    before: Vec<u16>,
    hash_shift: u32,
    hash_mask: usize,
    /// The place that is compressed next.
    pub at: usize,
    /// How many bytes there are from it on.
    pub lookahead: usize,
    /// Where the block begins, or began: it may have left the window.
    pub block_start: isize,
    /// Places before `at` that are still to be entered.
    pub pending: usize,
    /// Where the last match was found.
    pub match_start: usize,
}

impl Window {
    pub fn new(options: &Options) -> Self {
        let size = 1 << options.window_bits;
        let hash_bits = options.memory.hash_bits();
        Self {
            bytes: alloc::vec![0; 2 * size],
            size,
            head: alloc::vec![0; 1 << hash_bits],
            before: alloc::vec![0; size],
            hash_shift: hash_bits.div_ceil(MIN_MATCH as u32),
            hash_mask: (1 << hash_bits) - 1,
            at: 0,
            lookahead: 0,
            block_start: 0,
            pending: 0,
            match_start: 0,
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.forget_places();
        self.begin();
        self.lookahead = 0;
    }

    /// Goes on at the first place.
    pub fn begin(&mut self) {
        self.at = 0;
        self.block_start = 0;
        self.pending = 0;
    }

    /// Forgets where anything was.
    pub fn forget_places(&mut self) {
        self.head.fill(0);
    }

    /// How far back matches reach.
    pub fn reach(&self) -> usize {
        self.size - MIN_LOOKAHEAD
    }

    /// The bytes of the block, unless it began before what is there.
    pub fn block(&self) -> Option<&[u8]> {
        let start = usize::try_from(self.block_start).ok()?;
        Some(&self.bytes[start..self.at])
    }

    /// How many bytes the block has.
    pub fn block_len(&self) -> usize {
        (self.at.cast_signed() - self.block_start).cast_unsigned()
    }

    /// Reads until there are enough bytes ahead, or no more.
    pub fn fill(&mut self, io: &mut Buffers<'_>, sum: &mut Sum) {
        loop {
            if self.at >= self.size + self.reach() {
                self.bytes.copy_within(self.size.., 0);
                self.at -= self.size;
                self.match_start = self.match_start.wrapping_sub(self.size);
                self.block_start -= self.size.cast_signed();
                self.pending = self.pending.min(self.at);
                self.slide_places();
            }
            let end = self.at + self.lookahead;
            let bytes = io.take(self.bytes.len() - end);
            if bytes.is_empty() {
                return;
            }
            self.bytes[end..end + bytes.len()].copy_from_slice(bytes);
            sum.add(bytes);
            self.lookahead += bytes.len();
            while self.pending > 0 && self.lookahead + self.pending >= MIN_MATCH {
                self.enter(self.at - self.pending);
                self.pending -= 1;
            }
            if self.lookahead >= MIN_LOOKAHEAD {
                return;
            }
        }
    }

    /// Moves all places down by half of the window, and forgets those that leave it.
    pub fn slide_places(&mut self) {
        let size = self.size as u16;
        for place in self.head.iter_mut().chain(&mut self.before) {
            *place = place.saturating_sub(size);
        }
    }

    #[inline]
    fn hash(&self, at: usize) -> usize {
        let [a, b, c] = [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]].map(usize::from);
        (a << (2 * self.hash_shift) ^ b << self.hash_shift ^ c) & self.hash_mask
    }

    /// Enters a place with its three bytes, and gives the last one before that has the same hash.
    #[inline]
    pub fn enter(&mut self, at: usize) -> usize {
        let hash = self.hash(at);
        let before = core::mem::replace(&mut self.head[hash], at as u16);
        self.before[at & (self.size - 1)] = before;
        usize::from(before)
    }

    /// Whether a match at a place could be used.
    pub fn is_near(&self, place: usize) -> bool {
        place != NOWHERE && self.at - place <= self.reach()
    }

    /// Looks for the longest match that is longer than `shortest`, from a place on backwards; it is at [`match_start`](Self::match_start).
    /// Gives its length, which is no more than there are bytes ahead, and counts the places that were tried.
    pub fn longest_match(
        &mut self,
        place: usize,
        shortest: usize,
        effort: &Effort,
        budget: &mut usize,
    ) -> usize {
        let mut chain = usize::from(effort.chain);
        if shortest >= usize::from(effort.good) {
            chain /= 4;
        }
        let tries = chain;
        let nice = usize::from(effort.nice).min(self.lookahead);
        let limit = self.at.saturating_sub(self.reach());
        let bytes = &self.bytes[..];
        let ahead = &bytes[self.at..self.at + MAX_MATCH.min(self.lookahead)];
        let (mut best, mut place) = (shortest, place);
        // Two bytes at the end of the best match show most places to be no better. One of them is before the first byte if nothing
        // was found yet in this way of counting, which is no harm: a place is never the first of the window.
        let ending = |from: usize, best: usize| [bytes[from + best - 1], bytes[from + best]];
        let mut wanted = ending(self.at, best);
        loop {
            if ending(place, best) == wanted && bytes[place..place + 2] == bytes[self.at..self.at + 2] {
                let length = common(&bytes[place..], ahead);
                if length > best {
                    self.match_start = place;
                    best = length;
                    if length >= nice {
                        break;
                    }
                    wanted = ending(self.at, best);
                }
            }
            place = usize::from(self.before[place & (self.size - 1)]);
            chain -= 1;
            if place <= limit || chain == 0 {
                break;
            }
        }
        *budget = budget.saturating_sub(tries - chain);
        best.min(self.lookahead)
    }
}

/// How many bytes at the beginning are the same.
#[inline]
fn common(earlier: &[u8], ahead: &[u8]) -> usize {
    let mut len = 0;
    let (chunks, _) = ahead.as_chunks::<8>();
    for chunk in chunks {
        let Some(other) = earlier.get(len..).and_then(|rest| rest.first_chunk::<8>()) else { break };
        let difference = u64::from_le_bytes(*chunk) ^ u64::from_le_bytes(*other);
        if difference != 0 {
            return len + difference.trailing_zeros() as usize / 8;
        }
        len += 8;
    }
    let rest = earlier[len..].iter().zip(&ahead[len..]);
    len + rest.take_while(|(a, b)| a == b).count()
}
