// SPDX-License-Identifier: Apache-2.0
//! Match specifications (ERTS User's Guide, "Match Specifications in Erlang"; `erts/emulator/beam/erl_db_util.c`): patterns, guards and
//! bodies, compiled to a small program that runs over many terms.
//!
//! Who uses them gives what is above this room: [`Functions`] knows the functions that guards and bodies may call, a [`Host`] calls them,
//! does the actions of tracing and has the heap that results are built on. A program refers to nothing outside of itself.

mod compile;
mod expression;
mod head;
mod problems;
mod program;
mod run;
mod small;
mod special;
#[cfg(test)]
mod tests;

pub use compile::{compile, has_map, is_bound, variable};
pub use program::{Action, FunctionIndex, Lead, Program};
pub use run::{Host, Scratch, Subject};

/// Where a program runs, which decides what it may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// Over the objects of a table: the last expression of a body is the result.
    Table,
    /// Over the arguments of a call that is traced: bodies act.
    Trace,
}

/// Where a function may be called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Places {
    /// Everywhere.
    All,
    /// In guards and bodies of the dialect of tracing.
    Trace,
    /// In bodies of the dialect of tracing.
    TraceBody,
}

/// The functions that programs may call.
pub trait Functions {
    /// The function of a name and a number of arguments, and where it may be called.
    fn find(&self, name: &str, arity: usize) -> Option<(FunctionIndex, Places)>;
}
