// SPDX-License-Identifier: Apache-2.0
//! BIFs that are a look at a term.

use super::Emitted;
use super::data::HEADER;
use crate::bif::BifIndex;
use crate::emu::native::decode::{Instruction, Operand, Place};
use crate::emu::native::emitter::{Emitter, SMALL, is_small, x};
use crate::emu::native::x86::{Alu, Cond, Label, Reg, Shift, at};
use crate::emu::table::Operation as O;
use crate::heap::RESERVED;
use crate::term::{Kind, layout};

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::{Number, Place as P};
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
            let slow = e.slow();
            e.check_small(&[index], slow);
            let tuple = e.value(tuple);
            let header = tuple_header(e, tuple);
            let place = e.fresh(index);
            e.asm.shift(Shift::RightSigned, place, 4);
            e.asm.shift(Shift::Right, header, 6);
            e.asm.alu_imm(Alu::Sub, place, 1);
            e.asm.alu(Alu::Cmp, place, header);
            e.asm.jcc(Cond::AboveOrEqual, slow);
            e.asm.load_indexed(header, tuple, place, HEADER + 8);
            e.write(to, header);
        }
        (O::GuardBif1, &[_, Number(bif), term @ P(_), P(to)]) => return guard(e, bif, term, to),
        (O::CallBif, &[Number(bif), ..]) if is_bif(bif, "setelement", 3) => setelement(e),
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

fn is_bif(bif: u64, function: &str, arity: u8) -> bool {
    let entry = BifIndex(bif as u32).entry();
    entry.module == "erlang" && entry.function == function && entry.arity == arity
}

fn guard(e: &mut Emitter<'_>, bif: u64, term: Operand, to: Place) -> Emitted {
    let slow = e.slow();
    if is_bif(bif, "abs", 1) {
        e.check_small(&[term], slow);
        let (result, opposite) = (e.fresh(term), e.scratch());
        e.asm.test(result);
        let positive = e.asm.jcc_short(Cond::NotSign);
        // The tags of both.
        e.asm.mov_imm(opposite, 2 * u64::from(SMALL));
        e.asm.alu(Alu::Sub, opposite, result);
        e.asm.jcc(Cond::Overflow, slow);
        e.asm.mov(result, opposite);
        e.asm.land(positive);
        e.write(to, result);
        e.note_small(to);
    } else if is_bif(bif, "map_size", 1) {
        let object = e.value(term);
        let size = boxed_kind(e, object, slow);
        e.asm.alu32_imm(Alu::Cmp, size, (Kind::Map as i32) << 2);
        e.asm.jcc(Cond::NotEqual, slow);
        e.asm.load(size, at(object, HEADER + 8 * layout::MAP_COUNT as i32));
        e.write(to, size);
        e.note_small(to);
    } else if is_bif(bif, "byte_size", 1) {
        let object = e.value(term);
        let size = boxed_kind(e, object, slow);
        // These two differ in the lowest bit of their numbers; the handler looks at a part of another.
        e.asm.alu32_imm(Alu::And, size, !(1 << 2));
        e.asm.alu32_imm(Alu::Cmp, size, (Kind::RefcBinary as i32) << 2);
        e.asm.jcc(Cond::NotEqual, slow);
        const { assert!(layout::HEAP_BYTES == layout::REFC_BYTES) };
        e.asm.load(size, at(object, HEADER + 8 * layout::HEAP_BYTES as i32));
        e.asm.shift(Shift::Left, size, 4);
        e.asm.alu_imm(Alu::Or, size, i32::from(SMALL));
        e.write(to, size);
        e.note_small(to);
    } else {
        return Emitted::Nothing;
    }
    Emitted::Code
}

/// A register with the bits of the header that say what a boxed term is.
fn boxed_kind(e: &mut Emitter<'_>, object: Reg, slow: Label) -> Reg {
    let kind = e.scratch();
    e.asm.test8(object, 1);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.load32(kind, at(object, HEADER));
    e.asm.alu32_imm(Alu::And, kind, 0x3F);
    kind
}

/// `erlang:setelement(Index, Tuple, Value)`, called as a function: what updates of more than one field of a record begin with.
fn setelement(e: &mut Emitter<'_>) {
    let [index, tuple, new] = [0, 1, 2].map(|register| Operand::Place(x(register)));
    let slow = e.slow();
    e.check_small(&[index], slow);
    let checked = e.value(index);
    let place = e.fresh(index);
    e.release(checked);
    let tuple = e.value(tuple);
    let size = tuple_header(e, tuple);
    e.asm.shift(Shift::RightSigned, place, 4);
    e.asm.alu_imm(Alu::Sub, place, 1);
    e.asm.shift(Shift::Right, size, 6);
    e.asm.alu(Alu::Cmp, place, size);
    e.asm.jcc(Cond::AboveOrEqual, slow);
    let (left, word) = (e.scratch(), e.scratch());
    e.asm.lea_indexed(word, Reg::RSI, size, 8 * (1 + RESERVED as i32));
    e.asm.alu(Alu::Cmp, word, Reg::RDX);
    e.asm.jcc(Cond::Above, slow);
    e.asm.mov(left, size);
    let next = e.asm.label();
    e.asm.bind(next);
    e.asm.load_indexed(word, tuple, left, HEADER);
    e.asm.store_indexed(Reg::RSI, left, 0, word);
    e.asm.alu_imm(Alu::Sub, left, 1);
    e.asm.jcc(Cond::AboveOrEqual, next);
    e.release(left);
    let new = e.value(new);
    e.asm.store_indexed(Reg::RSI, place, 8, new);
    e.asm.lea(word, at(Reg::RSI, 2));
    e.asm.lea_indexed(Reg::RSI, Reg::RSI, size, 8);
    e.write(x(0), word);
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
