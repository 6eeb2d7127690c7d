// SPDX-License-Identifier: Apache-2.0
//! The strategies that look for no strings: literals alone, or runs of the same byte.

use super::buffers::Buffers;
use super::codes::{MAX_MATCH, MIN_MATCH};
use super::stream::{Deflate, Flush, Outcome};

impl Deflate {
    /// Compresses what there is, as far as `flush` allows, without matches.
    pub(super) fn run_literals(&mut self, io: &mut Buffers<'_>, flush: Flush, budget: &mut usize) -> Outcome {
        loop {
            if *budget == 0 {
                return Outcome::Paused;
            }
            *budget -= 1;
            if let Some(outcome) = self.fill(io, flush, 1) {
                return outcome;
            }
            if self.window.lookahead == 0 {
                break;
            }
            let is_full = self.next_literal();
            if is_full && let Some(outcome) = self.end_block(io) {
                return outcome;
            }
        }
        self.match_length = 0;
        self.window.pending = 0;
        self.end_input(io, flush)
    }

    /// Compresses what there is, as far as `flush` allows; matches are of distance 1.
    pub(super) fn run_runs(&mut self, io: &mut Buffers<'_>, flush: Flush, budget: &mut usize) -> Outcome {
        loop {
            if *budget == 0 {
                return Outcome::Paused;
            }
            *budget -= 1;
            if let Some(outcome) = self.fill(io, flush, MAX_MATCH + 1) {
                return outcome;
            }
            let window = &mut self.window;
            if window.lookahead == 0 {
                break;
            }
            let mut length = 0;
            if window.lookahead >= MIN_MATCH && window.at > 0 {
                let byte = window.bytes[window.at - 1];
                let ahead = &window.bytes[window.at..window.at + MAX_MATCH.min(window.lookahead)];
                length = ahead.iter().take_while(|other| **other == byte).count();
            }
            let is_full = if length >= MIN_MATCH {
                window.lookahead -= length;
                window.at += length;
                self.blocks.found(1, length)
            } else {
                self.next_literal()
            };
            if is_full && let Some(outcome) = self.end_block(io) {
                return outcome;
            }
        }
        self.match_length = 0;
        self.window.pending = 0;
        self.end_input(io, flush)
    }

    fn next_literal(&mut self) -> bool {
        let byte = self.window.bytes[self.window.at];
        self.window.lookahead -= 1;
        self.window.at += 1;
        self.blocks.literal(byte)
    }
}
