// SPDX-License-Identifier: Apache-2.0
//! What has to hold of instructions so that they can be trusted: a walk through every function that follows all ways at once.
//!
//! Handlers believe their operands, since looking would take as long as doing. Compilers get them right (OTP's `beam_validator` checks
//! the same before a file is written); a file that was damaged or made to harm need not. So each way through a function is walked once,
//! with what is known at each point ([`Facts`]):
//!
//! - X and Y registers hold terms before they are read, passed, returned, or seen by a collection; those that a call or collection takes away
//!   are not used again. All Y registers are set where a stack may be walked: at calls, collections, and whatever may raise.
//! - Frames: none twice, registers inside, taken down with the size that they were made with, gone before a return or tail call, there
//!   before a call. All ways to a label come with the same frame.
//! - What `catch` and `try` put into a register is only used by their ends, and their handler is walked with the frame of whatever may raise.
//! - Heap words are reserved before they are used, and nothing that may collect comes between.
//! - Jumps stay inside the function; calls go to the first instruction of a function of that arity, and so do exports, lambdas and `on_load`.
//! - Lists have the elements that their instruction takes two or more at a time, in the right kinds of registers.
//! - BIFs that are instructions are those of guards: they neither collect nor wait.
//! - Binaries are written to segment by segment only between the instruction that makes one and the next collection.
//!
//! Compilers let ways with different frames share instructions that raise in the end; there, no Y register can be used, and nothing called.
//!
//! One thing compilers know better than this walk: the type of a term, which they follow from function to function. Where a cons cell, tuple,
//! float or match state is taken apart and the walk does not know it for one, it asks for a [`Check`] that is done at run time. Nor does it
//! know which functions never return: where instructions end after a call, it asks for one that ends the process.
//!
//! Compilers also know what cannot fail, and leave registers of the frame unset there. In such a function frames are set when they are made. They may even read
//! the result of a BIF where it would have failed; there, the register is set before the BIF is called.
//!
//! Where the ways back to a label bring less than the walk had assumed, the function is walked again.

mod code;
mod facts;
mod walk;

use alloc::vec::Vec;
use core::fmt;

use super::LoadError;
use crate::beam_file::{GenericOp, Module};
use crate::term::{Export, Term};
use code::Instructions;

/// What a check at run time asks of a term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// A cons cell.
    Cons,
    /// A tuple with at least so many elements.
    Tuple(u32),
    /// A float.
    Float,
    /// A match state.
    State,
    /// There is no such term: the program never comes here.
    Nothing,
    /// No term: the frame that is made has all of its registers set.
    SetFrame,
    /// No term: the register is set.
    SetRegister,
}

/// A check to be done before an instruction: of which of its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Check {
    /// The place of the instruction, counted from 0.
    pub line: u32,
    /// The place of the operand.
    pub operand: u8,
    /// What it has to be.
    pub wanted: Wanted,
}

/// What is wrong with an instruction that is fine by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Violation {
    /// A function does not begin as functions do.
    Function,
    /// A register is read that holds no term.
    Register,
    /// A Y register is used that the frame does not have, or without a frame.
    Frame,
    /// Frames of different sizes meet at a label, or a frame is made, left or missing where it may not be.
    FrameSize,
    /// A Y register is not set where the stack may be walked.
    FrameUnset,
    /// More of the heap is used than was reserved, or more is asked for than can be.
    Heap,
    /// A jump leaves the function, or a call does not go to a function of its arity.
    Target,
    /// What ends a `catch` or `try` has none to end.
    Catch,
    /// A list has the wrong elements.
    List,
    /// An instruction names a BIF that cannot be one.
    Bif,
    /// A segment is written while no binary is being built.
    Segment,
    /// The instructions end in the middle of a function.
    End,
    /// The instruction means nothing.
    Unknown,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Function => "a function does not begin with its name, arity and label",
            Self::Register => "a register is read that holds no term",
            Self::Frame => "the frame does not have this register",
            Self::FrameSize => "the frame has another size, or should or should not be there",
            Self::FrameUnset => "a register of the frame is not set",
            Self::Heap => "not so much of the heap was reserved",
            Self::Target => "the label is not one that can be gone to",
            Self::Catch => "there is no catch or try in this register",
            Self::List => "the list has the wrong elements",
            Self::Bif => "this function cannot be called by an instruction of its own",
            Self::Segment => "no binary is being built",
            Self::End => "the instructions end in the middle of a function",
            Self::Unknown => "the instruction means nothing",
        })
    }
}

impl Violation {
    fn at(self, code: &Instructions, line: usize) -> LoadError {
        LoadError::Unsafe { line, op: code.lines.get(line).map(|line| line.op), violation: self }
    }
}

/// What the walk needs to know of the module beside its instructions.
pub struct Surroundings<'a> {
    /// The file.
    pub file: &'a Module,
    /// Its imports.
    pub imports: &'a [&'static Export],
    /// Its literals.
    pub literals: &'a [Term],
}

/// Walks through all functions of a module. Gives its instructions and the checks that are left for run time, in their order.
///
/// # Errors
/// [`LoadError::Unsafe`]: what the instructions do cannot be done.
pub fn verify(surroundings: &Surroundings<'_>) -> Result<(Instructions, Vec<Check>), LoadError> {
    let file = surroundings.file;
    let code = Instructions::decode(file)?;
    let mut entries: Vec<Option<u32>> = alloc::vec![None; code.labels.len()];
    for body in &code.bodies {
        if let Some(entry) = entries.get_mut(body.entry as usize) {
            *entry = Some(body.arity);
        }
    }
    let is_entry = |label: usize, arity: u32| entries.get(label).copied().flatten() == Some(arity);
    let end = code.lines.len();
    for export in file.exports() {
        if !is_entry(export.label.get(), u32::from(export.arity)) {
            return Err(Violation::Target.at(&code, end));
        }
    }
    for lambda in file.lambdas() {
        if !is_entry(lambda.label.get(), u32::from(lambda.arity)) {
            return Err(Violation::Target.at(&code, end));
        }
    }
    for (place, line) in code.lines.iter().enumerate().filter(|(_, line)| line.op == GenericOp::ON_LOAD) {
        let body = code.bodies.iter().rev().find(|body| body.info < place);
        if body.is_none_or(|body| body.arity != 0) {
            return Err(Violation::Target.at(&code, place + usize::from(line.reference != 0)));
        }
    }
    let mut checks = Vec::new();
    for body in &code.bodies {
        walk::walk(&code, body, surroundings, &entries, &mut checks)?;
    }
    Ok((code, checks))
}
