// SPDX-License-Identifier: Apache-2.0
//! Who watches a process. Most are watched by one at most, which takes no allocation.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::HashMap;

use super::{RefNumbers, age};
use crate::term::LocalPid;

/// Watchers by the references of their monitors.
#[derive(Debug, Default)]
pub enum Watchers {
    /// None.
    #[default]
    None,
    /// One.
    One(RefNumbers, LocalPid),
    /// Any number.
    Many(Box<HashMap<RefNumbers, LocalPid>>),
}

impl Watchers {
    /// Puts one in.
    pub fn insert(&mut self, numbers: RefNumbers, watcher: LocalPid) {
        match self {
            Self::None => *self = Self::One(numbers, watcher),
            Self::One(first, pid) => {
                *self = Self::Many(Box::new(HashMap::from_iter([(*first, *pid), (numbers, watcher)])));
            }
            Self::Many(many) => {
                many.insert(numbers, watcher);
            }
        }
    }

    /// Takes one out.
    pub fn remove(&mut self, numbers: RefNumbers) {
        match self {
            Self::One(first, _) if *first == numbers => *self = Self::None,
            Self::None | Self::One(..) => {}
            Self::Many(many) => {
                many.remove(&numbers);
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::One(..) => false,
            Self::Many(many) => many.is_empty(),
        }
    }

    /// All, in the order in which the references were made.
    #[must_use]
    pub fn sorted(&self) -> Vec<(RefNumbers, LocalPid)> {
        let mut all: Vec<_> = match self {
            Self::None => Vec::new(),
            Self::One(numbers, pid) => Vec::from([(*numbers, *pid)]),
            Self::Many(many) => many.iter().map(|(numbers, pid)| (*numbers, *pid)).collect(),
        };
        all.sort_unstable_by_key(|(numbers, _)| age(numbers));
        all
    }
}
