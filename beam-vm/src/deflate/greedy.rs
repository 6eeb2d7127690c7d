// SPDX-License-Identifier: Apache-2.0
//! The levels that take the match at each place, and enter only the strings inside of short ones.

use super::buffers::Buffers;
use super::codes::MIN_MATCH;
use super::stream::{Deflate, Flush, Outcome};
use super::window::{MIN_LOOKAHEAD, NOWHERE};

impl Deflate {
    /// Compresses what there is, as far as `flush` allows.
    pub(super) fn run_greedy(&mut self, io: &mut Buffers<'_>, flush: Flush, budget: &mut usize) -> Outcome {
        loop {
            if *budget == 0 {
                return Outcome::Paused;
            }
            *budget -= 1;
            if let Some(outcome) = self.fill(io, flush, MIN_LOOKAHEAD) {
                return outcome;
            }
            if self.window.lookahead == 0 {
                break;
            }
            let window = &mut self.window;
            let place = if window.lookahead >= MIN_MATCH { window.enter(window.at) } else { NOWHERE };
            if window.is_near(place) {
                self.match_length = window.longest_match(place, self.best_before, &self.effort, budget);
            }
            let is_full = if self.match_length >= MIN_MATCH {
                let length = core::mem::take(&mut self.match_length);
                let is_full = self.blocks.found(window.at - window.match_start, length);
                window.lookahead -= length;
                if length <= usize::from(self.effort.lazy) && window.lookahead >= MIN_MATCH {
                    for inside in window.at + 1..window.at + length {
                        window.enter(inside);
                    }
                }
                window.at += length;
                is_full
            } else {
                let byte = window.bytes[window.at];
                window.lookahead -= 1;
                window.at += 1;
                self.blocks.literal(byte)
            };
            if is_full && let Some(outcome) = self.end_block(io) {
                return outcome;
            }
        }
        self.window.pending = self.window.at.min(MIN_MATCH - 1);
        self.end_input(io, flush)
    }
}
