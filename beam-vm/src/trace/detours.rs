// SPDX-License-Identifier: Apache-2.0
//! Detours: how the calls of exported functions are seen that a process makes whose last calls are kept.
//!
//! Calls from other modules go to the address in the function's entry. While such a process has its turn, and at no other time, that is a
//! detour: an instruction that keeps the call and goes on where the entry led before. Entries that lead to their own stubs are left as they
//! are, because what is there looks itself. So nothing of this costs anything for those whose calls are not kept.

use alloc::vec::Vec;
use core::cell::Cell;

use crate::emu::table::{Operation, code};
use crate::process::Process;
use crate::term::Export;
use crate::vm::Vm;

/// A detour of one entry.
#[repr(C)]
#[derive(Debug)]
pub struct Detour {
    /// The instruction. It is at the beginning, so that its address is the detour's.
    word: u64,
    /// The entry.
    pub export: &'static Export,
    /// Where the entry led.
    pub address: Cell<*const u64>,
}

impl Detour {
    fn way(&self) -> *const u64 {
        &raw const self.word
    }
}

/// The detours of all entries that have code.
#[derive(Debug, Default)]
pub struct Detours {
    detours: Vec<Detour>,
    is_on: bool,
}

impl Detours {
    /// Whether the process that runs goes by them.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    /// Makes entries lead to them.
    fn begin(&mut self, exports: impl Iterator<Item = &'static Export>) {
        if core::mem::replace(&mut self.is_on, true) {
            return;
        }
        let word = u64::from(code(Operation::SaveCall));
        let own_stub = |export: &Export| export.stub.as_ptr().cast_const().cast();
        self.detours.clear();
        self.detours.extend(
            exports.filter(|export| export.address.get() != own_stub(export)).map(|export| Detour {
                word,
                export,
                address: export.address.clone(),
            }),
        );
        for detour in &self.detours {
            detour.export.address.set(detour.way());
        }
    }

    /// Makes entries lead where they led. Some may have got another address meanwhile, which stays.
    fn end(&mut self) {
        if !core::mem::replace(&mut self.is_on, false) {
            return;
        }
        for detour in &self.detours {
            if detour.export.address.get() == detour.way() {
                detour.export.address.set(detour.address.get());
            }
        }
    }

    /// Where the address of an entry leads by itself: what another process begins with, or what this one goes on with later.
    #[must_use]
    pub fn passed(&self, address: *const u64) -> *const u64 {
        let range = self.detours.as_ptr_range();
        if !self.is_on || !(range.start.addr()..range.end.addr()).contains(&address.addr()) {
            return address;
        }
        let index = (address.addr() - range.start.addr()) / size_of::<Detour>();
        self.detours[index].address.get()
    }
}

impl Vm {
    /// A process has its turn: its calls are seen if they are kept.
    pub fn calls_begin(&mut self, process: &Process) {
        if process.saved_calls().is_some() {
            self.tracing.detours.begin(self.code.exports());
            self.tracing.update_bif_calls();
        }
    }

    /// Calls of the process that runs are to be kept from now on: a BIF that it calls is the first of them, a function's call is the last that is
    /// not. Stock lets another process run before either, and does so after it has found the function.
    pub fn calls_soon(&mut self, process: &mut Process) {
        self.tracing.is_used = true;
        self.tracing.looks_at_bifs = true;
        process.reductions_left = 0;
    }

    /// The turn of a process ends, or its calls are not kept any longer.
    pub fn calls_end(&mut self) {
        self.tracing.detours.end();
        self.tracing.update_bif_calls();
    }
}
