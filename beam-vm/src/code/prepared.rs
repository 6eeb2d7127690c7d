// SPDX-License-Identifier: Apache-2.0
//! Code between `prepare_loading` and `finish_loading`: a program has a reference to it, and may forget it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::Instance;
use crate::heap::{Magic, MagicObject};

/// Which prepared code a reference stands for. No number is used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PreparedCode(pub u64);

struct Waiting {
    /// The table's own share of the object that references hold: with no other, nobody will ever finish.
    handle: Magic,
    instance: Box<Instance>,
}

/// The code that was prepared and not loaded yet.
#[derive(Default)]
pub struct PreparedTable {
    waiting: BTreeMap<PreparedCode, Waiting>,
    last: u64,
}

impl core::fmt::Debug for PreparedTable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PreparedTable").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl PreparedTable {
    /// Keeps an instance; gives what a reference to it holds.
    pub fn insert(&mut self, instance: Box<Instance>) -> Magic {
        self.last += 1;
        let number = PreparedCode(self.last);
        let handle = Magic::new(MagicObject::Prepared(number));
        self.waiting.insert(number, Waiting { handle: handle.clone(), instance });
        handle
    }

    /// The code of a number, unless it was loaded.
    #[must_use]
    pub fn get(&self, number: PreparedCode) -> Option<&Instance> {
        self.waiting.get(&number).map(|waiting| &*waiting.instance)
    }

    /// Takes the code of a number out, to be loaded.
    pub fn take(&mut self, number: PreparedCode) -> Option<Box<Instance>> {
        self.waiting.remove(&number).map(|waiting| waiting.instance)
    }

    /// Takes out what no reference stands for any more.
    pub fn take_forgotten(&mut self) -> Vec<Box<Instance>> {
        let is_forgotten = |waiting: &Waiting| Magic::strong_count(&waiting.handle) == 1;
        let numbers: Vec<PreparedCode> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| is_forgotten(waiting))
            .map(|(number, _)| *number)
            .collect();
        numbers.into_iter().filter_map(|number| self.take(number)).collect()
    }
}
