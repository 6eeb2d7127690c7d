// SPDX-License-Identifier: Apache-2.0
//! The instructions of a module, decoded once, and where its functions and labels are.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::super::LoadError;
use super::Violation;
use crate::beam_file::{GenericOp, Instruction, Module, Operand, Role};

/// An instruction and what its operands refer to.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// What it does.
    pub op: GenericOp,
    /// Where its operands begin.
    start: u32,
    /// Where it stands in the file.
    offset: u32,
    /// How many operands it has, and how many with the elements of its list.
    len: u32,
    /// The import that it names, plus one, or the lambda, or the label that stands here.
    pub reference: u32,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its instructions, from the label of its func_info on.
    pub lines: Range<usize>,
    /// The place of its func_info.
    pub info: usize,
    /// The label of its first instruction.
    pub entry: u32,
    /// Its arity.
    pub arity: u32,
}

/// All instructions.
#[derive(Debug, Default)]
pub struct Instructions {
    pub lines: Vec<Line>,
    operands: Vec<Operand>,
    pub bodies: Vec<Body>,
    /// For each label the line that it stands at, plus one.
    pub labels: Vec<u32>,
}

impl Instructions {
    /// Decodes a module's instructions.
    pub fn decode(file: &Module) -> Result<Self, LoadError> {
        let mut out = Self { labels: vec![0; file.code_header().labels as usize], ..Self::default() };
        let mut code = file.code();
        while let Some(instruction) = code.next().map_err(LoadError::Instruction)? {
            let start = out.operands.len() as u32;
            out.operands.extend_from_slice(instruction.all_operands());
            let len = out.operands.len() as u32 - start;
            let reference = match instruction.reference() {
                Some((Role::LabelHere, label)) => {
                    if let Some(place) = out.labels.get_mut(label as usize) {
                        *place = out.lines.len() as u32 + 1;
                    }
                    label
                }
                Some((_, number)) => number,
                None => 0,
            };
            let offset = instruction.offset as u32;
            out.lines.push(Line { op: instruction.op, start, offset, len, reference });
        }
        out.find_bodies()?;
        Ok(out)
    }

    /// An instruction.
    pub fn instruction(&self, line: Line) -> Instruction<'_> {
        let start = line.start as usize;
        Instruction::decoded(line.op, line.offset as usize, &self.operands[start..start + line.len as usize])
    }

    /// The operands of an instruction, its list as one.
    pub fn operands(&self, line: Line) -> &[Operand] {
        let start = line.start as usize;
        &self.operands[start..start + line.op.arity()]
    }

    /// The elements of its list.
    pub fn list(&self, line: Line) -> &[Operand] {
        let start = line.start as usize;
        &self.operands[start + line.op.arity()..start + line.len as usize]
    }

    fn find_bodies(&mut self) -> Result<(), LoadError> {
        let is_in_front = |op| op == GenericOp::LABEL || op == GenericOp::LINE;
        for info in 0..self.lines.len() {
            let line = self.lines[info];
            if line.op != GenericOp::FUNC_INFO {
                continue;
            }
            let before = self.lines[..info].iter().rev().take_while(|line| is_in_front(line.op)).count();
            let [_, _, Operand::Unsigned(arity)] = *self.operands(line) else {
                return Err(Violation::Function.at(self, info));
            };
            // The word before a function's first instruction is its arity.
            let entry = self.lines.get(info + 1).filter(|line| line.op == GenericOp::LABEL);
            let Some(entry) = entry.filter(|_| arity <= 255) else {
                return Err(Violation::Function.at(self, info));
            };
            if let Some(last) = self.bodies.last_mut() {
                last.lines.end = info - before;
            }
            let lines = info - before..self.lines.len();
            self.bodies.push(Body { lines, info, entry: entry.reference, arity: arity as u32 });
        }
        Ok(())
    }
}
