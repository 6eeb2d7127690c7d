// SPDX-License-Identifier: Apache-2.0
//! Binaries that a match takes out of another at whole bytes: a short one is copied, a longer one is a part of the original, as
//! [`crate::heap::build::sub_bits`] has it.

use super::Emitted;
use super::matching::{PART, word};
use crate::emu::native::decode::{Instruction, Operand, Place};
use crate::emu::native::emitter::{Emitter, is_small};
use crate::emu::native::x86::{Alu, Cond, Label, Reg, Shift, Xmm, at};
use crate::emu::table::Operation as O;
use crate::term::{Header, Kind, layout};

/// Bits of a small integer's tag.
const TAG_BITS: u8 = 4;
/// Bytes that are copied at once.
const CHUNK: usize = 16;
/// Words of the longest binary that is copied.
const WORDS: usize = layout::HEAP_DATA + layout::HEAP_BINARY_LIMIT / 8;

/// The operands of `bs_get_binary` in bytes.
struct Field {
    fail: u32,
    state: Operand,
    bytes: Operand,
    to: Place,
}

impl Field {
    fn of(i: &Instruction) -> Option<Self> {
        use Operand::{Number, Place as P, Target};
        let (O::BsGetBinary, &[Target(fail), state @ P(_), _, bytes, Number(unit_and_flags), P(to)]) =
            (i.specific.operation, i.operands())
        else {
            return None;
        };
        let is_size = match bytes {
            Operand::Const(word) => is_small(word),
            _ => true,
        };
        (is_size && unit_and_flags >> 8 == 8).then_some(Self { fail, state, bytes, to })
    }
}

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    if i.specific.operation == O::BsGetTail {
        return tail(e, i);
    }
    let Some(field) = Field::of(i) else { return Emitted::Nothing };
    let other = e.second(long);
    short(e, &field, other);
    Emitted::Code
}

/// A binary of up to 64 bytes, where so many follow in the match that those copied in excess are within it too.
fn short(e: &mut Emitter<'_>, field: &Field, other: Label) {
    check_size(e, field.bytes, other);
    e.check_room(WORDS, other);
    let fail = e.target(field.fail);
    let state = e.value(field.state);
    let bytes = e.fresh(field.bytes);
    e.asm.shift(Shift::RightSigned, bytes, TAG_BITS);
    e.asm.alu_imm(Alu::Cmp, bytes, layout::HEAP_BINARY_LIMIT as i32);
    e.asm.jcc(Cond::Above, other);
    let (place, next) = (e.scratch(), e.scratch());
    e.asm.load(place, word(state, layout::MATCH_OFFSET));
    e.asm.test8(place, 7);
    e.asm.jcc(Cond::NotEqual, other);
    e.asm.lea_indexed(next, place, bytes, 0);
    e.asm.alu_load(Alu::Cmp, next, word(state, layout::MATCH_END));
    e.asm.jcc(Cond::Above, fail);
    let excess = e.scratch();
    e.asm.lea(excess, at(next, 8 * CHUNK as i32));
    e.asm.alu_load(Alu::Cmp, excess, word(state, layout::MATCH_END));
    e.asm.jcc(Cond::Above, other);
    e.release(excess);
    e.asm.store(word(state, layout::MATCH_OFFSET), next);
    e.asm.shift(Shift::Right, place, 3);
    e.asm.alu_load(Alu::Add, place, word(state, layout::MATCH_BASE));
    e.release(state);
    let (words, into) = (next, e.scratch());
    e.asm.lea(words, at(bytes, 7));
    e.asm.shift(Shift::Right, words, 3);
    e.asm.lea(into, at(Reg::RSI, 8 * layout::HEAP_DATA as i32));
    e.asm.store(at(Reg::RSI, 8 * layout::HEAP_BYTES as i32), bytes);
    // There is room for the longest, so what is copied in excess is in free words, and so is what is cleared.
    let copy = e.asm.label();
    e.asm.bind(copy);
    e.asm.load_pair(Xmm(0), at(place, 0));
    e.asm.store_pair(at(into, 0), Xmm(0));
    e.asm.alu_imm(Alu::Add, place, CHUNK as i32);
    e.asm.alu_imm(Alu::Add, into, CHUNK as i32);
    e.asm.alu_imm(Alu::Sub, bytes, CHUNK as i32);
    e.asm.jcc(Cond::Greater, copy);
    // That many bytes behind the last one as `bytes` is below 0.
    e.asm.alu(Alu::Add, into, bytes);
    e.asm.store_imm(at(into, 0), 0);
    e.asm.lea(into, at(Reg::RSI, 2));
    let header = bytes;
    e.asm.lea(header, at(words, layout::HEAP_DATA as i32 - 1));
    e.asm.shift(Shift::Left, header, Header::ARITY_SHIFT);
    e.asm.alu_imm(Alu::Or, header, Header::new(Kind::HeapBinary, 0).raw() as i32);
    e.asm.store(at(Reg::RSI, 0), header);
    e.asm.lea_indexed(Reg::RSI, Reg::RSI, words, 8 * layout::HEAP_DATA as i32);
    e.write(field.to, into);
}

