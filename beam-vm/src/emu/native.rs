// SPDX-License-Identifier: Apache-2.0
//! Machine code for the instructions that programs do most: x86-64, a template for each operation.
//!
//! Loaded code stays what it is, words whose first half says what does an instruction. Where a module has machine code, the words of its
//! instructions lead there instead of to handlers. So whatever goes on at an instruction needs to know nothing of this: calls,
//! returns, exceptions, preemption, collections. The registers are those of handlers (`dispatch`), and memory is up to date wherever code is
//! left, so it can be left anywhere: for an instruction without a template, and where a template's quick way does not do (no small integer,
//! no room on the heap, no reductions), the code puts the instruction's address into `rdi` and jumps to its handler, which does all of it.
//! What comes after is done by handlers until an instruction whose word leads back.
//!
//! Inside, the instruction's register is not kept up, operands are constants, local calls are jumps. Return addresses on stacks are
//! those of words, as ever.
//!
//! Making it takes longer than doing most code once, so a module gets it when one of its functions is called often ([`CALLS`]).
//!
//! Nothing here is needed: without executable memory, or with [`Flavor::Emu`], handlers do everything.

mod decode;
mod emitter;
mod run;
mod space;
mod templates;
mod x86;

pub use run::{Native, translate};
pub use space::Space;

/// How often a function is called before its module gets machine code. At a start little of a module's code is done, and little of that often.
pub const CALLS: u32 = 4000;

/// What does instructions, as `erl -emu_flavor` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Flavor {
    /// Handlers.
    Emu,
    /// Machine code where there is some.
    #[default]
    Jit,
}

/// Whether this build has machine code at all: handlers have to be what words lead to, and the processor has to be the right one.
pub const IS_AVAILABLE: bool = cfg!(all(voxoz_tail_calls, target_arch = "x86_64"));
