// SPDX-License-Identifier: Apache-2.0
//! Search for bytes in bytes, for module `binary`: one pattern by the two-way algorithm, several by an automaton.
//!
//! Both take time in proportion to the text, whatever it is, and both can be put aside in the middle: what a search has come to is a
//! [`Search`], a few numbers that are of use with the same pattern and text only.

mod automaton;
mod byte;
mod job;
mod two_way;

#[cfg(test)]
mod tests;

pub use byte::position;
pub use job::{Job, Places, Purpose, Trim};

use alloc::boxed::Box;
use alloc::vec::Vec;

use automaton::Automaton;
use two_way::TwoWay;

/// Where a match is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// The first byte.
    pub start: usize,
    /// The bytes.
    pub len: usize,
}

/// What to look for.
#[derive(Debug)]
pub enum Pattern {
    /// One byte.
    Byte(u8),
    /// Some bytes.
    One(TwoWay),
    /// One of several.
    Many(Automaton),
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    /// The next byte to look at, or the beginning of the next candidate.
    at: usize,
    /// What the algorithm keeps: bytes of the candidate that are known to match, or a node.
    state: usize,
    /// The best match so far, which a longer or earlier one may still replace.
    best: Option<Found>,
}

/// What a step of a search has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A match. The search goes on behind it.
    Found(Found),
    /// There are no more.
    Over,
    /// The bytes that it might look at are used up.
    Paused,
}

impl Search {
    /// A search from a byte on.
    #[must_use]
    pub fn from(at: usize) -> Self {
        Self { at, state: 0, best: None }
    }
}

impl Pattern {
    /// One pattern that is not empty.
    #[must_use]
    pub fn one(bytes: Vec<u8>) -> Self {
        match bytes.as_slice() {
            [byte] => Self::Byte(*byte),
            _ => Self::One(TwoWay::new(bytes.into_boxed_slice())),
        }
    }

    /// Several patterns that are not empty. Of matches that begin at the same byte the longest counts.
    #[must_use]
    pub fn many(patterns: &[Box<[u8]>]) -> Self {
        Self::Many(Automaton::new(patterns))
    }

    /// Goes on with a search in a text, looking at about `budget` bytes; what is left of them stays in it.
    pub fn step(&self, text: &[u8], search: &mut Search, budget: &mut usize) -> Step {
        let step = match self {
            Self::Byte(byte) => byte::step(*byte, text, search, budget),
            Self::One(one) => one.step(text, search, budget),
            Self::Many(many) => many.step(text, search, budget),
        };
        if let Step::Found(found) = step {
            *search = Search::from(found.start + found.len);
        }
        step
    }
}
