// SPDX-License-Identifier: Apache-2.0
//! The emulator: from loaded instructions to their effects.
//!
//! A loaded instruction is some 64-bit words: in the first, the low half says which handler does it, the rest are operands ([`operand`]).
//! Handlers are functions that end in a call of the next one (`dispatch`); at optimised levels that call is a jump, so the virtual
//! machine's registers stay in the processor's: the instruction, the top of the heap, the top of the stack, the machine, and the reductions.
//! [`table`] lists all instructions; [`assemble`](assemble::assemble) turns operations with arguments into them.
//!
//! Frames are as in OTP since 23: a frame has a word for the return address of the calls that it makes, at its lower end, and above that
//! the Y registers. A function that has no frame returns through its caller's.

pub mod assemble;
mod call;
mod collect;
pub mod disassemble;
mod dispatch;
mod exception;
mod handlers;
mod invoke;
mod machine;
pub mod native;
pub mod operand;
mod run;
pub mod table;
pub mod trace;

#[cfg(test)]
mod tests;

pub use exception::place;
pub use handlers::binaries::segments;
pub use machine::{Fault, Machine};
pub use run::{Stop, run};

/// Instructions that belong to no module: at 0 what the first function of a process returns to, at `RETURN` a `return`.
#[must_use]
pub fn own_instructions() -> alloc::boxed::Box<[u64]> {
    let code = |operation| u64::from(table::code(operation));
    let [first, ret, traced] =
        [table::Operation::NormalExit, table::Operation::Return, table::Operation::ReturnTrace].map(code);
    [first, 0, ret, traced].into()
}

/// The names of the loaded instructions; each is there once for each kind of operands.
pub fn instruction_names() -> impl Iterator<Item = &'static str> {
    table::SPECIFICS.iter().map(|specific| specific.name)
}

/// The place of a `return` among the instructions that belong to no module.
const RETURN: usize = 2;

/// The place of what traced calls return to.
const RETURN_TRACE: usize = 3;
