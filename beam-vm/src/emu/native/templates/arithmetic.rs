// SPDX-License-Identifier: Apache-2.0
//! Arithmetic on small integers whose result is one.
//!
//! A small integer's word is 16 times the value, plus 15. Sums and differences overflow exactly where the value does.

use super::Emitted;
use super::floats::term_operation;
use crate::emu::native::decode::{Instruction, Operand, Place};
use crate::emu::native::emitter::{Emitter, SMALL, is_small, short};
use crate::emu::native::x86::{Alu, Cond, Label, Reg, Shift, Sse, at};
use crate::emu::table::Operation as O;

/// The tag of a small integer.
const TAG: i32 = SMALL as i32;
/// Bits that a value is shifted by.
const TAG_BITS: u8 = 4;

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    match (i.specific.operation, i.operands()) {
        (O::Bnot, &[_, _, a, Operand::Place(to)]) => {
            if !may_be_small(a) {
                return Emitted::Nothing;
            }
            let slow = e.slow();
            e.check_small(&[a], slow);
            let result = e.fresh(a);
            e.asm.alu_imm(Alu::Xor, result, !TAG);
            finish(e, to, result);
            Emitted::Code
        }
        (operation, &[_, _, a, b, Operand::Place(to)]) => {
            if matches!((a, b), (Operand::Const(_), Operand::Const(_))) {
                return Emitted::Nothing;
            }
            // A quotient is a float.
            if operation == O::Divide || !may_be_small(a) || !may_be_small(b) {
                return with_float(e, operation, a, b, to);
            }
            match operation {
                O::Add | O::Band | O::Bor | O::Bxor | O::Mul if matches!(a, Operand::Const(_)) => {
                    binary(e, operation, b, a, to)
                }
                operation => binary(e, operation, a, b, to),
            }
        }
        _ => Emitted::Nothing,
    }
}

/// What an operation is for floats.
fn float_operation(operation: O) -> Option<Sse> {
    match operation {
        O::Add => Some(Sse::Add),
        O::Sub => Some(Sse::Sub),
        O::Mul => Some(Sse::Mul),
        O::Divide => Some(Sse::Div),
        _ => None,
    }
}

/// The operation is one on floats, or not for this code.
fn with_float(e: &mut Emitter<'_>, operation: O, a: Operand, b: Operand, to: Place) -> Emitted {
    let Some(op) = float_operation(operation) else { return Emitted::Nothing };
    let may_be_float = |operand| match operand {
        Operand::Const(word) => word & 3 == 2,
        _ => true,
    };
    if !may_be_float(a) || !may_be_float(b) {
        return Emitted::Nothing;
    }
    let slow = e.slow();
    term_operation(e, op, a, b, to, slow);
    Emitted::Code
}

/// The second way of an operation on two registers.
fn floats(e: &mut Emitter<'_>, i: &Instruction) {
    let (Some(op), &[_, _, a, b, Operand::Place(to)]) = (float_operation(i.specific.operation), i.operands())
    else {
        unreachable!("an operation has these operands")
    };
    let slow = e.give_up();
    term_operation(e, op, a, b, to, slow);
    e.go_on_after(i);
}

/// Where an operation goes whose operands are no small integers.
fn not_small(e: &mut Emitter<'_>, a: Operand, b: Operand) -> Label {
    match (a, b) {
        (Operand::Place(_), Operand::Place(_)) => e.second(floats),
        _ => e.slow(),
    }
}

fn may_be_small(operand: Operand) -> bool {
    match operand {
        Operand::Const(word) => is_small(word),
        _ => true,
    }
}

/// The value of a small integer that is known.
fn value(operand: Operand) -> Option<i64> {
    match operand {
        Operand::Const(word) => Some(word as i64 >> TAG_BITS),
        _ => None,
    }
}

fn finish(e: &mut Emitter<'_>, to: Place, result: Reg) {
    e.write(to, result);
    e.note_small(to);
}

