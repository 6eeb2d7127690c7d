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
use crate::heap::Fragment;
use crate::matchspec::Program;
use crate::term::Term;

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

/// What is done when a function is called from anywhere.
#[derive(Clone, Debug)]
pub struct Breakpoint {
    /// The function.
    pub name: Name,
    /// What its first word leads to otherwise.
    pub code: u32,
    /// `local`
    pub local: Option<Pattern>,
    /// `meta`
    pub meta: Option<Meta>,
    /// `call_count`
    pub count: Option<Count>,
}

impl Breakpoint {
    /// Whether nothing is done.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.local.is_none() && self.meta.is_none() && self.count.is_none()
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
    /// By the address of the function's first instruction.
    pub local: HashMap<usize, Breakpoint>,
    /// By the function's name.
    pub global: HashMap<Name, GlobalPoint>,
}

impl Points {
    /// The addresses of breakpoints in a range.
    #[must_use]
    pub fn addresses_in(&self, range: &core::ops::Range<usize>) -> Vec<usize> {
        self.local.keys().copied().filter(|address| range.contains(address)).collect()
    }
}
