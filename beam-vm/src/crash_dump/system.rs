// SPDX-License-Identifier: Apache-2.0
//! The machine as a whole: its scheduler, what memory is used for, how large its tables are. The sections that stock has about its allocators,
//! locks and dirty schedulers are not there, since these are not.

use core::fmt::{self, Write};

use super::Scene;
use super::sink::Sink;

impl Scene<'_> {
    pub(super) fn scheduler(self, out: &mut Sink) -> fmt::Result {
        writeln!(out, "=scheduler:1\nScheduler Sleep Info Flags: \nScheduler Sleep Info Aux Work: ")?;
        writeln!(out, "Current Port: ")?;
        let queue = &self.vm.queue;
        for (name, length) in ["Max", "High", "Normal", "Low"].into_iter().zip(queue.lengths()) {
            writeln!(out, "Run Queue {name} Length: {length}")?;
        }
        writeln!(out, "Run Queue Port Length: 0")?;
        let flags = if queue.is_empty() { "OUT_OF_WORK | EXEC" } else { "NONEMPTY | EXEC" };
        writeln!(out, "Run Queue Flags: {flags}")?;
        self.current_process(out)
    }

    /// As `erlang:memory/0`.
    pub(super) fn memory(self, out: &mut Sink) -> fmt::Result {
        writeln!(out, "=memory")?;
        let memory = self.vm.memory();
        let items = [
            ("total", memory.total()),
            ("processes", memory.of_processes()),
            ("processes_used", memory.of_processes()),
            ("system", memory.system()),
            ("atom", memory.atoms.total),
            ("atom_used", memory.atoms.used),
            ("binary", memory.binaries),
            ("code", memory.code),
            ("ets", memory.tables),
        ];
        items.iter().try_for_each(|(name, bytes)| writeln!(out, "{name}: {bytes}"))
    }

    pub(super) fn index_tables(self, out: &mut Sink) -> fmt::Result {
        let vm = self.vm;
        let modules = vm.code.known().count();
        let exports = vm.code.entries().exports().count();
        // Only the table of atoms has a limit; the others grow as long as there is memory.
        let tables = [
            ("atom_tab", vm.atoms.count() as usize, vm.atoms.limit().get() as usize),
            ("module_code", modules, u32::MAX as usize),
            ("export_list", exports, u32::MAX as usize),
        ];
        for (name, entries, limit) in tables {
            writeln!(out, "=index_table:{name}\nsize: {entries}\nlimit: {limit}\nentries: {entries}")?;
        }
        let names = &vm.registry;
        let size = names.capacity();
        let used = names.len();
        writeln!(out, "=hash_table:process_reg\nsize: {size}\nused: {used}\nobjs: {used}\ndepth: 1")
    }

    pub(super) fn allocated_areas(self, out: &mut Sink) -> fmt::Result {
        writeln!(out, "=allocated_areas")?;
        let memory = self.vm.memory();
        writeln!(out, "atom_space: {} {}", memory.atoms.total, memory.atoms.used)?;
        writeln!(out, "loaded_code: {}\nprocess_table: {}", memory.code, memory.process_table)
    }
}
