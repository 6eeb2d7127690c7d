// SPDX-License-Identifier: Apache-2.0
//! Applies a program to a subject by trying and going back, as PCRE does (`pcrepattern`), so that what is found, what is captured and what
//! the limits count are the same.
//!
//! What is to be tried later is on a stack of frames in memory of its own, which is bounded. A search can stop after any operation and go on
//! later: a [`Matcher`] is plain data and refers neither to the program nor to the subject.

mod backtrack;
mod execute;
mod frame;
mod groups;
mod reference;
mod seek;
mod single;

#[cfg(test)]
mod tests;

use alloc::vec;
use alloc::vec::Vec;

use super::options::{Bsr, Flags, Newline};
use super::program::Program;
use frame::Frame;

/// No place: a group that is not set.
const UNSET: u32 = u32::MAX;

/// The steps that PCRE allows a match, and how deep they may nest (`MATCH_LIMIT`).
pub const DEFAULT_LIMIT: u32 = 10_000_000;

/// The longest subject.
pub const LONGEST_SUBJECT: usize = i32::MAX as usize;

/// How a program is applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Where the search begins.
    pub offset: usize,
    /// A match has to begin there.
    pub anchored: bool,
    /// The start of the subject is no start of a line.
    pub not_bol: bool,
    /// Its end is no end of a line.
    pub not_eol: bool,
    /// An empty match does not count.
    pub not_empty: bool,
    /// An empty match where the search begins does not count.
    pub not_empty_at_start: bool,
    /// What ends a line, if not what the program says.
    pub newline: Option<Newline>,
    /// What `\R` matches, if not what the program says.
    pub bsr: Option<Bsr>,
    /// How many steps a match may take from one start.
    pub match_limit: u32,
    /// How deep they may nest.
    pub depth_limit: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            offset: 0,
            anchored: false,
            not_bol: false,
            not_eol: false,
            not_empty: false,
            not_empty_at_start: false,
            newline: None,
            bsr: None,
            match_limit: DEFAULT_LIMIT,
            depth_limit: DEFAULT_LIMIT,
        }
    }
}

/// What a search has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A match: its groups can be asked for.
    Match,
    /// None.
    NoMatch,
    /// The limit of steps is reached.
    MatchLimit,
    /// The limit of depth, or of memory, is reached.
    DepthLimit,
    /// A call of a group that calls itself at the same place.
    Loop,
    /// The budget is used up; it can go on.
    Paused,
}

/// What is to be done next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Look for the next place where a match may begin.
    Seek,
    /// Go on with the operation at hand.
    Execute,
    /// Go back to what was put aside last.
    Backtrack,
}

/// The call of a group.
#[derive(Clone, Copy, Debug)]
struct Call {
    number: u16,
    start: u32,
}

/// A search.
#[derive(Debug)]
pub struct Matcher {
    settings: Settings,
    newline: Newline,
    bsr: Bsr,
    anchored: bool,
    phase: Phase,
    /// Where the match that is tried begins.
    start: usize,
    /// Where the search for the first byte has come to, while that takes long.
    seek: usize,
    /// Where the required byte was seen last.
    required_at: Option<usize>,
    pc: usize,
    pos: usize,
    depth: u32,
    calls: u32,
    /// Where the match begins, groups, where open groups began, where watched groups began.
    slots: Vec<u32>,
    stack: Vec<Frame>,
    /// The innermost barrier's place on the stack, plus one.
    barrier: u32,
    /// The calls that are under way, and for each the slots as they were.
    called: Vec<Call>,
    saved: Vec<u32>,
    /// How far the repeat at hand has come when the budget ended within it.
    progress: Option<Progress>,
    /// `(*SKIP:NAME)` seen from this start, and how many of them do not count.
    skips: u32,
    ignored_skips: u32,
}

#[derive(Clone, Copy, Debug)]
struct Progress {
    low: usize,
    at: usize,
    count: u32,
}

impl Matcher {
    /// A search that has not begun.
    #[must_use]
    pub fn new(program: &Program, settings: Settings) -> Self {
        let groups = usize::from(program.groups);
        let slots = 1 + 3 * groups + program.slots as usize;
        let limit = |of: Option<u32>, own: u32| of.map_or(own, |of| of.min(own));
        let settings = Settings {
            match_limit: limit(program.match_limit, settings.match_limit),
            depth_limit: limit(program.depth_limit, settings.depth_limit),
            ..settings
        };
        Self {
            settings,
            newline: settings.newline.unwrap_or(program.options.newline),
            bsr: settings.bsr.unwrap_or(program.options.bsr),
            anchored: settings.anchored || program.options.flags.has(Flags::ANCHORED),
            phase: Phase::Seek,
            start: settings.offset,
            seek: settings.offset,
            required_at: None,
            pc: 0,
            pos: settings.offset,
            depth: 0,
            calls: 0,
            slots: vec![UNSET; slots],
            stack: Vec::new(),
            barrier: 0,
            called: Vec::new(),
            saved: Vec::new(),
            progress: None,
            skips: 0,
            ignored_skips: 0,
        }
    }

    /// Searches on, for about `budget` operations, which it counts down. Program and subject have to be the same each time, and the subject
    /// valid UTF-8 if the program is for that.
    pub fn run(&mut self, program: &Program, text: &[u8], budget: &mut usize) -> Outcome {
        if program.options.flags.has(Flags::UTF) {
            self.run_as::<true>(program, text, budget)
        } else {
            self.run_as::<false>(program, text, budget)
        }
    }

    /// Where a group has matched; 0 is the whole match.
    #[must_use]
    pub fn group(&self, number: usize) -> Option<(usize, usize)> {
        let (from, to) = match number {
            0 => (self.slots[0], self.pos as u32),
            _ => {
                let at = 2 * number - 1;
                (self.slots.get(at).copied()?, self.slots.get(at + 1).copied()?)
            }
        };
        (from != UNSET && to != UNSET).then_some((from as usize, to as usize))
    }

    /// How many groups there are up to the last one that is set, the whole match included.
    #[must_use]
    pub fn count(&self, groups: u16) -> usize {
        (0..=usize::from(groups))
            .rev()
            .find(|number| self.group(*number).is_some())
            .map_or(1, |last| last + 1)
    }
}
