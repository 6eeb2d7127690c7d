// SPDX-License-Identifier: Apache-2.0
//! What the scheduler spends its time on, if somebody wants to know: `system_flag(microstate_accounting, _)`.
//!
//! There is one thread, so the parts of its time are the whole: running processes, collecting, asking for events, resting, and what is left.

use crate::vm::Vm;

/// Nanoseconds in each state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accounting {
    /// Whether time is measured.
    pub is_on: bool,
    /// Since when, if it is.
    pub since: u64,
    /// All that was measured before.
    pub total: u64,
    /// Asking for events.
    pub check_io: u64,
    /// Running processes, their collections included.
    pub turns: u64,
    /// Collections.
    pub collections: u64,
    /// Resting.
    pub sleep: u64,
}

/// A state that is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Microstate {
    /// Asking for events.
    CheckIo,
    /// Running a process.
    Turn,
    /// Collecting.
    Collection,
    /// Resting.
    Sleep,
}

impl Vm {
    /// The clock, if time is measured.
    #[inline]
    pub fn state_begins(&mut self) -> Option<u64> {
        self.accounting.is_on.then(|| self.platform.monotonic())
    }

    /// Counts the time since a state has begun.
    #[inline]
    pub fn state_ends(&mut self, state: Microstate, began: Option<u64>) {
        let Some(began) = began else { return };
        let took = self.platform.monotonic().saturating_sub(began);
        let accounting = &mut self.accounting;
        *match state {
            Microstate::CheckIo => &mut accounting.check_io,
            Microstate::Turn => &mut accounting.turns,
            Microstate::Collection => &mut accounting.collections,
            Microstate::Sleep => &mut accounting.sleep,
        } += took;
    }
}
