// SPDX-License-Identifier: Apache-2.0
//! What can be wrong with a file.
//!
//! Stock answers `{error, badfile}` to all of it, and sends one message to the logger that names the part. That answer is
//! [`ReadError::REASON`]; the words are [`ReadError::report`]. Ours say in addition what is wrong with the part.

use core::fmt;

use super::fault::Fault;
use super::opcodes::GenericOp;

/// Why a file cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadError {
    /// A part that has to be there is not, or is empty.
    Missing(Part),
    /// A part is damaged.
    Corrupt(Part, Fault),
    /// The compiler used opcodes that are younger than we are.
    TooNew {
        /// The highest opcode that the file names.
        opcode: u32,
    },
    /// An instruction is damaged.
    Instruction(InstructionError),
}

/// The parts of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The file itself: its compression, its header and the frames of its chunks.
    Header,
    /// The chunk `Code`, apart from its instructions.
    Code,
    /// The chunk `AtU8` or `Atom`.
    Atoms,
    /// The chunk `ImpT`.
    Imports,
    /// The chunk `ExpT`.
    Exports,
    /// The chunk `FunT`.
    Lambdas,
    /// The chunk `LitT`.
    Literals,
    /// The chunk `Line`.
    Lines,
    /// The chunk `Type`.
    Types,
}

/// What is wrong with an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstructionError {
    /// Where it starts: bytes from the first instruction.
    pub offset: usize,
    /// Which it is, where it came to that.
    pub op: Option<GenericOp>,
    /// What is wrong with it.
    pub fault: Fault,
}

impl ReadError {
    /// The reason in the `{error, Reason}` of `erlang:prepare_loading/2`, `erlang:load_module/2` and `code:load_binary/3`.
    pub const REASON: &'static str = "badfile";

    /// The text of stock's message after `Error loading module Mod:` and a line break; `release` is the number of the OTP
    /// release that we answer as.
    ///
    /// For a damaged instruction stock says `Error loading function M:F/A: op NAME: LETTERS:` in front, with the letters of
    /// the specific instruction it had come to; that belongs to whoever knows those.
    pub fn report(self, release: u8) -> impl fmt::Display {
        fmt::from_fn(move |f| match self {
            Self::Missing(part) => write!(f, "missing {}", part.stock_name()),
            Self::Corrupt(_, Fault::Functions { said, found }) if found > said => {
                write!(f, "too many functions in module (header said {said})")
            }
            Self::Corrupt(_, Fault::Functions { said, found }) => {
                write!(f, "too few functions ({found}) in module (header said {said})")
            }
            Self::Corrupt(part, _) => write!(f, "corrupt {}", part.stock_name()),
            Self::Instruction(InstructionError { fault: Fault::DuplicateLabel(label), .. }) => {
                write!(f, "label {label} defined more than once")
            }
            Self::TooNew { opcode } => write!(
                f,
                "This BEAM file was compiled for a later version of the runtime system than the current \
                 (Erlang/OTP {release}).\n  To fix this, please re-compile this module with an Erlang/OTP \
                 {release} compiler.\n  (Use of opcode {opcode}; this emulator supports only up to {}.)\n",
                GenericOp::MAX
            ),
            Self::Instruction(_) => f.write_str("invalid opcode"),
        })
    }
}

impl Part {
    /// What stock calls it.
    pub fn stock_name(self) -> &'static str {
        match self {
            Self::Header => "file header",
            Self::Code => "code chunk",
            Self::Atoms => "atom table",
            Self::Imports => "import table",
            Self::Exports => "export table",
            Self::Lambdas => "lambda table",
            Self::Literals => "literal table",
            Self::Lines => "line table",
            Self::Types => "type table",
        }
    }

    /// Turns what is wrong into an error of this part.
    pub(super) fn corrupt(self) -> impl Fn(Fault) -> ReadError {
        move |fault| ReadError::Corrupt(self, fault)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(part) => write!(f, "missing {}", part.stock_name()),
            Self::Corrupt(part, fault) => write!(f, "corrupt {}: {fault}", part.stock_name()),
            Self::TooNew { opcode } => {
                write!(f, "opcode {opcode} is younger than ours, which end at {}", GenericOp::MAX)
            }
            Self::Instruction(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for InstructionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "corrupt instruction at byte {}", self.offset)?;
        if let Some(op) = self.op {
            write!(f, " ({op})")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl core::error::Error for ReadError {}
impl core::error::Error for InstructionError {}
