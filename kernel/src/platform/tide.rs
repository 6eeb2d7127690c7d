// SPDX-License-Identifier: Apache-2.0
//! When what nobody has synced is written all the same: some time after files were last at rest. A guest that does nothing with its files
//! does not wake up for them.

use crate::time::Instant;
use core::time::Duration;

/// How long what was written may be only in memory.
const LIMIT: Duration = Duration::from_secs(5);

/// When files are to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tide(Option<Instant>);

impl Tide {
    /// Files are used now, perhaps to write.
    pub fn rise(&mut self, now: Instant) {
        if self.0.is_none() {
            self.0 = Some(now + LIMIT);
        }
    }

    /// Whether it is time; if so, files are at rest from now on.
    pub fn is_in(&mut self, now: Instant) -> bool {
        let is_due = self.0.is_some_and(|due| now >= due);
        if is_due {
            self.0 = None;
        }
        is_due
    }

    /// When it will be.
    pub const fn next(&self) -> Option<Instant> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_once_after_use() {
        let mut tide = Tide::default();
        assert!(!tide.is_in(Instant(u64::MAX)));
        tide.rise(Instant(10));
        tide.rise(Instant(1 << 40));
        let due = Instant(10) + LIMIT;
        assert_eq!(tide.next(), Some(due));
        assert!(!tide.is_in(Instant(due.0 - 1)));
        assert!(tide.is_in(due) && !tide.is_in(due));
        assert_eq!(tide.next(), None);
    }
}
