// SPDX-License-Identifier: Apache-2.0
//! BIFs that are a look at a term.

use super::Emitted;
use super::data::HEADER;
use crate::emu::native::decode::{Instruction, Operand, Place};
use crate::emu::native::emitter::{Emitter, is_small};
use crate::emu::native::x86::{Alu, Cond, Reg, Shift, at};
use crate::emu::table::Operation as O;

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::Place as P;
    match (i.specific.operation, i.operands()) {
        (O::Hd, &[_, _, list @ P(_), P(to)]) => cell(e, list, -1, to),
        (O::Tl, &[_, _, list @ P(_), P(to)]) => cell(e, list, 7, to),
        (O::TupleSize, &[_, _, tuple @ P(_), P(to)]) => {
            let tuple = e.value(tuple);
            let header = tuple_header(e, tuple);
            // The size is 6 bits up in the header, 4 in the term.
            e.asm.shift(Shift::Right, header, 2);
            e.asm.alu_imm(Alu::Or, header, 15);
            e.write(to, header);
            e.note_small(to);
        }
        (O::Element, &[_, _, Operand::Const(index), tuple @ P(_), P(to)]) if is_small(index) => {
            let index = index as i64 >> 4;
            if !(1..=0xFFFF).contains(&index) {
                return Emitted::Nothing;
            }
            let tuple = e.value(tuple);
            let header = tuple_header(e, tuple);
            let slow = e.slow();
            e.asm.alu_imm(Alu::Cmp, header, (index as i32) << 6);
            e.asm.jcc(Cond::Below, slow);
            e.asm.load(header, at(tuple, HEADER + 8 * index as i32));
            e.write(to, header);
        }
        (O::Element, &[_, _, index @ P(_), tuple @ P(_), P(to)]) => {
            e.check_small(&[index]);
            let tuple = e.value(tuple);
            let header = tuple_header(e, tuple);
            let slow = e.slow();
            let place = e.fresh(index);
            e.asm.shift(Shift::RightSigned, place, 4);
            e.asm.shift(Shift::Right, header, 6);
            e.asm.alu_imm(Alu::Sub, place, 1);
            e.asm.alu(Alu::Cmp, place, header);
            e.asm.jcc(Cond::AboveOrEqual, slow);
            e.asm.load_indexed(header, tuple, place, HEADER + 8);
            e.write(to, header);
        }
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

fn cell(e: &mut Emitter<'_>, list: Operand, word: i32, to: Place) {
    let list = e.value(list);
    let slow = e.slow();
    // The empty list is no pointer, and no boxed term has this bit clear.
    e.asm.test8(list, 2);
    e.asm.jcc(Cond::NotEqual, slow);
    let reg = e.scratch();
    e.asm.load(reg, at(list, word));
    e.write(to, reg);
}

/// A register with the header of what has to be a tuple.
fn tuple_header(e: &mut Emitter<'_>, tuple: Reg) -> Reg {
    let slow = e.slow();
    let header = e.scratch();
    e.asm.test8(tuple, 1);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.load(header, at(tuple, HEADER));
    e.asm.test8(header, 0x3F);
    e.asm.jcc(Cond::NotEqual, slow);
    header
}
