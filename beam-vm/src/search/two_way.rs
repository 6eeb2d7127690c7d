// SPDX-License-Identifier: Apache-2.0
//! The two-way algorithm (M. Crochemore, D. Perrin: "Two-way string-matching", Journal of the ACM 38, 1991).
//!
//! The pattern is cut at a place from which on a mismatch to the right allows a shift behind it, and one to the left a shift by the period.
//! A candidate whose last byte does not occur in the pattern at all is passed over by the whole length.

use alloc::boxed::Box;

use super::{Found, Search, Step};

/// A pattern of two bytes or more, cut in two.
#[derive(Debug)]
pub struct TwoWay {
    pattern: Box<[u8]>,
    /// Where the right part begins.
    cut: usize,
    /// By how much a candidate moves whose right part matches.
    period: usize,
    /// Whether the pattern repeats itself after the period, so that a shift by it keeps what is known of the rest.
    is_periodic: bool,
    /// Which bytes, by their low six bits, occur.
    bytes: u64,
}

/// Which order of bytes a maximal suffix is of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Usual,
    Reversed,
}

fn bit(byte: u8) -> u64 {
    1 << (byte & 0x3F)
}

impl TwoWay {
    /// Cuts a pattern.
    pub fn new(pattern: Box<[u8]>) -> Self {
        let usual = maximal_suffix(&pattern, Order::Usual);
        let reversed = maximal_suffix(&pattern, Order::Reversed);
        let (cut, period) = if usual.0 > reversed.0 { usual } else { reversed };
        let bytes = pattern.iter().fold(0, |bytes, byte| bytes | bit(*byte));
        let is_periodic = pattern.get(period..period + cut).is_some_and(|part| part == &pattern[..cut]);
        let period = if is_periodic { period } else { cut.max(pattern.len() - cut) + 1 };
        Self { pattern, cut, period, is_periodic, bytes }
    }

    /// Goes on with a search. Its state is how many bytes of the candidate are known to match.
    pub fn step(&self, text: &[u8], search: &mut Search, budget: &mut usize) -> Step {
        let len = self.pattern.len();
        loop {
            let Some(window) = text.get(search.at..).and_then(|rest| rest.get(..len)) else {
                return Step::Over;
            };
            if *budget == 0 {
                return Step::Paused;
            }
            if self.bytes & bit(window[len - 1]) == 0 {
                *budget = budget.saturating_sub(1);
                search.at += len;
                search.state = 0;
                continue;
            }
            let known = if self.is_periodic { search.state } else { 0 };
            let right = self.cut.max(known);
            let matching = same(&self.pattern[right..], &window[right..]);
            if right + matching < len {
                *budget = budget.saturating_sub(1 + matching);
                search.at += right + matching - self.cut + 1;
                search.state = 0;
                continue;
            }
            let left = known.min(self.cut);
            *budget = budget.saturating_sub(1 + len - left);
            if self.pattern[left..self.cut] == window[left..self.cut] {
                return Step::Found(Found { start: search.at, len });
            }
            search.at += self.period;
            search.state = if self.is_periodic { len - self.period } else { 0 };
        }
    }
}

/// How many bytes are the same.
fn same(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Where the largest suffix begins, and its period.
fn maximal_suffix(pattern: &[u8], order: Order) -> (usize, usize) {
    let (mut start, mut period) = (0, 1);
    let (mut candidate, mut offset) = (1, 0);
    while let Some(new) = pattern.get(candidate + offset) {
        let old = pattern[start + offset];
        let is_smaller = if order == Order::Usual { *new < old } else { *new > old };
        if is_smaller {
            candidate += offset + 1;
            offset = 0;
            period = candidate - start;
        } else if *new == old {
            if offset + 1 == period {
                candidate += period;
                offset = 0;
            } else {
                offset += 1;
            }
        } else {
            start = candidate;
            candidate += 1;
            offset = 0;
            period = 1;
        }
    }
    (start, period)
}
