// SPDX-License-Identifier: Apache-2.0
//! A search that is put aside, and what is to become of its matches.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::{Found, Pattern, Search};

/// What is made of the matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The first one is asked for.
    First,
    /// All are asked for.
    All,
    /// The text is split at the first one or at all.
    Split {
        /// At how many of them.
        at: Places,
        /// Which parts are left out.
        trim: Trim,
    },
}

/// At which matches a text is split.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Places {
    /// At the first one.
    First,
    /// At all.
    All,
}

/// Which empty parts are left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trim {
    /// None.
    Nothing,
    /// Those at the end.
    End,
    /// All.
    All,
}

/// A search of a text that is kept elsewhere.
#[derive(Debug)]
pub struct Job {
    /// What to look for.
    pub pattern: Rc<Pattern>,
    /// A copy of the text, if it does not begin at a byte.
    pub copied: Option<Vec<u8>>,
    /// What is made of the matches.
    pub purpose: Purpose,
    /// The byte behind the last that counts.
    pub end: usize,
    /// How far it has come.
    pub search: Search,
    /// The matches so far.
    pub found: Vec<Found>,
}