/// Leaves what is no small integer, and needs no register for longer.
fn check_size(e: &mut Emitter<'_>, bytes: Operand, slow: Label) {
    e.check_small(&[bytes], slow);
    if let Operand::Place(_) = bytes {
        let register = e.value(bytes);
        e.release(register);
    }
}

/// A longer one.
fn long(e: &mut Emitter<'_>, i: &Instruction) {
    let Some(field) = Field::of(i) else { unreachable!("the first way was for such a field") };
    let slow = e.give_up();
    check_size(e, field.bytes, slow);
    e.check_room(layout::SUB_SIZE, slow);
    let fail = e.target(field.fail);
    let state = e.value(field.state);
    let bytes = e.fresh(field.bytes);
    e.asm.shift(Shift::RightSigned, bytes, TAG_BITS);
    e.asm.alu_imm(Alu::Cmp, bytes, layout::HEAP_BINARY_LIMIT as i32);
    e.asm.jcc(Cond::LessOrEqual, slow);
    let (left, place) = (e.scratch(), e.scratch());
    e.asm.load(place, word(state, layout::MATCH_OFFSET));
    e.asm.test8(place, 7);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.load(left, word(state, layout::MATCH_END));
    e.asm.alu(Alu::Sub, left, place);
    e.asm.shift(Shift::Right, left, 3);
    e.asm.alu(Alu::Cmp, bytes, left);
    e.asm.jcc(Cond::Above, fail);
    e.asm.lea_indexed(left, place, bytes, 0);
    e.asm.store(word(state, layout::MATCH_OFFSET), left);
    e.asm.load(left, word(state, layout::MATCH_ORIGIN));
    part(e, left, place, bytes, field.to);
    e.go_on_after(i);
}

/// A part of an original, of so many bytes from a bit on, which is the first of a byte.
fn part(e: &mut Emitter<'_>, origin: Reg, bit: Reg, bytes: Reg, to: Place) {
    e.asm.shift(Shift::Right, bit, 3);
    e.asm.store_imm(at(Reg::RSI, 0), PART as i32);
    e.asm.store(at(Reg::RSI, 8 * layout::SUB_BYTES as i32), bytes);
    e.asm.store(at(Reg::RSI, 8 * layout::SUB_OFFSET as i32), bit);
    e.asm.store_imm(at(Reg::RSI, 8 * layout::SUB_BITS as i32), 0);
    e.asm.store(at(Reg::RSI, 8 * layout::SUB_ORIGIN as i32), origin);
    e.release(origin);
    e.release(bit);
    let part = e.take_heap(layout::SUB_SIZE, 2);
    e.write(to, part);
}

/// All that is left, if it is not copied.
fn tail(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    let &[state @ Operand::Place(_), Operand::Place(to), _] = i.operands() else { return Emitted::Nothing };
    let slow = e.slow();
    e.check_room(layout::SUB_SIZE, slow);
    let state = e.value(state);
    let (place, bytes, origin) = (e.scratch(), e.scratch(), e.scratch());
    e.asm.load(place, word(state, layout::MATCH_OFFSET));
    e.asm.load(bytes, word(state, layout::MATCH_END));
    e.asm.mov32(origin, place);
    e.asm.alu32(Alu::Or, origin, bytes);
    e.asm.test8(origin, 7);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.alu(Alu::Sub, bytes, place);
    e.asm.shift(Shift::Right, bytes, 3);
    e.asm.alu_imm(Alu::Cmp, bytes, layout::HEAP_BINARY_LIMIT as i32);
    e.asm.jcc(Cond::BelowOrEqual, slow);
    e.asm.load(origin, word(state, layout::MATCH_ORIGIN));
    part(e, origin, place, bytes, to);
    Emitted::Code
}
