// SPDX-License-Identifier: Apache-2.0
//! What only all instructions of a module together show.

use alloc::vec::Vec;

use super::error::{InstructionError, Part, ReadError};
use super::fault::Fault;
use super::index::LabelIndex;
use super::module::Module;
use super::opcodes::GenericOp;
use super::operand::Operand;

/// Checks each instruction, and that each label stands at one place, that those which are used stand somewhere, and that
/// there are as many functions as the header says.
pub(super) fn verify(module: &Module) -> Result<(), ReadError> {
    let header = module.code_header();
    let mut standing = LabelSet::new(header.labels);
    let mut used = LabelSet::new(header.labels);
    let mut functions = 0;
    let mut code = module.code();
    while let Some(instruction) = code.next()? {
        for operand in instruction.operands().iter().chain(instruction.list()) {
            if let Operand::Label(label) = operand {
                used.insert(*label);
            }
        }
        functions += u32::from(instruction.op == GenericOp::FUNC_INFO);
        let Some(label) = instruction.label() else {
            continue;
        };
        if !standing.insert(label) {
            let fault = Fault::DuplicateLabel(label.get() as u64);
            return Err(
                InstructionError { offset: instruction.offset, op: Some(instruction.op), fault }.into()
            );
        }
    }
    if functions != header.functions {
        return Err(ReadError::Corrupt(
            Part::Code,
            Fault::Functions { said: header.functions, found: functions },
        ));
    }
    let missing = |part: Part, label: Option<LabelIndex>| match label {
        Some(label) => Err(ReadError::Corrupt(part, Fault::UndefinedLabel(label.get() as u64))),
        None => Ok(()),
    };
    let is_undefined = |label: &LabelIndex| !standing.contains(*label);
    missing(Part::Exports, module.exports().iter().map(|export| export.label).find(is_undefined))?;
    missing(Part::Lambdas, module.lambdas().iter().map(|lambda| lambda.label).find(is_undefined))?;
    missing(Part::Code, used.iter().find(is_undefined))
}

/// Labels, a bit each.
struct LabelSet(Vec<u64>);

impl LabelSet {
    fn new(count: u32) -> Self {
        Self(alloc::vec![0; (count as usize).div_ceil(64)])
    }

    /// Whether it was not there before.
    fn insert(&mut self, label: LabelIndex) -> bool {
        let (word, bit) = (label.get() / 64, 1 << (label.get() % 64));
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    fn contains(&self, label: LabelIndex) -> bool {
        self.0[label.get() / 64] >> (label.get() % 64) & 1 == 1
    }

    fn iter(&self) -> impl Iterator<Item = LabelIndex> {
        let labels = 0..self.0.len() as u32 * 64;
        labels.filter_map(LabelIndex::new).filter(|label| self.contains(*label))
    }
}