fn binary(e: &mut Emitter<'_>, operation: O, a: Operand, b: Operand, to: Place) -> Emitted {
    match operation {
        O::Add => add(e, a, b, to),
        O::Sub => subtract(e, a, b, to),
        O::Mul => multiply(e, a, b, to),
        O::Div | O::Rem => return divide(e, operation, a, b, to),
        O::Band => bits(e, Alu::And, a, b, to),
        O::Bor => bits(e, Alu::Or, a, b, to),
        O::Bxor => bits(e, Alu::Xor, a, b, to),
        O::Bsl => return shift_left(e, a, b, to),
        O::Bsr => return shift_right(e, a, b, to),
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

/// A constant's word without its tag, as an operand of 32 bits.
fn untagged(operand: Operand) -> Option<i32> {
    match operand {
        Operand::Const(word) => short(word - TAG as u64),
        _ => None,
    }
}

fn add(e: &mut Emitter<'_>, a: Operand, b: Operand, to: Place) {
    let slow = not_small(e, a, b);
    e.check_small(&[a, b], slow);
    let result = match untagged(b) {
        Some(word) => {
            let result = e.fresh(a);
            e.asm.alu_imm(Alu::Add, result, word);
            result
        }
        None => {
            let (a, b, result) = (e.value(a), e.value(b), e.scratch());
            e.asm.lea(result, at(a, -TAG));
            e.asm.alu(Alu::Add, result, b);
            result
        }
    };
    e.asm.jcc(Cond::Overflow, slow);
    finish(e, to, result);
}

fn subtract(e: &mut Emitter<'_>, a: Operand, b: Operand, to: Place) {
    let slow = not_small(e, a, b);
    e.check_small(&[a, b], slow);
    let result = e.fresh(a);
    match untagged(b) {
        Some(word) => {
            e.asm.alu_imm(Alu::Sub, result, word);
            e.asm.jcc(Cond::Overflow, slow);
        }
        None => {
            let b = e.value(b);
            e.asm.alu(Alu::Sub, result, b);
            e.asm.jcc(Cond::Overflow, slow);
            e.asm.alu_imm(Alu::Or, result, TAG);
        }
    }
    finish(e, to, result);
}

fn multiply(e: &mut Emitter<'_>, a: Operand, b: Operand, to: Place) {
    let slow = not_small(e, a, b);
    e.check_small(&[a, b], slow);
    let result = e.fresh(a);
    e.asm.shift(Shift::RightSigned, result, TAG_BITS);
    let factor = match b {
        Operand::Const(word) => e.value(Operand::Const(word - TAG as u64)),
        b => {
            let b = e.value(b);
            let factor = e.scratch();
            e.asm.lea(factor, at(b, -TAG));
            factor
        }
    };
    e.asm.imul(result, factor);
    e.asm.jcc(Cond::Overflow, slow);
    e.asm.alu_imm(Alu::Or, result, TAG);
    finish(e, to, result);
}

/// The stack's register is where the remainder comes, so it is put aside.
fn divide(e: &mut Emitter<'_>, operation: O, a: Operand, b: Operand, to: Place) -> Emitted {
    if matches!(value(b), Some(0 | -1)) {
        return Emitted::Nothing;
    }
    e.claim(Reg::RAX);
    let slow = e.slow();
    e.check_small(&[a, b], slow);
    let divisor = e.fresh(b);
    e.asm.shift(Shift::RightSigned, divisor, TAG_BITS);
    if value(b).is_none() {
        // 0 raises, and -1 may give more than a small integer.
        let sum = e.scratch();
        e.asm.lea(sum, at(divisor, 1));
        e.asm.alu_imm(Alu::Cmp, sum, 1);
        e.asm.jcc(Cond::BelowOrEqual, slow);
        e.release(sum);
    }
    let from = e.value(a);
    let stack = e.scratch();
    e.asm.mov(stack, Reg::RDX);
    e.asm.mov(Reg::RAX, from);
    e.asm.shift(Shift::RightSigned, Reg::RAX, TAG_BITS);
    e.asm.divide(divisor);
    let result = if operation == O::Div { Reg::RAX } else { Reg::RDX };
    let word = divisor;
    e.asm.mov(word, result);
    e.asm.mov(Reg::RDX, stack);
    e.asm.shift(Shift::Left, word, TAG_BITS);
    e.asm.alu_imm(Alu::Or, word, TAG);
    finish(e, to, word);
    Emitted::Code
}

fn bits(e: &mut Emitter<'_>, op: Alu, a: Operand, b: Operand, to: Place) {
    let slow = e.slow();
    e.check_small(&[a, b], slow);
    let result = e.fresh(a);
    match b {
        Operand::Const(word) if short(word).is_some() => {
            e.asm.alu_imm(op, result, short(word).unwrap_or(TAG));
        }
        b => {
            let b = e.value(b);
            e.asm.alu(op, result, b);
        }
    }
    if op == Alu::Xor {
        e.asm.alu_imm(Alu::Or, result, TAG);
    }
    finish(e, to, result);
}

fn shift_left(e: &mut Emitter<'_>, a: Operand, b: Operand, to: Place) -> Emitted {
    let Some(count @ 0..60) = value(b) else { return Emitted::Nothing };
    let slow = e.slow();
    e.check_small(&[a], slow);
    let from = e.value(a);
    let (result, back) = (e.scratch(), e.scratch());
    e.asm.lea(result, at(from, -TAG));
    e.asm.shift(Shift::Left, result, count as u8);
    e.asm.mov(back, result);
    e.asm.shift(Shift::RightSigned, back, count as u8);
    e.asm.alu_imm(Alu::Or, back, TAG);
    e.asm.alu(Alu::Cmp, back, from);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.alu_imm(Alu::Or, result, TAG);
    finish(e, to, result);
    Emitted::Code
}

fn shift_right(e: &mut Emitter<'_>, a: Operand, b: Operand, to: Place) -> Emitted {
    let Some(count @ 0..) = value(b) else { return Emitted::Nothing };
    let slow = e.slow();
    e.check_small(&[a], slow);
    let result = e.fresh(a);
    e.asm.shift(Shift::RightSigned, result, count.min(63) as u8);
    e.asm.alu_imm(Alu::Or, result, TAG);
    finish(e, to, result);
    Emitted::Code
}
