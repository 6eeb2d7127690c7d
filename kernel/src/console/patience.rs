// SPDX-License-Identifier: Apache-2.0
//! How long it is worth waiting for the console daemon.

use core::time::Duration;

use crate::time::Instant;
use crate::{shared_info, time};

/// How long the daemon may take to make room.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same in turns of yielding the processor, where there is no clock yet.
const TURNS: u32 = 1_000_000;

/// A bound for waiting, with or without a clock.
pub struct Patience {
    until: Option<Instant>,
    turns: u32,
}

impl Patience {
    /// A bound that begins now.
    pub fn new() -> Self {
        Self { until: shared_info::get().map(|_| time::now() + PATIENCE), turns: 0 }
    }

    /// Whether it is worth waiting on.
    pub fn is_left(&mut self) -> bool {
        self.turns += 1;
        match self.until {
            Some(until) => time::now() < until,
            None => self.turns < TURNS,
        }
    }
}
