// SPDX-License-Identifier: Apache-2.0
//! Calls of other modules' functions and of BIFs.

use alloc::vec;
use alloc::vec::Vec;

use super::super::LoadError;
use super::Translator;
use crate::atom::predefined;
use crate::beam_file::{GenericOp, Instruction};
use crate::bif::BifIndex;
use crate::emu::operand::Arg;
use crate::emu::table::Operation;
use crate::term::Export;

/// Operators that are instructions of their own.
fn operator(export: &Export) -> Option<Operation> {
    use predefined as p;
    if export.module != p::ERLANG {
        return None;
    }
    Some(match (export.function, export.arity) {
        (p::PLUS, 2) => Operation::Add,
        (p::MINUS, 2) => Operation::Sub,
        (p::TIMES, 2) => Operation::Mul,
        (p::DIVIDE, 2) => Operation::Divide,
        (p::DIV, 2) => Operation::Div,
        (p::REM, 2) => Operation::Rem,
        (p::BAND, 2) => Operation::Band,
        (p::BOR, 2) => Operation::Bor,
        (p::BXOR, 2) => Operation::Bxor,
        (p::BSL, 2) => Operation::Bsl,
        (p::BSR, 2) => Operation::Bsr,
        (p::BNOT, 1) => Operation::Bnot,
        _ => return None,
    })
}

/// BIFs that are quick for some arguments.
fn quick(export: &Export) -> Option<Operation> {
    use predefined as p;
    if export.module != p::ERLANG {
        return None;
    }
    Some(match (export.function, export.arity) {
        (p::HD, 1) => Operation::Hd,
        (p::TL, 1) => Operation::Tl,
        (p::TUPLE_SIZE, 1) => Operation::TupleSize,
        (p::ELEMENT, 2) => Operation::Element,
        (p::MAP_GET, 2) => Operation::MapGet,
        (p::IS_MAP_KEY, 2) => Operation::IsMapKey,
        _ => return None,
    })
}

impl Translator<'_> {
    fn import(&self, instruction: &Instruction<'_>) -> Result<&'static Export, LoadError> {
        let index = instruction.import().ok_or(LoadError::Unsupported(instruction.op))?;
        Ok(self.imports[index.get()])
    }

    pub(super) fn bif(&mut self, instruction: &Instruction<'_>, args: &[Arg]) -> Result<(), LoadError> {
        let export = self.import(instruction)?;
        let bif = BifIndex::from_raw(export.bif.get()).ok_or(LoadError::Unsupported(instruction.op))?;
        let (fail, live, rest) = match (instruction.op, args) {
            (GenericOp::BIF0, [_, into]) => {
                if export.module == predefined::ERLANG && export.function == predefined::SELF {
                    self.push(Operation::SelfPid, vec![into.clone()]);
                } else {
                    self.push(Operation::GuardBif0, vec![Arg::Bif(bif), into.clone()]);
                }
                return Ok(());
            }
            (GenericOp::BIF1 | GenericOp::BIF2, [fail, _, rest @ ..]) => (fail, None, rest),
            (_, [fail, live, _, rest @ ..]) => (fail, Some(live), rest),
            _ => return Err(LoadError::Unsupported(instruction.op)),
        };
        if let (Some(operation), Some(live)) = (operator(export), live) {
            let args = [fail.clone(), live.clone()].into_iter().chain(rest.iter().cloned());
            self.push(operation, args.collect());
            return Ok(());
        }
        let operation = quick(export).unwrap_or(match rest.len() {
            2 => Operation::GuardBif1,
            3 => Operation::GuardBif2,
            _ => Operation::GuardBif3,
        });
        let args = [fail.clone(), Arg::Bif(bif)].into_iter().chain(rest.iter().cloned());
        self.push(operation, args.collect());
        Ok(())
    }

    /// A call of a function by name. What it takes from the stack in a tail call is given to `apply` as one number: 0 for a call that
    /// is none, 1 for a tail call without a frame, else two more than the slots of the frame.
    pub(super) fn external_call(
        &mut self,
        instruction: &Instruction<'_>,
        args: &[Arg],
    ) -> Result<(), LoadError> {
        let export = self.import(instruction)?;
        let arity = Arg::Number(u64::from(export.arity));
        let slots: Vec<Arg> = args.get(2).cloned().into_iter().collect();
        if export.module == predefined::ERLANG && export.function == predefined::APPLY {
            let operation = match export.arity {
                2 => Some(Operation::ApplyFun),
                3 => Some(Operation::ApplyList),
                _ => None,
            };
            if let Some(operation) = operation {
                let frame = match (instruction.op, slots.as_slice()) {
                    (GenericOp::CALL_EXT_LAST, [Arg::Number(slots)]) => slots + 2,
                    (GenericOp::CALL_EXT_ONLY, _) => 1,
                    _ => 0,
                };
                self.push(operation, vec![Arg::Number(frame)]);
                return Ok(());
            }
        }
        if let Some(bif) = BifIndex::from_raw(export.bif.get()) {
            let operation = match instruction.op {
                GenericOp::CALL_EXT_LAST => Operation::CallBifLast,
                GenericOp::CALL_EXT_ONLY => Operation::CallBifOnly,
                _ => Operation::CallBif,
            };
            let args = [Arg::Bif(bif), Arg::Export(export), arity].into_iter().chain(slots);
            self.push(operation, args.collect());
            return Ok(());
        }
        let operation = match instruction.op {
            GenericOp::CALL_EXT_LAST => Operation::CallExtLast,
            GenericOp::CALL_EXT_ONLY => Operation::CallExtOnly,
            _ => Operation::CallExt,
        };
        let args = [arity, Arg::Export(export)].into_iter().chain(slots);
        self.push(operation, args.collect());
        Ok(())
    }
}
