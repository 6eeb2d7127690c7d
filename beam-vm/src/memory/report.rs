// SPDX-License-Identifier: Apache-2.0
//! What memory is used for, as `erlang:memory/0` divides it.

use crate::atom::AtomMemory;
use crate::heap::{binary_bytes, heap_bytes};
use crate::process::Process;
use crate::vm::Vm;

/// Bytes by what they are for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Report {
    /// Heaps, stacks and messages.
    pub heaps: usize,
    /// Processes without their heaps.
    pub processes: usize,
    /// Texts and table of the atoms.
    pub atoms: AtomMemory,
    /// Binaries outside of heaps.
    pub binaries: usize,
    /// Instructions.
    pub code: usize,
    /// Literals.
    pub literals: usize,
    /// Tables of terms.
    pub tables: usize,
    /// The table of processes.
    pub process_table: usize,
}

impl Report {
    /// `processes`
    #[must_use]
    pub fn of_processes(&self) -> usize {
        self.heaps + self.processes
    }

    /// `system`
    #[must_use]
    pub fn system(&self) -> usize {
        self.atoms.total + self.binaries + self.code + self.literals + self.tables + self.process_table
    }

    /// `total`
    #[must_use]
    pub fn total(&self) -> usize {
        self.of_processes() + self.system()
    }
}

impl Vm {
    /// What memory is used for now.
    #[must_use]
    pub fn memory(&self) -> Report {
        Report {
            heaps: heap_bytes(),
            processes: self.processes.count() * size_of::<Process>(),
            atoms: self.atoms.memory(),
            binaries: binary_bytes(),
            code: self.code.bytes(),
            literals: self.literals.used_bytes(),
            tables: 8 * self.tables.words(),
            process_table: self.processes.bytes(),
        }
    }
}
