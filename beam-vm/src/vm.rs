// SPDX-License-Identifier: Apache-2.0
//! The machine: everything that all processes share.

use crate::atom::AtomTable;
use crate::heap::LiteralSpace;

/// A machine. There can be several in one program; they share nothing.
pub struct Vm {
    /// The atoms.
    pub atoms: AtomTable,
    /// The literals' range.
    pub literals: LiteralSpace,
}
