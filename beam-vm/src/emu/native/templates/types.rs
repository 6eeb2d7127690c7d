// SPDX-License-Identifier: Apache-2.0
//! Type tests.

use alloc::vec::Vec;

use super::Emitted;
use super::data::{HEADER, element, has_elements, header};
use super::floats::FLOAT_HEADER;
use crate::atom::predefined;
use crate::emu::native::decode::{Instruction, Operand};
use crate::emu::native::emitter::{Emitter, NIL, SMALL, short};
use crate::emu::native::x86::{Alu, Cond, Label, Reg, Short, at};
use crate::emu::table::Operation as O;
use crate::term::{Kind, Term};

/// The bits of a header that say the kind.
const KIND: i32 = 0x3F;
/// The bits of an atom that say it is one.
const ATOM: i32 = 0x0B;

/// A kind as a header has it.
const fn bits(kind: Kind) -> i32 {
    (kind as i32) << 2
}

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::{Const, Number, Target};
    if matches!(i.specific.operation, O::EnsureCons | O::EnsureTuple | O::EnsureFloat) {
        return ensure(e, i);
    }
    let (Target(fail), Some(term @ Operand::Place(_))) = (i.operands()[0], i.operands().get(1).copied())
    else {
        return Emitted::Nothing;
    };
    let fail = e.target(fail);
    match (i.specific.operation, &i.operands()[2..]) {
        (O::IsNil, []) => {
            e.compare_const(term, i64::from(NIL) as u64);
            e.asm.jcc(Cond::NotEqual, fail);
        }
        (O::IsNonemptyList, []) => {
            let term = e.value(term);
            e.asm.test8(term, 2);
            e.asm.jcc(Cond::NotEqual, fail);
        }
        (O::IsList, []) => {
            let term = e.value(term);
            e.asm.test8(term, 2);
            let cell = e.asm.jcc_short(Cond::Equal);
            e.asm.alu_imm(Alu::Cmp, term, NIL);
            e.asm.jcc(Cond::NotEqual, fail);
            e.asm.land(cell);
        }
        (O::IsAtom, []) => {
            let (term, tag) = (e.value(term), e.scratch());
            e.asm.mov32(tag, term);
            e.asm.alu32_imm(Alu::And, tag, KIND);
            e.asm.alu32_imm(Alu::Cmp, tag, ATOM);
            e.asm.jcc(Cond::NotEqual, fail);
        }
        (O::IsBoolean, []) => {
            // Read first, since what is read behind a jump is not always there afterwards.
            e.value(term);
            e.compare_const(term, Term::atom(predefined::TRUE).raw());
            let is_true = e.asm.jcc_short(Cond::Equal);
            e.compare_const(term, Term::atom(predefined::FALSE).raw());
            e.asm.jcc(Cond::NotEqual, fail);
            e.asm.land(is_true);
        }
        (O::IsInteger, []) => {
            if !e.is_small(term) {
                let term = e.value(term);
                let small = small(e, term);
                of_kinds(e, term, fail, &[Kind::BigPositive, Kind::BigNegative]);
                e.asm.land(small);
            }
        }
        (O::IsNumber, []) => {
            if !e.is_small(term) {
                let term = e.value(term);
                let small = small(e, term);
                of_kinds(e, term, fail, &[Kind::BigPositive, Kind::BigNegative, Kind::Float]);
                e.asm.land(small);
            }
        }
        (O::IsFloat, []) => kinds(e, term, fail, &[Kind::Float]),
        (O::IsMap, []) => kinds(e, term, fail, &[Kind::Map]),
        (O::IsBitstr, []) => kinds(e, term, fail, &[Kind::HeapBinary, Kind::RefcBinary, Kind::SubBinary]),
        (O::IsFunction, []) => kinds(e, term, fail, &[Kind::Fun, Kind::Export]),
        (O::IsReference, []) => kinds(e, term, fail, &[Kind::Reference, Kind::ExternalReference]),
        (O::IsBinary, []) => {
            let term = e.value(term);
            let slow = e.slow();
            let kind = kind(e, term, fail);
            // Which part of another it is, the handler looks.
            e.asm.alu32_imm(Alu::Cmp, kind, bits(Kind::SubBinary));
            e.asm.jcc(Cond::Equal, slow);
            compare_kinds(e, kind, fail, &[Kind::HeapBinary, Kind::RefcBinary]);
        }
        (O::IsPid, []) => {
            let term = e.value(term);
            let tag = e.scratch();
            e.asm.mov32(tag, term);
            e.asm.alu32_imm(Alu::And, tag, i32::from(SMALL));
            e.asm.alu32_imm(Alu::Cmp, tag, 3);
            e.release(tag);
            let local = e.asm.jcc_short(Cond::Equal);
            of_kinds(e, term, fail, &[Kind::ExternalPid]);
            e.asm.land(local);
        }
        (O::IsTuple, []) => {
            let term = e.value(term);
            boxed(e, term, fail);
            e.asm.test8_mem(at(term, HEADER), KIND as u8);
            e.asm.jcc(Cond::NotEqual, fail);
        }
        (O::IsTupleOfArity, [Number(arity)]) => {
            let term = e.value(term);
            boxed(e, term, fail);
            arity_is(e, term, *arity, fail);
        }
        (O::IsTaggedTuple, [Number(arity), Const(tag)]) => {
            let Some(tag) = short(*tag) else { return Emitted::Nothing };
            let term = e.value(term);
            boxed(e, term, fail);
            arity_is(e, term, *arity, fail);
            e.asm.alu_mem_imm(Alu::Cmp, at(term, element(0)), tag);
            e.asm.jcc(Cond::NotEqual, fail);
        }
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

/// What the loader does not know for sure, and programs of compilers always have.
fn ensure(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    let slow = e.slow();
    match (i.specific.operation, i.operands()) {
        (O::EnsureCons, &[term @ Operand::Place(_)]) => {
            let term = e.value(term);
            e.asm.test8(term, 2);
            e.asm.jcc(Cond::NotEqual, slow);
        }
        (O::EnsureTuple, &[term @ Operand::Place(_), Operand::Number(count @ 0..=0xFFFF)]) => {
            let term = e.value(term);
            has_elements(e, term, count as i32, slow);
        }
        (O::EnsureFloat, &[term @ Operand::Place(_)]) => {
            let term = e.value(term);
            boxed(e, term, slow);
            e.asm.alu_mem_imm(Alu::Cmp, at(term, HEADER), FLOAT_HEADER);
            e.asm.jcc(Cond::NotEqual, slow);
        }
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

fn boxed(e: &mut Emitter<'_>, term: Reg, fail: Label) {
    e.asm.test8(term, 1);
    e.asm.jcc(Cond::NotEqual, fail);
}

fn arity_is(e: &mut Emitter<'_>, term: Reg, arity: u64, fail: Label) {
    let header = header(arity as usize).expect("arities of 16 bits are short");
    e.asm.alu_mem_imm(Alu::Cmp, at(term, HEADER), header);
    e.asm.jcc(Cond::NotEqual, fail);
}

/// A short jump if the term is a small integer.
fn small(e: &mut Emitter<'_>, term: Reg) -> Short {
    let tag = e.scratch();
    e.asm.lea32(tag, at(term, 1));
    e.asm.test8(tag, SMALL);
    e.release(tag);
    e.asm.jcc_short(Cond::Equal)
}

/// A register with the bits of a boxed term's header that say its kind.
fn kind(e: &mut Emitter<'_>, term: Reg, fail: Label) -> Reg {
    boxed(e, term, fail);
    let kind = e.scratch();
    e.asm.load32(kind, at(term, HEADER));
    e.asm.alu32_imm(Alu::And, kind, KIND);
    kind
}

fn compare_kinds(e: &mut Emitter<'_>, kind: Reg, fail: Label, kinds: &[Kind]) {
    let (last, others) = kinds.split_last().expect("there is a kind to look for");
    let mut found = Vec::with_capacity(others.len());
    for other in others {
        e.asm.alu32_imm(Alu::Cmp, kind, bits(*other));
        found.push(e.asm.jcc_short(Cond::Equal));
    }
    e.asm.alu32_imm(Alu::Cmp, kind, bits(*last));
    e.asm.jcc(Cond::NotEqual, fail);
    for short in found {
        e.asm.land(short);
    }
}

fn of_kinds(e: &mut Emitter<'_>, term: Reg, fail: Label, kinds: &[Kind]) {
    let kind = kind(e, term, fail);
    compare_kinds(e, kind, fail, kinds);
}

fn kinds(e: &mut Emitter<'_>, term: Operand, fail: Label, kinds: &[Kind]) {
    let term = e.value(term);
    of_kinds(e, term, fail, kinds);
}
