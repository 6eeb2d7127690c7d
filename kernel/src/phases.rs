// SPDX-License-Identifier: Apache-2.0
//! How long each phase of the start took: readings of the time-stamp counter, turned into time once there is a clock.

use core::fmt;
use core::time::Duration;

use crate::time::{self, Instant, Tsc};

/// Room for phases; a start has fewer.
const CAPACITY: usize = 16;

/// The phases of the start so far.
#[derive(Clone, Debug)]
pub struct Phases {
    entry: Tsc,
    ends: [(&'static str, Tsc); CAPACITY],
    len: usize,
}

impl Phases {
    /// A start that began with this reading of the counter, at the domain's first instruction.
    #[must_use]
    pub const fn new(entry: Tsc) -> Self {
        Self { entry, ends: [("", Tsc(0)); CAPACITY], len: 0 }
    }

    /// The phase `name` is over.
    pub fn end(&mut self, name: &'static str) {
        if self.len < CAPACITY {
            self.ends[self.len] = (name, Tsc::now());
            self.len += 1;
        }
    }

    /// The moment of the first instruction.
    #[must_use]
    pub fn entry(&self) -> Instant {
        time::at(self.entry)
    }

    /// The time from the first instruction to the end of the last phase.
    #[must_use]
    pub fn total(&self) -> Duration {
        let last = self.ends[..self.len].last().map_or(self.entry, |(_, end)| *end);
        time::at(last) - time::at(self.entry)
    }

    /// Each phase and how long it took.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Duration)> + '_ {
        let ends = &self.ends[..self.len];
        let begins = core::iter::once(self.entry).chain(ends.iter().map(|(_, end)| *end));
        begins.zip(ends).map(|(begin, (name, end))| (*name, time::at(*end) - time::at(begin)))
    }
}

/// The phases in microseconds, as `memory 812, traps 3, …`.
impl fmt::Display for Phases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, time)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name} {}", time.as_nanos().div_ceil(1000))?;
        }
        Ok(())
    }
}
