// SPDX-License-Identifier: Apache-2.0
//! The machine: everything that all processes share.

use crate::atom::AtomTable;
use crate::code::Code;
use crate::heap::LiteralSpace;

/// A machine. There can be several in one program; they share nothing.
pub struct Vm {
    /// The atoms.
    pub atoms: AtomTable,
    /// How many entries a stack trace has at most: `backtrace_depth`.
    pub backtrace_depth: usize,
    /// Modules and functions.
    pub code: Code,
    /// The literals' range.
    pub literals: LiteralSpace,
}
