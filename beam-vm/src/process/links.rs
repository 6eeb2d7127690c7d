// SPDX-License-Identifier: Apache-2.0
//! The processes that a process is linked to. Most have one link at most, which takes no allocation.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;

use crate::term::LocalPid;

/// A set of processes.
#[derive(Debug, Default)]
pub enum Links {
    /// None.
    #[default]
    None,
    /// One.
    One(LocalPid),
    /// Any number.
    Many(Box<BTreeSet<LocalPid>>),
}

impl Links {
    /// Puts one in; gives whether it is new.
    pub fn insert(&mut self, pid: LocalPid) -> bool {
        match self {
            Self::None => *self = Self::One(pid),
            Self::One(one) if *one == pid => return false,
            Self::One(one) => *self = Self::Many(Box::new(BTreeSet::from([*one, pid]))),
            Self::Many(many) => return many.insert(pid),
        }
        true
    }

    /// Takes one out; gives whether it was there.
    pub fn remove(&mut self, pid: LocalPid) -> bool {
        match self {
            Self::None => false,
            Self::One(one) if *one != pid => false,
            Self::One(_) => {
                *self = Self::None;
                true
            }
            Self::Many(many) => many.remove(&pid),
        }
    }

    /// All in order.
    pub fn iter(&self) -> impl Iterator<Item = LocalPid> + '_ {
        let (one, many) = match self {
            Self::None => (None, None),
            Self::One(one) => (Some(*one), None),
            Self::Many(many) => (None, Some(many.iter().copied())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}
