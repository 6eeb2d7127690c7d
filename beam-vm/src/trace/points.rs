// SPDX-License-Identifier: Apache-2.0
//! Breakpoints: what is done when a function is called.
//!
//! A breakpoint in a function is at its first instruction, whose first word leads to the breakpoint's handler meanwhile; what it led to
//! before is kept here. One for calls from elsewhere is in the function's entry, whose address leads to its stub.

use alloc::rc::Rc;
use alloc::vec::Vec;

use hashbrown::HashMap;

use super::Tracer;
use crate::atom::Atom;
use crate::bif::BifIndex;
use crate::heap::Fragment;
use crate::matchspec::Program;
use crate::term::{LocalPid, Term};

/// A function's name.
pub type Name = (Atom, Atom, u32);

/// A match specification of a breakpoint.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// What decides, unless all calls are told of.
    pub program: Option<Rc<Program>>,
    /// What it was made of.
    pub source: Option<Rc<(Term, Fragment)>>,
}

/// What functions get when they are loaded.
#[derive(Clone, Debug, Default)]
pub struct OnLoad {
    /// Whether anything.
    pub is_on: bool,
    /// Whether calls from elsewhere alone are told of.
    pub is_global: bool,
    /// `local`
    pub is_local: bool,
    /// Of which calls.
    pub pattern: Option<Pattern>,
    /// `meta`
    pub meta: Option<Meta>,
    /// `call_count`
    pub counts: bool,
    /// `call_time`
    pub times: bool,
}

/// Of which messages is told.
#[derive(Clone, Debug)]
pub struct EventPattern {
    /// Whether of any.
    pub is_on: bool,
    /// Of which.
    pub pattern: Pattern,
}

impl Default for EventPattern {
    fn default() -> Self {
        Self { is_on: true, pattern: Pattern::default() }
    }
}

/// Calls that are told to a process of its own, whoever calls.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Who is told.
    pub tracer: Tracer,
    /// Of which calls.
    pub pattern: Pattern,
}

/// How often a function was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// The number.
    pub calls: u64,
    /// Whether it stays as it is.
    pub is_paused: bool,
}

/// Calls of a function by a process, and the nanoseconds that were spent in them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spent {
    /// Calls.
    pub calls: u64,
    /// Nanoseconds.
    pub time: u64,
}

/// How long processes were in a function.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// For each process that was.
    pub of: HashMap<LocalPid, Spent>,
    /// Whether they stay as they are.
    pub is_paused: bool,
}

/// Where a breakpoint is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Place {
    /// At the first instruction of a function.
    Code(usize),
    /// At all calls of a BIF.
    Bif(BifIndex),
}

impl Place {
    /// As a slot of a frame keeps it. Instructions are at multiples of 8.
    #[must_use]
    pub const fn to_raw(self) -> i64 {
        match self {
            Self::Code(address) => address as i64,
            Self::Bif(bif) => (bif.0 as i64) << 1 | 1,
        }
    }

    /// What a slot keeps, unless that is nothing.
    #[must_use]
    pub const fn from_raw(raw: i64) -> Option<Self> {
        match raw {
            0 => None,
            raw if raw & 1 == 1 => Some(Self::Bif(BifIndex((raw >> 1) as u32))),
            raw => Some(Self::Code(raw as usize)),
        }
    }
}

/// In which function a process is whose time is measured, and since when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timed {
    /// The function.
    pub place: Place,
    /// Since when, in nanoseconds.
    pub since: u64,
}

/// What is done when a function is called from anywhere.
#[derive(Clone, Debug, Default)]
pub struct Breakpoint {
    /// What its first word leads to otherwise.
    pub code: u32,
    /// `local`
    pub local: Option<Pattern>,
    /// `meta`
    pub meta: Option<Meta>,
    /// `call_count`
    pub count: Option<Count>,
    /// `call_time`
    pub time: Option<Times>,
}

impl Breakpoint {
    /// Whether nothing is done.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.local.is_none() && self.meta.is_none() && self.count.is_none() && self.time.is_none()
    }
}

/// What is done when a function is called from another module.
#[derive(Clone, Debug)]
pub struct GlobalPoint {
    /// Where the function is.
    pub address: usize,
    /// Of which calls is told.
    pub pattern: Pattern,
}

/// All breakpoints.
#[derive(Debug, Default)]
pub struct Points {
    /// By the address of the function's first instruction, with the function's name.
    pub local: HashMap<usize, (Name, Breakpoint)>,
    /// By the function's name.
    pub global: HashMap<Name, GlobalPoint>,
    /// BIFs: those whose calls from other modules alone are traced have a `global` pattern.
    pub bifs: HashMap<BifIndex, BifPoint>,
}

/// What is done when a BIF is called.
#[derive(Clone, Debug, Default)]
pub struct BifPoint {
    /// As for functions.
    pub point: Breakpoint,
    /// `global`
    pub global: Option<Pattern>,
}

impl Points {
    /// The breakpoint at a place.
    pub fn at(&mut self, place: Place) -> Option<&mut Breakpoint> {
        match place {
            Place::Code(address) => self.local.get_mut(&address).map(|(_, point)| point),
            Place::Bif(bif) => self.bifs.get_mut(&bif).map(|bif| &mut bif.point),
        }
    }

    /// Adds to what a process has spent in a function.
    pub fn add_time(&mut self, place: Place, pid: LocalPid, calls: u64, time: u64) {
        if let Some(times) = self.at(place).and_then(|point| point.time.as_mut())
            && !times.is_paused
        {
            let spent = times.of.entry(pid).or_default();
            spent.calls += calls;
            spent.time += time;
        }
    }

    /// The addresses of breakpoints in a range.
    #[must_use]
    pub fn addresses_in(&self, range: &core::ops::Range<usize>) -> Vec<usize> {
        self.local.keys().copied().filter(|address| range.contains(address)).collect()
    }
}
