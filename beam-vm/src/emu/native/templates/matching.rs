// SPDX-License-Identifier: Apache-2.0
//! Matching of bitstrings at whole bytes. Fields of odd sizes and places are left to handlers, and so is most of what a match may begin with.

use super::Emitted;
use super::data::HEADER;
use crate::bits::Flags;
use crate::emu::native::decode::{Instruction, Operand, Place};
use crate::emu::native::emitter::{Emitter, SMALL, short};
use crate::emu::native::x86::{Alu, Assembler, Cond, Label, Mem, Reg, Shift, at};
use crate::emu::table::Operation as O;
use crate::heap::WRITABLE;
use crate::number::integer::{Endian, Signedness};
use crate::term::{Header, Kind, layout};

/// The header of a match state.
const STATE: u64 = Header::new(Kind::MatchState, layout::MATCH_SIZE - 1).raw();
/// The header of a part of another binary.
pub(super) const PART: u64 = Header::new(Kind::SubBinary, layout::SUB_SIZE - 1).raw();
/// The header of a binary outside of the heap.
pub(super) const OUTSIDE: u64 = Header::new(Kind::RefcBinary, layout::REFC_SIZE - 1).raw();
/// Bits of a small integer's tag.
const TAG_BITS: u8 = 4;
/// The longest string that is compared piece by piece, in bytes.
const LONGEST: usize = 32;
/// The largest code point that is a byte in UTF-8.
const ASCII: i32 = 0x7F;

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::{Number, Place as P, Table, Target};
    match (i.specific.operation, i.operands()) {
        (O::BsStartMatch, &[_, term @ P(_), _, P(to)]) => {
            let other = e.second(start);
            is_state(e, term, other);
            e.copy(term, to);
        }
        (O::EnsureState, &[term @ P(_)]) => {
            let slow = e.slow();
            is_state(e, term, slow);
        }
        (O::BsGetPosition, &[state @ P(_), P(to), _]) => {
            let state = e.value(state);
            let position = e.scratch();
            e.asm.load(position, word(state, layout::MATCH_OFFSET));
            finish(e, position, to);
        }
        (O::BsSetPosition, &[state @ P(_), position @ P(_)]) => {
            let slow = e.slow();
            let state = e.value(state);
            let position = e.fresh(position);
            e.asm.shift(Shift::Right, position, TAG_BITS);
            e.asm.alu_load(Alu::Cmp, position, word(state, layout::MATCH_END));
            e.asm.jcc(Cond::Above, slow);
            e.asm.store(word(state, layout::MATCH_OFFSET), position);
        }
        (O::BsTestUnit, &[Target(fail), state @ P(_), Number(unit)]) => {
            let Some(mask) = mask(unit) else { return Emitted::Nothing };
            let left = left(e, state);
            let fail = e.target(fail);
            e.asm.test8(left, mask);
            e.asm.jcc(Cond::NotEqual, fail);
        }
        (O::BsTestTail, &[Target(fail), state @ P(_), Number(bits)]) => {
            let Some(bits) = short(bits) else { return Emitted::Nothing };
            let left = left(e, state);
            let fail = e.target(fail);
            e.asm.alu_imm(Alu::Cmp, left, bits);
            e.asm.jcc(Cond::NotEqual, fail);
        }
        (O::BsEnsureAtLeast, &[Target(fail), state @ P(_), Number(bits), Number(unit)]) => {
            let (Some(bits), Some(mask)) = (short(bits), mask(unit)) else { return Emitted::Nothing };
            let left = left(e, state);
            let fail = e.target(fail);
            e.asm.alu_imm(Alu::Sub, left, bits);
            e.asm.jcc(Cond::Below, fail);
            if mask != 0 {
                e.asm.test8(left, mask);
                e.asm.jcc(Cond::NotEqual, fail);
            }
        }
        (O::BsSkipBits, &[Target(fail), state @ P(_), Number(bits)]) => {
            let Some(bits) = short(bits) else { return Emitted::Nothing };
            let state = e.value(state);
            let position = e.scratch();
            let fail = e.target(fail);
            e.asm.load(position, word(state, layout::MATCH_OFFSET));
            e.asm.alu_imm(Alu::Add, position, bits);
            e.asm.alu_load(Alu::Cmp, position, word(state, layout::MATCH_END));
            e.asm.jcc(Cond::Above, fail);
            e.asm.store(word(state, layout::MATCH_OFFSET), position);
        }
        (O::BsGetByte, &[Target(fail), state @ P(_), P(to)]) => {
            return integer(e, state, 8, Flags::default(), fail, to);
        }
        (
            O::BsGetUnsigned | O::BsGetSmall,
            &[Target(fail), state @ P(_), Number(bits), Number(flags), P(to)],
        ) => {
            return integer(e, state, bits as usize, Flags(flags as u8), fail, to);
        }
        (O::BsMatchString, &[Target(fail), state @ P(_), Number(bits), Table(words)]) => {
            return string(e, state, bits as usize, words, fail);
        }
        (O::BsGetUtf8, &[Target(fail), state @ P(_), P(to)]) => {
            let (state, byte) = ascii(e, state, fail);
            e.asm.alu_mem_imm(Alu::Add, word(state, layout::MATCH_OFFSET), 8);
            finish(e, byte, to);
        }
        (O::BsSkipUtf8, &[Target(fail), state @ P(_)]) => {
            let (state, _) = ascii(e, state, fail);
            e.asm.alu_mem_imm(Alu::Add, word(state, layout::MATCH_OFFSET), 8);
        }
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

/// A word of a boxed object.
pub(super) const fn word(object: Reg, index: usize) -> Mem {
    at(object, HEADER + 8 * index as i32)
}

/// Begins to match a part, at whole bytes, of a binary outside of the heap that nobody may append to.
fn start(e: &mut Emitter<'_>, i: &Instruction) {
    let &[_, term, _, Operand::Place(to)] = i.operands() else {
        unreachable!("the first way was for such operands")
    };
    let slow = e.give_up();
    e.check_room(layout::MATCH_SIZE, slow);
    let part = e.value(term);
    e.asm.test8(part, 1);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.alu_mem_imm(Alu::Cmp, at(part, HEADER), PART as i32);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.alu_mem_imm(Alu::Cmp, word(part, layout::SUB_BITS), 0);
    e.asm.jcc(Cond::NotEqual, slow);
    let (origin, base, bits) = (e.scratch(), e.scratch(), e.scratch());
    e.asm.load(origin, word(part, layout::SUB_ORIGIN));
    e.asm.alu_mem_imm(Alu::Cmp, at(origin, HEADER), OUTSIDE as i32);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.test8_mem(word(origin, layout::REFC_FLAGS), WRITABLE as u8);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.load(base, word(origin, layout::REFC_DATA));
    e.asm.store_imm(at(Reg::RSI, 0), STATE as i32);
    e.asm.store(at(Reg::RSI, 8 * layout::MATCH_ORIGIN as i32), origin);
    e.asm.store(at(Reg::RSI, 8 * layout::MATCH_BASE as i32), base);
    let first = base;
    e.asm.load(first, word(part, layout::SUB_OFFSET));
    e.asm.load(bits, word(part, layout::SUB_BYTES));
    e.asm.alu(Alu::Add, bits, first);
    e.asm.shift(Shift::Left, first, 3);
    e.asm.shift(Shift::Left, bits, 3);
    e.asm.store(at(Reg::RSI, 8 * layout::MATCH_OFFSET as i32), first);
    e.asm.store(at(Reg::RSI, 8 * layout::MATCH_END as i32), bits);
    e.release(origin);
    let state = e.take_heap(layout::MATCH_SIZE, 2);
    e.write(to, state);
    e.go_on_after(i);
}

/// Leaves what may be any other term.
fn is_state(e: &mut Emitter<'_>, term: Operand, slow: Label) {
    let term = e.value(term);
    e.asm.test8(term, 1);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.alu_mem_imm(Alu::Cmp, at(term, HEADER), STATE as i32);
    e.asm.jcc(Cond::NotEqual, slow);
}

/// The bits of a number that are 0 if it is a multiple of the unit, where these are some of the lowest 8.
const fn mask(unit: u64) -> Option<u8> {
    if unit.is_power_of_two() && unit <= 256 { Some((unit - 1) as u8) } else { None }
}

/// A register with the bits that are left.
fn left(e: &mut Emitter<'_>, state: Operand) -> Reg {
    let state = e.value(state);
    let left = e.scratch();
    e.asm.load(left, word(state, layout::MATCH_END));
    e.asm.alu_load(Alu::Sub, left, word(state, layout::MATCH_OFFSET));
    left
}

/// Makes a small integer of a number.
fn finish(e: &mut Emitter<'_>, number: Reg, to: Place) {
    e.asm.shift(Shift::Left, number, TAG_BITS);
    e.asm.alu_imm(Alu::Or, number, i32::from(SMALL));
    e.write(to, number);
    e.note_small(to);
}

/// The match state and the address of its next byte. It fails if fewer bits are left, and is slow if the next bit is in the middle of a byte.
fn next_bytes(e: &mut Emitter<'_>, state: Operand, bits: usize, fail: Label) -> (Reg, Reg) {
    let slow = e.slow();
    let state = e.value(state);
    let (place, behind) = (e.scratch(), e.scratch());
    e.asm.load(place, word(state, layout::MATCH_OFFSET));
    e.asm.lea(behind, at(place, bits as i32));
    e.asm.alu_load(Alu::Cmp, behind, word(state, layout::MATCH_END));
    e.asm.jcc(Cond::Above, fail);
    e.asm.test8(place, 7);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.shift(Shift::Right, place, 3);
    e.asm.alu_load(Alu::Add, place, word(state, layout::MATCH_BASE));
    e.release(behind);
    (state, place)
}

/// How many bytes are read at once of those that are left.
pub(super) const fn piece(bytes: usize) -> usize {
    match bytes {
        1 => 1,
        2 | 3 => 2,
        4..8 => 4,
        _ => 8,
    }
}

/// Reads bytes; the first is the lowest.
fn load(asm: &mut Assembler, to: Reg, from: Mem, bytes: usize) {
    match bytes {
        1 => asm.load8(to, from),
        2 => asm.load16(to, from),
        4 => asm.load32(to, from),
        _ => asm.load(to, from),
    }
}

/// An integer of whole bytes.
fn integer(e: &mut Emitter<'_>, state: Operand, bits: usize, flags: Flags, fail: u32, to: Place) -> Emitted {
    if !bits.is_multiple_of(8) || !(8..64).contains(&bits) {
        return Emitted::Nothing;
    }
    let fail = e.target(fail);
    let (state, place) = next_bytes(e, state, bits, fail);
    let value = e.scratch();
    let bytes = bits / 8;
    // From the last piece to the first, so that the first is the lowest.
    let mut pieces = [0; 3];
    let (mut count, mut end) = (0, 0);
    while end < bytes {
        pieces[count] = end;
        end += piece(bytes - end);
        count += 1;
    }
    for index in (0..count).rev() {
        let (start, end) = (pieces[index], if index + 1 < count { pieces[index + 1] } else { bytes });
        let into = if index + 1 == count { value } else { e.scratch() };
        load(&mut e.asm, into, at(place, start as i32), end - start);
        if into != value {
            e.asm.shift(Shift::Left, value, 8 * (end - start) as u8);
            e.asm.alu(Alu::Or, value, into);
            e.release(into);
        }
    }
    e.asm.alu_mem_imm(Alu::Add, word(state, layout::MATCH_OFFSET), bits as i32);
    let unused = (64 - bits) as u8;
    match (bytes, flags.endian(), flags.signedness()) {
        (1, _, Signedness::Unsigned) | (_, Endian::Little, Signedness::Unsigned) => {}
        (1, _, Signedness::Signed) | (_, Endian::Little, Signedness::Signed) => {
            e.asm.shift(Shift::Left, value, unused);
            e.asm.shift(Shift::RightSigned, value, unused);
        }
        (_, Endian::Big, signedness) => {
            e.asm.bswap(value);
            let right = if signedness == Signedness::Signed { Shift::RightSigned } else { Shift::Right };
            e.asm.shift(right, value, unused);
        }
    }
    finish(e, value, to);
    Emitted::Code
}

/// Bytes that the module has.
fn string(e: &mut Emitter<'_>, state: Operand, bits: usize, words: u32, fail: u32) -> Emitted {
    let bytes = bits / 8;
    if !bits.is_multiple_of(8) || !(1..=LONGEST).contains(&bytes) {
        return Emitted::Nothing;
    }
    let words = e.table(words);
    let fail = e.target(fail);
    let (state, place) = next_bytes(e, state, bits, fail);
    let found = e.scratch();
    let mut start = 0;
    while start < bytes {
        let size = piece(bytes - start).min(4);
        let wanted = words[start / 8] >> (8 * (start % 8)) & (u64::MAX >> (64 - 8 * size));
        load(&mut e.asm, found, at(place, start as i32), size);
        e.asm.alu32_imm(Alu::Cmp, found, wanted as u32 as i32);
        e.asm.jcc(Cond::NotEqual, fail);
        start += size;
    }
    e.asm.alu_mem_imm(Alu::Add, word(state, layout::MATCH_OFFSET), bits as i32);
    Emitted::Code
}

/// The match state and its next byte, if that is a code point by itself.
fn ascii(e: &mut Emitter<'_>, state: Operand, fail: u32) -> (Reg, Reg) {
    let fail = e.target(fail);
    let slow = e.slow();
    let (state, place) = next_bytes(e, state, 8, fail);
    e.asm.load8(place, at(place, 0));
    e.asm.alu32_imm(Alu::Cmp, place, ASCII);
    e.asm.jcc(Cond::Above, slow);
    (state, place)
}
