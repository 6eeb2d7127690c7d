// SPDX-License-Identifier: Apache-2.0
//! Jumps by a value: a search by halving whose values are in the code, or a table of addresses.

use super::Emitted;
use super::data::HEADER;
use crate::emu::native::decode::{Instruction, Operand};
use crate::emu::native::emitter::{Emitter, SMALL, short};
use crate::emu::native::x86::{Alu, Cond, Label, Reg, Shift, at};
use crate::emu::table::Operation as O;

/// So many values are compared one after the other.
const FEW: usize = 4;

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::{Number, Place as P, Table, Target};
    match (i.specific.operation, i.operands()) {
        (O::SelectVal, &[value @ P(_), Target(fail), Table(table)]) => {
            let value = e.value(value);
            look_up(e, i.word, value, table, fail);
        }
        (O::SelectTupleArity, &[tuple @ P(_), Target(fail), Table(table)]) => {
            let (tuple, header) = (e.value(tuple), e.scratch());
            let other = e.target(fail);
            e.asm.test8(tuple, 1);
            e.asm.jcc(Cond::NotEqual, other);
            // Only tuples have headers like these.
            e.asm.load(header, at(tuple, HEADER));
            look_up(e, i.word, header, table, fail);
        }
        (O::JumpTable, &[value @ P(_), Target(fail), Number(first), Table(table)]) => {
            jump_table(e, i.word, value, fail, first as u32 as i32, table);
        }
        _ => return Emitted::Nothing,
    }
    e.end();
    Emitted::Code
}

fn look_up(e: &mut Emitter<'_>, word: u32, value: Reg, table: u32, fail: u32) {
    let table = e.table(table);
    let (values, targets) = table.split_at(table.len() / 2);
    let other = e.scratch();
    let fail = e.target(fail);
    let pairs: alloc::vec::Vec<(u64, Label)> = values
        .iter()
        .zip(targets)
        .map(|(value, distance)| (*value, e.target(word.wrapping_add_signed(*distance as i32))))
        .collect();
    search(e, value, other, &pairs, fail);
}

/// Values are in ascending order as words without a sign.
fn search(e: &mut Emitter<'_>, value: Reg, other: Reg, pairs: &[(u64, Label)], fail: Label) {
    if pairs.len() > FEW {
        let (low, high) = pairs.split_at(pairs.len() / 2);
        let below = e.asm.label();
        compare(e, value, other, high[0].0);
        e.asm.jcc(Cond::Below, below);
        search(e, value, other, high, fail);
        e.asm.bind(below);
        search(e, value, other, low, fail);
        return;
    }
    for (word, label) in pairs {
        compare(e, value, other, *word);
        e.asm.jcc(Cond::Equal, *label);
    }
    e.asm.jmp(fail);
}

fn compare(e: &mut Emitter<'_>, value: Reg, other: Reg, word: u64) {
    match short(word) {
        Some(word) => e.asm.alu_imm(Alu::Cmp, value, word),
        None => {
            e.asm.mov_imm(other, word);
            e.asm.alu(Alu::Cmp, value, other);
        }
    }
}

fn jump_table(e: &mut Emitter<'_>, word: u32, value: Operand, fail: u32, first: i32, table: u32) {
    let targets = e.table(table);
    let fail = e.target(fail);
    let value = e.value(value);
    let (place, start) = (e.scratch(), e.scratch());
    e.asm.lea32(place, at(value, 1));
    e.asm.test8(place, SMALL);
    e.asm.jcc(Cond::NotEqual, fail);
    e.asm.mov_imm(start, (i64::from(first) << 4) as u64);
    e.asm.mov(place, value);
    e.asm.alu(Alu::Sub, place, start);
    e.asm.shift(Shift::Right, place, 4);
    e.asm.alu_imm(Alu::Cmp, place, targets.len() as i32);
    e.asm.jcc(Cond::AboveOrEqual, fail);
    let addresses = e.asm.label();
    e.asm.load32_table(place, addresses, place);
    e.asm.jmp_reg(place);
    e.asm.bind(addresses);
    for distance in targets {
        let target = e.target(word.wrapping_add_signed(*distance as i32));
        e.asm.address(target);
    }
}
