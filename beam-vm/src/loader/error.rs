// SPDX-License-Identifier: Apache-2.0
//! Why a module cannot be loaded.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use super::verify::Violation;
use crate::atom::{Atom, AtomError, AtomTable};
use crate::beam_file::{ChunkId, GenericOp, InstructionError, ReadError};
use crate::emu::assemble::AssembleError;
use crate::etf::DecodeError;

/// Why a module cannot be loaded.
#[derive(Debug)]
pub enum LoadError {
    /// The file is damaged.
    File(ReadError),
    /// An instruction is damaged.
    Instruction(InstructionError),
    /// The file is of another module.
    OtherModule(Atom),
    /// An atom of the file cannot be in the table.
    Atom(AtomError),
    /// A literal is no term.
    Literal(DecodeError),
    /// What the file says of the module is no term.
    Information(ChunkId),
    /// There is no room for the literals.
    NoRoom,
    /// There is nothing that does an instruction.
    Unsupported(GenericOp),
    /// The instructions do not fit together.
    Assemble(AssembleError),
    /// A function begins at a label that is not there.
    Label(u32),
    /// A function does not begin as functions do.
    Function,
    /// What an instruction does cannot be done where it stands.
    Unsafe {
        /// The place of the instruction, counted from 0.
        line: usize,
        /// The instruction; none if it is about the module as a whole.
        op: Option<GenericOp>,
        /// What is wrong.
        violation: Violation,
    },
    /// There is an old version that has to be purged first.
    NotPurged,
}

impl LoadError {
    /// What stock says of it after the name of the module.
    #[must_use]
    pub fn report(&self, atoms: &AtomTable) -> String {
        match self {
            Self::File(error) => error.report(RELEASE).to_string(),
            Self::Instruction(error) => ReadError::from(*error).report(RELEASE).to_string(),
            Self::OtherModule(module) => format!("module name in object code is {}", atoms.text(*module)),
            error => error.to_string(),
        }
    }
}

/// The release of OTP that is followed.
const RELEASE: u8 = 25;

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => write!(f, "{error}"),
            Self::Instruction(error) => write!(f, "{error}"),
            Self::OtherModule(_) => write!(f, "the file is of another module"),
            Self::Atom(error) => write!(f, "{error}"),
            Self::Literal(error) => write!(f, "a literal is no term: {error}"),
            Self::Information(ChunkId::COMPILE_INFO) => {
                write!(f, "bad external term representation of compilation information")
            }
            Self::Information(_) => write!(f, "bad external term representation of module attributes"),
            Self::NoRoom => write!(f, "there is no room left for literals"),
            Self::Unsupported(op) => write!(f, "nothing does the instruction {op:?}"),
            Self::Assemble(error) => write!(f, "{error}"),
            Self::Label(label) => write!(f, "label {label} is not there"),
            Self::Unsafe { line, op: Some(op), violation } => {
                write!(f, "instruction {line} ({op}): {violation}")
            }
            Self::Unsafe { op: None, violation, .. } => write!(f, "{violation}"),
            Self::NotPurged => write!(f, "there is an old version of the module that has to be purged first"),
            Self::Function => write!(f, "a function does not begin with its name"),
        }
    }
}

impl core::error::Error for LoadError {}
