// SPDX-License-Identifier: Apache-2.0
//! The reader of `.beam` files: from bytes to the description of a module that a loader turns into instructions.
//!
//! It knows the files of OTP 24 to 28 and nothing of terms, heaps or processes. Literals stay external terms, atoms stay text, and
//! instructions stay those of the compiler. What the description says has been checked: an index that it contains is in
//! its table, a label is one of the file's, a string is in the string table. A file that is not right gives a [`ReadError`],
//! whatever it contains; reading it takes time and memory in proportion to its size, expanded if it is compressed.
//!
//! The format has no specification. It is what OTP's `lib/compiler/src/beam_asm.erl` writes and
//! `erts/emulator/beam/beam_file.c` accepts; where the latter lets something pass, so does this, unless a comment says why not.
//!
//! ```
//! use beam_vm::beam_file::{Module, ReadError};
//!
//! let error = Module::read(b"FOR2".to_vec()).unwrap_err();
//! assert_eq!(ReadError::REASON, "badfile");
//! assert_eq!(error.report(25).to_string(), "corrupt file header");
//! ```

mod atoms;
mod code;
mod compact;
mod container;
mod disassemble;
mod error;
mod fault;
mod functions;
mod index;
mod inflate;
mod lines;
mod literals;
mod module;
mod opcodes;
mod operand;
mod reader;
mod text_table;
mod types;
mod verify;

#[cfg(test)]
pub(crate) mod tests;

pub use atoms::Atoms;
pub use code::{Code, CodeHeader, Instruction};
pub use container::{ChunkId, chunk_of};
pub use disassemble::disassemble;
pub use error::{InstructionError, Part, ReadError};
pub use fault::Fault;
pub use functions::{Export, Import, Lambda};
pub use index::{
    AtomIndex, FileIndex, FloatRegister, ImportIndex, LabelIndex, LambdaIndex, LineIndex, LiteralIndex,
    StringOffset, TypeIndex,
};
pub use inflate::{gunzip, is_gzip};
pub use lines::{Line, Lines};
pub use literals::Literals;
pub use module::Module;
pub use opcodes::{GenericOp, Lifetime, Role};
pub use operand::{Allocation, Operand, REGISTERS, Register};
pub use reader::Span;
pub use types::{Kinds, Type, Types};
