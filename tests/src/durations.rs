// SPDX-License-Identifier: Apache-2.0
//! How long each test took, told at the end: those that take longest are where time can be won.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// How many are told.
const TOLD: usize = 16;

/// The time of each test that has ended.
#[derive(Default)]
pub struct Durations(Mutex<Vec<(&'static str, Duration)>>);

impl Durations {
    /// Runs a test.
    pub fn of(&self, name: &'static str, test: impl FnOnce() -> Result<(), Failed>) -> Result<(), Failed> {
        let start = Instant::now();
        let result = test();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((name, start.elapsed()));
        result
    }

    /// Prints the longest, if there are more than a few tests.
    pub fn tell(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() <= TOLD {
            return;
        }
        all.sort_by_key(|(_, duration)| std::cmp::Reverse(*duration));
        println!("the tests that took longest:");
        for (name, duration) in &all[..TOLD] {
            println!("{:>7.1} s  {name}", duration.as_secs_f64());
        }
    }
}
