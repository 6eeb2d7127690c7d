// SPDX-License-Identifier: Apache-2.0
//! Breakpoints in loaded code: first words of functions that lead to the breakpoint's handler, and entries that lead to their stubs.
//!
//! Machine code does local calls by jumps, so a module that has a breakpoint does without its machine code until the last one is gone.
#![expect(unsafe_code, reason = "changes what first words of instructions lead to")]

use core::ptr::with_exposed_provenance_mut;

use super::Code;
use crate::atom::Atom;
use crate::bif::BifIndex;
use crate::emu::table::{Operation, code};
use crate::trace::{BifPoint, Breakpoint, GlobalPoint, Name, Pattern};
use crate::vm::Vm;

impl Code {
    /// Makes a module's words lead to its machine code or to handlers, whichever they do not lead to now.
    fn exchange_machine_code(&mut self, module: Atom, is_wanted: Wanted) {
        let instance = self.modules.get_mut(&module).and_then(|versions| versions.current.as_mut());
        let Some(instance) = instance else { return };
        if let Some(native) = &mut instance.native
            && native.is_used() != (is_wanted == Wanted::MachineCode)
        {
            native.exchange(&mut instance.words);
        }
    }
}

/// What a module's words are to lead to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    MachineCode,
    Handlers,
}

/// The low half of a first word.
///
/// # Safety
/// There has to be an instruction at the address.
unsafe fn low_half(address: usize) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { with_exposed_provenance_mut::<u32>(address).read() }
}

impl Vm {
    /// Changes the breakpoint of a function, which is made if there is none, and goes if it does nothing.
    pub fn change_breakpoint(&mut self, name: Name, address: usize, change: impl FnOnce(&mut Breakpoint)) {
        let own = code(Operation::Breakpoint);
        let module = name.0;
        let is_there = self.tracing.points.local.contains_key(&address);
        if !is_there {
            let mut point = Breakpoint::default();
            change(&mut point);
            if point.is_idle() {
                return;
            }
            self.complete_at(address);
            self.code.exchange_machine_code(module, Wanted::Handlers);
            // SAFETY: the address is that of a loaded function's first instruction, and nobody runs while this is done.
            unsafe {
                let before = low_half(address);
                if before == own {
                    // It is left from code that was here before, which cannot be.
                    return;
                }
                point.code = before;
                with_exposed_provenance_mut::<u32>(address).write(own);
            }
            self.tracing.points.local.insert(address, (name, point));
            return;
        }
        let Some((_, point)) = self.tracing.points.local.get_mut(&address) else { return };
        change(point);
        if point.is_idle() {
            let before = point.code;
            self.tracing.points.local.remove(&address);
            // SAFETY: as above.
            unsafe {
                if low_half(address) == own {
                    with_exposed_provenance_mut::<u32>(address).write(before);
                }
            }
            let addresses = self.code.current(module).map(super::Instance::addresses);
            if addresses.is_some_and(|range| self.tracing.points.addresses_in(&range).is_empty()) {
                self.code.exchange_machine_code(module, Wanted::MachineCode);
            }
        }
    }

    /// Changes what is done when a BIF is called.
    pub fn change_bif_point(&mut self, bif: BifIndex, change: impl FnOnce(&mut BifPoint)) {
        let points = &mut self.tracing.points.bifs;
        let point = points.entry(bif).or_default();
        change(point);
        if point.point.is_idle() && point.global.is_none() {
            points.remove(&bif);
        }
        self.tracing.update_bif_calls();
    }

    /// Sets or clears the breakpoint of calls from elsewhere.
    pub fn set_global_point(&mut self, name: Name, address: usize, pattern: Option<Pattern>) {
        let Some(pattern) = pattern else { return self.clear_global_point(name) };
        // Calls go on at the function's first instruction.
        self.complete_at(address);
        let (module, function, arity) = name;
        let export = self.code.export(module, function, arity);
        export.stub.set([u64::from(code(Operation::GlobalBreakpoint)), 0]);
        export.address.set(export.stub.as_ptr().cast_const().cast());
        self.tracing.points.global.insert(name, GlobalPoint { address, pattern });
    }

    /// Clears the breakpoint of calls from elsewhere.
    pub fn clear_global_point(&mut self, name: Name) {
        let Some(point) = self.tracing.points.global.remove(&name) else { return };
        let (module, function, arity) = name;
        let export = self.code.export(module, function, arity);
        let is_own = export.address.get() == export.stub.as_ptr().cast_const().cast();
        if is_own && export.stub.get()[0] == u64::from(code(Operation::GlobalBreakpoint)) {
            export.address.set(core::ptr::with_exposed_provenance(point.address));
        }
    }

    /// Forgets the breakpoints of a module that is deleted or purged.
    pub fn forget_points(&mut self, module: Atom) {
        self.tracing.points.global.retain(|name, _| name.0 != module);
        self.tracing
            .points
            .local
            .retain(|address, (name, _)| name.0 != module || self.code.instance_at(*address).is_some());
    }
}
