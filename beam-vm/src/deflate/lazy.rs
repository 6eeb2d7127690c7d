// SPDX-License-Identifier: Apache-2.0
//! The levels that take a match only if there is no longer one at the next place.

use super::buffers::Buffers;
use super::codes::MIN_MATCH;
use super::options::Strategy;
use super::stream::{Deflate, Flush, Outcome};
use super::window::{MIN_LOOKAHEAD, NOWHERE};

/// A match of three bytes from farther than this takes more bits than its bytes.
const TOO_FAR: usize = 4096;

impl Deflate {
    /// Compresses what there is, as far as `flush` allows.
    pub(super) fn run_lazy(&mut self, io: &mut Buffers<'_>, flush: Flush, budget: &mut usize) -> Outcome {
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
            self.find_next(budget);
            let window = &mut self.window;
            if self.best_before >= MIN_MATCH && self.match_length <= self.best_before {
                // What is at the place before is the better one.
                let last = window.at + window.lookahead - MIN_MATCH;
                let length = core::mem::take(&mut self.best_before);
                let is_full = self.blocks.found(window.at - 1 - self.start_before, length);
                window.lookahead -= length - 1;
                for inside in window.at + 1..window.at + length - 1 {
                    if inside <= last {
                        window.enter(inside);
                    }
                }
                window.at += length - 1;
                self.has_literal = false;
                self.match_length = MIN_MATCH - 1;
                *budget = budget.saturating_sub(length / 8);
                if is_full && let Some(outcome) = self.end_block(io) {
                    return outcome;
                }
            } else if self.has_literal {
                if self.blocks.literal(window.bytes[window.at - 1]) {
                    // The byte at this place belongs to the next block.
                    self.write_block(io);
                }
                self.window.at += 1;
                self.window.lookahead -= 1;
                if io.room() == 0 {
                    return Outcome::NeedsMore;
                }
            } else {
                self.has_literal = true;
                window.at += 1;
                window.lookahead -= 1;
            }
        }
        if core::mem::take(&mut self.has_literal) {
            // It may fill the block, which ends anyhow.
            self.blocks.literal(self.window.bytes[self.window.at - 1]);
        }
        self.window.pending = self.window.at.min(MIN_MATCH - 1);
        self.end_input(io, flush)
    }

    /// Keeps the match of the place before, and looks for one at this.
    fn find_next(&mut self, budget: &mut usize) {
        let window = &mut self.window;
        let place = if window.lookahead >= MIN_MATCH { window.enter(window.at) } else { NOWHERE };
        self.best_before = self.match_length;
        self.start_before = window.match_start;
        self.match_length = MIN_MATCH - 1;
        if self.best_before < usize::from(self.effort.lazy) && window.is_near(place) {
            let length = window.longest_match(place, self.best_before, &self.effort, budget);
            let is_far = length == MIN_MATCH && window.at - window.match_start > TOO_FAR;
            let is_poor = length <= 5 && (self.strategy == Strategy::Filtered || is_far);
            self.match_length = if is_poor { MIN_MATCH - 1 } else { length };
        }
    }
}
