// SPDX-License-Identifier: Apache-2.0
//! What breakpoints lead to.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::emu::dispatch::{handlers, slow};
use crate::emu::operand::I0;
use crate::emu::trace;

handlers! {
    /// In the place of a function's first instruction.
    fn breakpoint(s, op: I0) {
        slow!(s, trace::breakpoint)
    }

    /// At the address of an export entry whose calls are traced.
    fn global_breakpoint(s, op: I0) {
        slow!(s, trace::global_breakpoint)
    }

    /// At the address of an export entry while the last calls of the process that runs are kept.
    fn save_call(s, op: I0) {
        slow!(s, trace::detour)
    }

    /// What a call returns to whose return is traced.
    fn return_trace(s, op: I0) {
        slow!(s, trace::return_trace)
    }
}
