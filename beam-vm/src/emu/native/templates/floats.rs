// SPDX-License-Identifier: Apache-2.0
//! Floating-point instructions. A result that is not finite is the handler's to raise.

use super::Emitted;
use super::data::HEADER;
use crate::emu::native::decode::{Instruction, Operand, Place};
use crate::emu::native::emitter::{Emitter, SMALL, float};
use crate::emu::native::x86::{Alu, Cond, Label, Reg, Shift, Sse, Xmm, at};
use crate::emu::table::Operation as O;
use crate::term::{Header, Kind, layout};

/// The upper half of the smallest number that is not finite, without its sign and shifted by it.
const NOT_FINITE: u32 = 0xFFE0_0000;

/// The header of a float.
pub(super) const FLOAT_HEADER: i32 = Header::new(Kind::Float, 1).raw() as i32;

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::{Float as F, Place as P};
    match (i.specific.operation, i.operands()) {
        (O::Fload, &[from, F(to)]) => {
            let (from, bits) = (e.value(from), e.scratch());
            e.asm.load(bits, at(from, HEADER + 8));
            e.asm.store(float(to), bits);
        }
        (O::Fstore, &[F(from), P(to)]) => {
            let bits = e.scratch();
            e.asm.load(bits, float(from));
            e.asm.store_imm(at(Reg::RSI, 0), FLOAT_HEADER);
            e.asm.store(at(Reg::RSI, 8), bits);
            let term = e.take_heap(layout::FLOAT_SIZE, 2);
            e.write(to, term);
        }
        (O::Fconv, &[from @ P(_), F(to)]) => convert(e, from, to),
        (O::Fnegate, &[_, F(from), F(to)]) => {
            let bits = e.scratch();
            e.asm.load(bits, float(from));
            e.asm.flip_bit(bits, 63);
            e.asm.store(float(to), bits);
        }
        (O::Fadd, &[_, F(a), F(b), F(to)]) => operation(e, Sse::Add, a, b, to),
        (O::Fsub, &[_, F(a), F(b), F(to)]) => operation(e, Sse::Sub, a, b, to),
        (O::Fmul, &[_, F(a), F(b), F(to)]) => operation(e, Sse::Mul, a, b, to),
        (O::Fdiv, &[_, F(a), F(b), F(to)]) => operation(e, Sse::Div, a, b, to),
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

fn operation(e: &mut Emitter<'_>, op: Sse, a: u16, b: u16, to: u16) {
    let slow = e.slow();
    e.asm.load_float(Xmm(0), float(a));
    e.asm.float_op(op, Xmm(0), float(b));
    check_finite(e, slow);
    e.asm.store_float(float(to), Xmm(0));
}

/// Goes elsewhere if the first register has no finite number.
fn check_finite(e: &mut Emitter<'_>, slow: Label) {
    let bits = e.scratch();
    e.asm.bits_of_float(bits, Xmm(0));
    e.asm.alu(Alu::Add, bits, bits);
    e.asm.shift(Shift::Right, bits, 32);
    e.asm.alu32_imm(Alu::Cmp, bits, NOT_FINITE as i32);
    e.asm.jcc(Cond::AboveOrEqual, slow);
    e.release(bits);
}

/// Loads two terms into the first two registers, or goes elsewhere if they are no floats.
pub(super) fn load_floats(e: &mut Emitter<'_>, a: Operand, b: Operand, slow: Label) {
    for (operand, xmm) in [(a, Xmm(0)), (b, Xmm(1))] {
        let term = e.value(operand);
        e.asm.test8(term, 1);
        e.asm.jcc(Cond::NotEqual, slow);
        e.asm.alu_mem_imm(Alu::Cmp, at(term, HEADER), FLOAT_HEADER);
        e.asm.jcc(Cond::NotEqual, slow);
        e.asm.load_float(xmm, at(term, HEADER + 8));
    }
}

/// An operation on two terms that are floats.
pub(super) fn term_operation(e: &mut Emitter<'_>, op: Sse, a: Operand, b: Operand, to: Place, slow: Label) {
    load_floats(e, a, b, slow);
    e.asm.float_registers(op, Xmm(0), Xmm(1));
    check_finite(e, slow);
    e.check_room(layout::FLOAT_SIZE, slow);
    e.asm.store_imm(at(Reg::RSI, 0), FLOAT_HEADER);
    e.asm.store_float(at(Reg::RSI, 8), Xmm(0));
    let term = e.take_heap(layout::FLOAT_SIZE, 2);
    e.write(to, term);
}

/// From a small integer or a float.
fn convert(e: &mut Emitter<'_>, from: Operand, to: u16) {
    let slow = e.slow();
    let (is_small, term) = (e.is_small(from), e.value(from));
    let number = e.scratch();
    if !is_small {
        e.asm.lea32(number, at(term, 1));
        e.asm.test8(number, SMALL);
        let small = e.asm.jcc_short(Cond::Equal);
        e.asm.test8(term, 1);
        e.asm.jcc(Cond::NotEqual, slow);
        e.asm.load32(number, at(term, HEADER));
        e.asm.alu32_imm(Alu::And, number, 0x3F);
        e.asm.alu32_imm(Alu::Cmp, number, (Kind::Float as i32) << 2);
        e.asm.jcc(Cond::NotEqual, slow);
        e.asm.load_float(Xmm(0), at(term, HEADER + 8));
        let done = e.asm.jmp_short();
        e.asm.land(small);
        integer(e, number, term);
        e.asm.land(done);
    } else {
        integer(e, number, term);
    }
    e.asm.store_float(float(to), Xmm(0));
}

fn integer(e: &mut Emitter<'_>, number: Reg, term: Reg) {
    e.asm.mov(number, term);
    e.asm.shift(Shift::RightSigned, number, 4);
    e.asm.float_of_int(Xmm(0), number);
}
