// SPDX-License-Identifier: Apache-2.0
//! A doorbell that counts.

use core::cell::Cell;

use crate::doorbell::Doorbell;

/// Remembers how often it was rung.
#[derive(Debug, Default)]
pub struct CountingBell(Cell<u32>);

impl CountingBell {
    /// How often it was rung since this was last asked.
    pub fn take(&self) -> u32 {
        self.0.take()
    }
}

impl Doorbell for CountingBell {
    fn ring(&self) {
        self.0.set(self.0.get().saturating_add(1));
    }
}
