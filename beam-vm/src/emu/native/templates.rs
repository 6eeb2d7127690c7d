// SPDX-License-Identifier: Apache-2.0
//! Templates: for each operation that has one, the machine code of an instruction. `handlers` says what instructions do.

mod arithmetic;
mod calls;
mod compare;
mod construct;
mod data;
mod floats;
mod frames;
mod guards;
mod matching;
mod parts;
mod select;
mod types;

use super::decode::Instruction;
use super::emitter::Emitter;

/// What has become of an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Emitted {
    /// Its code.
    Code,
    /// Nothing: its handler does it.
    Nothing,
}

/// A template: writes the code, or nothing at all.
type Template = fn(&mut Emitter<'_>, &Instruction) -> Emitted;

/// Writes the code of an instruction, if there is a template.
pub fn emit(e: &mut Emitter<'_>, instruction: &Instruction) -> Emitted {
    use crate::emu::table::Operation as O;
    let template: Template = match instruction.specific.operation {
        O::Move
        | O::Move2
        | O::Move3
        | O::MoveJump
        | O::Swap
        | O::GetList
        | O::IsNonemptyListGetList
        | O::GetHd
        | O::GetTl
        | O::GetTupleElement
        | O::GetTupleElement2
        | O::GetTupleElement3
        | O::SetTupleElement
        | O::PutList
        | O::PutPair
        | O::PutTriple
        | O::PutTuple2
        | O::UpdateRecord
        | O::Jump
        | O::CountCall
        | O::Nop => data::emit,
        O::InitY
        | O::InitY2
        | O::InitYregs
        | O::Allocate
        | O::AllocateHeap
        | O::AllocateZero
        | O::AllocateHeapZero
        | O::TestHeap
        | O::Deallocate
        | O::Trim
        | O::Catch
        | O::CatchEnd
        | O::TryEnd
        | O::TryCase => frames::emit,
        O::Call
        | O::CallLast
        | O::CallOnly
        | O::MoveCall
        | O::MoveCallLast
        | O::MoveCallOnly
        | O::CallExt
        | O::CallExtLast
        | O::CallExtOnly
        | O::CallFun
        | O::CallFunLast
        | O::Return
        | O::DeallocateReturn
        | O::MoveReturn
        | O::MoveDeallocateReturn => calls::emit,
        O::IsEqExact | O::IsNeExact | O::IsEq | O::IsNe | O::IsLt | O::IsGe => compare::emit,
        O::EnsureCons
        | O::EnsureTuple
        | O::EnsureFloat
        | O::IsInteger
        | O::IsFloat
        | O::IsNumber
        | O::IsAtom
        | O::IsBoolean
        | O::IsNil
        | O::IsList
        | O::IsNonemptyList
        | O::IsTuple
        | O::IsMap
        | O::IsBitstr
        | O::IsBinary
        | O::IsFunction
        | O::IsPid
        | O::IsReference
        | O::IsTupleOfArity
        | O::IsTaggedTuple => types::emit,
        O::Add
        | O::Sub
        | O::Mul
        | O::Div
        | O::Divide
        | O::Rem
        | O::Band
        | O::Bor
        | O::Bxor
        | O::Bsl
        | O::Bsr
        | O::Bnot => arithmetic::emit,
        O::Fload | O::Fstore | O::Fconv | O::Fnegate | O::Fadd | O::Fsub | O::Fmul | O::Fdiv => floats::emit,
        O::SelectVal | O::JumpTable | O::SelectTupleArity => select::emit,
        O::BsCreateBin => construct::emit,
        O::BsGetBinary | O::BsGetTail => parts::emit,
        O::BsStartMatch
        | O::EnsureState
        | O::BsGetPosition
        | O::BsSetPosition
        | O::BsTestUnit
        | O::BsTestTail
        | O::BsEnsureAtLeast
        | O::BsSkipBits
        | O::BsGetByte
        | O::BsGetUnsigned
        | O::BsGetSmall
        | O::BsMatchString
        | O::BsGetUtf8
        | O::BsSkipUtf8 => matching::emit,
        O::Hd | O::Tl | O::TupleSize | O::Element | O::GuardBif1 | O::CallBif => guards::emit,
        _ => return Emitted::Nothing,
    };
    template(e, instruction)
}
