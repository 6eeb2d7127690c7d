// SPDX-License-Identifier: Apache-2.0
//! Comparisons, as far as a look at the words decides them.

use super::Emitted;
use super::floats::load_floats;
use crate::emu::native::decode::{Instruction, Operand};
use crate::emu::native::emitter::{Emitter, is_small};
use crate::emu::native::x86::{Alu, Cond, Label, Reg, Xmm};
use crate::emu::table::Operation as O;

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    let &[Operand::Target(fail), a, b] = i.operands() else { return Emitted::Nothing };
    match i.specific.operation {
        O::IsLt => order(e, fail, a, b, LESS),
        O::IsGe => order(e, fail, a, b, NOT_LESS),
        O::IsEqExact => equality(e, fail, a, b, Wanted::Equal, Sameness::Exact),
        O::IsNeExact => equality(e, fail, a, b, Wanted::Different, Sameness::Exact),
        O::IsEq => equality(e, fail, a, b, Wanted::Equal, Sameness::Numeric),
        O::IsNe => equality(e, fail, a, b, Wanted::Different, Sameness::Numeric),
        _ => Emitted::Nothing,
    }
}

/// What an order fails on.
#[derive(Clone, Copy)]
struct Fails {
    /// Comparing integers.
    integers: Cond,
    /// Comparing integers in places exchanged.
    exchanged: Cond,
    /// Comparing floats.
    floats: Cond,
}

const LESS: Fails =
    Fails { integers: Cond::GreaterOrEqual, exchanged: Cond::LessOrEqual, floats: Cond::AboveOrEqual };
const NOT_LESS: Fails = Fails { integers: Cond::Less, exchanged: Cond::Greater, floats: Cond::Below };

/// Compares small integers, and floats when that is what they are.
fn order(e: &mut Emitter<'_>, fail: u32, a: Operand, b: Operand, fails: Fails) -> Emitted {
    let cond = match (a, b) {
        (Operand::Const(_), Operand::Const(_)) => return Emitted::Nothing,
        (Operand::Const(word), other) if is_small(word) => {
            let slow = e.slow();
            e.check_small(&[other], slow);
            e.compare_const(other, word);
            fails.exchanged
        }
        (other, Operand::Const(word)) if is_small(word) => {
            let slow = e.slow();
            e.check_small(&[other], slow);
            e.compare_const(other, word);
            fails.integers
        }
        (Operand::Place(_), Operand::Place(_)) => {
            let second = e.second(order_floats);
            e.check_small(&[a, b], second);
            let (a, b) = (e.value(a), e.value(b));
            e.asm.alu(Alu::Cmp, a, b);
            fails.integers
        }
        _ => {
            let slow = e.slow();
            compare_floats(e, a, b, slow);
            fails.floats
        }
    };
    let fail = e.target(fail);
    e.asm.jcc(cond, fail);
    Emitted::Code
}

fn order_floats(e: &mut Emitter<'_>, i: &Instruction) {
    let &[Operand::Target(fail), a, b] = i.operands() else { unreachable!("an order has these operands") };
    let fails = if i.specific.operation == O::IsLt { LESS } else { NOT_LESS };
    let slow = e.give_up();
    compare_floats(e, a, b, slow);
    let fail = e.target(fail);
    e.asm.jcc(fails.floats, fail);
    e.go_on_after(i);
}

/// Sets the flags by two floats.
fn compare_floats(e: &mut Emitter<'_>, a: Operand, b: Operand, slow: Label) {
    load_floats(e, a, b, slow);
    e.asm.compare_floats(Xmm(0), Xmm(1));
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Equal,
    Different,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sameness {
    /// Terms are the same only if both are pointers with one tag, or one word.
    Exact,
    /// Numbers of different kinds may be equal, so immediates alone decide.
    Numeric,
}

fn equality(
    e: &mut Emitter<'_>,
    fail: u32,
    a: Operand,
    b: Operand,
    wanted: Wanted,
    sameness: Sameness,
) -> Emitted {
    let (a, b) = if matches!(a, Operand::Const(_)) { (b, a) } else { (a, b) };
    if matches!(a, Operand::Const(_)) {
        return Emitted::Nothing;
    }
    let fail = e.target(fail);
    let by_word = match b {
        Operand::Const(word) => sameness == Sameness::Exact && word & 3 == 3,
        b => e.is_small(a) && e.is_small(b),
    };
    if by_word {
        match b {
            Operand::Const(word) => e.compare_const(a, word),
            b => {
                let (a, b) = (e.value(a), e.value(b));
                e.asm.alu(Alu::Cmp, a, b);
            }
        }
        let fails = if wanted == Wanted::Equal { Cond::NotEqual } else { Cond::Equal };
        e.asm.jcc(fails, fail);
        return Emitted::Code;
    }
    let (a, b, tags) = (e.value(a), e.value(b), e.scratch());
    let slow = e.slow();
    e.asm.alu(Alu::Cmp, a, b);
    match wanted {
        Wanted::Equal => {
            let equal = e.asm.jcc_short(Cond::Equal);
            decide(e, tags, a, b, sameness);
            e.asm.jcc(Cond::Equal, fail);
            e.asm.jmp(slow);
            e.asm.land(equal);
        }
        Wanted::Different => {
            e.asm.jcc(Cond::Equal, fail);
            decide(e, tags, a, b, sameness);
            e.asm.jcc(Cond::NotEqual, slow);
        }
    }
    Emitted::Code
}

/// Sets the flags to equal if different words are different terms.
fn decide(e: &mut Emitter<'_>, tags: Reg, a: Reg, b: Reg, sameness: Sameness) {
    // The bits of an immediate's tag are all set, so they are if either is an immediate, or the tags are those of a list and of a boxed
    // object.
    let op = if sameness == Sameness::Exact { Alu::Or } else { Alu::And };
    e.asm.mov32(tags, a);
    e.asm.alu32(op, tags, b);
    e.asm.alu32_imm(Alu::And, tags, 3);
    e.asm.alu32_imm(Alu::Cmp, tags, 3);
}
