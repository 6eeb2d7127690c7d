// SPDX-License-Identifier: Apache-2.0
//! Binaries that are made of integers and strings whose sizes are known and whole bytes together, and appending such to a binary that
//! has room for them. Everything is looked at before anything is changed, so that the handler can do the instruction from its beginning.

use alloc::vec::Vec;
use core::mem::offset_of;

use super::Emitted;
use super::data::HEADER;
use super::matching::{OUTSIDE, PART, piece, word};
use crate::bits::SUB_WRITABLE;
use crate::emu::Machine;
use crate::emu::native::decode::{Instruction, Operand, Place, source};
use crate::emu::native::emitter::{Emitter, SMALL, is_small, short};
use crate::emu::native::x86::{Alu, Assembler, Cond, Label, Mem, Reg, Shift, at};
use crate::emu::operand::S;
use crate::emu::segments::{Part, Parts, SegmentKind, SizeKind};
use crate::emu::table::Operation as O;
use crate::heap::{ACTIVE, BinaryBlock, OffHeap, ProcessHeap, WRITABLE};
use crate::number::integer::Endian;
use crate::process::Process;
use crate::term::{Header, Kind, layout};

/// Bits of a small integer's tag.
const TAG_BITS: u8 = 4;
/// The most fields that are written one by one.
const MOST: usize = 24;
/// The longest field, so that it can be shifted above its tag.
const LONGEST: usize = 56;

/// What is written: the lowest bits of an integer.
#[derive(Clone, Copy)]
struct Field {
    value: Operand,
    bits: usize,
    endian: Endian,
    /// Whether only a value of 0 to 127 is written like this.
    is_ascii: bool,
}

/// What comes before the fields.
#[derive(Clone, Copy)]
enum Before {
    /// Nothing.
    Nothing,
    /// A binary that has room for more; what is made is another part of it.
    Shared(Operand),
    /// A binary that has room for more, and that becomes longer.
    Private(Operand),
}

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    let (O::BsCreateBin, &[_, Operand::Number(words), _, Operand::Place(to), Operand::Table(list)]) =
        (i.specific.operation, i.operands())
    else {
        return Emitted::Nothing;
    };
    let list: Vec<S> = e.table(list).iter().map(|word| S(*word)).collect();
    let Some((before, fields)) = fields(&list) else { return Emitted::Nothing };
    let bits: usize = fields.iter().map(|field| field.bits).sum();
    let Some(units) = units(&fields).filter(|_| bits > 0 && bits.is_multiple_of(8)) else {
        return Emitted::Nothing;
    };
    let (bytes, words) = (bits / 8, words as usize);
    match before {
        Before::Nothing if bytes <= layout::HEAP_BINARY_LIMIT => {
            check(e, &fields);
            whole(e, bytes, words, &units, to);
        }
        Before::Nothing => return Emitted::Nothing,
        Before::Shared(first) => {
            check(e, &fields);
            shared(e, first, bytes, words, &units, to);
        }
        Before::Private(first) => {
            check(e, &fields);
            private(e, first, bytes, words, &units, to);
        }
    }
    Emitted::Code
}

/// What the segments are, if it is something for a template.
fn fields(list: &[S]) -> Option<(Before, Vec<Field>)> {
    let (mut before, mut fields) = (Before::Nothing, Vec::new());
    for part in Parts::new(list).1 {
        match (part.segment.kind, part.segment.size) {
            (SegmentKind::Append, _) => before = Before::Shared(place(part.value)?),
            (SegmentKind::PrivateAppend, _) => before = Before::Private(place(part.value)?),
            (SegmentKind::Integer, SizeKind::Known) => fields.push(integer(&part)?),
            (SegmentKind::Utf8, _) => {
                let value = place(part.value)?;
                fields.push(Field { value, bits: 8, endian: Endian::Big, is_ascii: true });
            }
            (SegmentKind::String, _) => string(&part, &mut fields)?,
            _ => return None,
        }
        if fields.len() > MOST {
            return None;
        }
    }
    Some((before, fields))
}

fn place(value: S) -> Option<Operand> {
    Some(source(value.0)).filter(|value| matches!(value, Operand::Place(_)))
}

fn integer(part: &Part<'_>) -> Option<Field> {
    let endian = part.segment.flags.endian();
    let bits = (part.size.0 >> TAG_BITS) as usize;
    let value = source(part.value.0);
    let is_number = match value {
        Operand::Const(word) => is_small(word),
        _ => true,
    };
    let is_whole = endian == Endian::Big || bits.is_multiple_of(8);
    (is_number && is_whole && (1..=LONGEST).contains(&bits)).then_some(Field {
        value,
        bits,
        endian,
        is_ascii: false,
    })
}

/// Up to four bytes at a time.
fn string(part: &Part<'_>, fields: &mut Vec<Field>) -> Option<()> {
    let bytes = (part.size.0 >> TAG_BITS) as usize / 8;
    let mut start = 0;
    while start < bytes {
        let size = piece(bytes - start).min(4);
        let word = part.string.get(start / 8)?.0 >> (8 * (start % 8)) & (u64::MAX >> (64 - 8 * size));
        let value = Operand::Const(word << TAG_BITS | u64::from(SMALL));
        fields.push(Field { value, bits: 8 * size, endian: Endian::Little, is_ascii: false });
        start += size;
    }
    Some(())
}

/// Divides the fields where they are at whole bytes.
fn units(fields: &[Field]) -> Option<Vec<&[Field]>> {
    let mut units = Vec::new();
    let (mut start, mut bits) = (0, 0);
    for (index, field) in fields.iter().enumerate() {
        if bits > 0 && field.endian == Endian::Little {
            return None;
        }
        bits += field.bits;
        if bits > 64 {
            return None;
        }
        if bits.is_multiple_of(8) {
            units.push(&fields[start..=index]);
            (start, bits) = (index + 1, 0);
        }
    }
    (bits == 0).then_some(units)
}

/// Leaves what is no small integer, or more than a byte as a code point.
fn check(e: &mut Emitter<'_>, fields: &[Field]) {
    let slow = e.slow();
    for field in fields.iter().filter(|field| matches!(field.value, Operand::Place(_))) {
        if e.is_small(field.value) && !field.is_ascii {
            continue;
        }
        e.check_small(&[field.value], slow);
        let value = e.value(field.value);
        if field.is_ascii {
            e.asm.alu_imm(Alu::Cmp, value, 0x7F << TAG_BITS | i32::from(SMALL));
            e.asm.jcc(Cond::Above, slow);
        }
        // It is enough that its copy is there for as long as nothing else needs the register.
        e.release(value);
    }
}

/// A short binary on the heap.
fn whole(e: &mut Emitter<'_>, bytes: usize, words: usize, units: &[&[Field]], to: Place) {
    let data = bytes.div_ceil(8);
    let slow = e.slow();
    e.check_room(layout::HEAP_DATA + data + words, slow);
    let header = Header::new(Kind::HeapBinary, layout::HEAP_DATA - 1 + data).raw();
    e.asm.store_imm(at(Reg::RSI, 0), header as i32);
    e.asm.store_imm(at(Reg::RSI, 8 * layout::HEAP_BYTES as i32), bytes as i32);
    if !bytes.is_multiple_of(8) {
        e.asm.store_imm(at(Reg::RSI, 8 * (layout::HEAP_DATA + data - 1) as i32), 0);
    }
    write_units(e, at(Reg::RSI, 8 * layout::HEAP_DATA as i32), units);
    let binary = e.take_heap(layout::HEAP_DATA + data, 2);
    e.write(to, binary);
}

/// What has room for more: the part that may be appended to, its original, and its length in bytes.
struct Room {
    part: Reg,
    original: Reg,
    length: Reg,
}

/// Leaves what is not to be appended to in place, or has no room.
fn find_room(e: &mut Emitter<'_>, first: Operand, bytes: usize, slow: Label) -> Room {
    let part = e.value(first);
    e.asm.test8(part, 1);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.alu_mem_imm(Alu::Cmp, at(part, HEADER), PART as i32);
    e.asm.jcc(Cond::NotEqual, slow);
    // Neither does it end in the middle of a byte.
    e.asm.alu_mem_imm(Alu::Cmp, word(part, layout::SUB_BITS), SUB_WRITABLE as i32);
    e.asm.jcc(Cond::NotEqual, slow);
    let (original, length, other) = (e.scratch(), e.scratch(), e.scratch());
    e.asm.load(original, word(part, layout::SUB_ORIGIN));
    e.asm.alu_mem_imm(Alu::Cmp, at(original, HEADER), OUTSIDE as i32);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.test8_mem(word(original, layout::REFC_FLAGS), WRITABLE as u8);
    e.asm.jcc(Cond::Equal, slow);
    e.asm.load(length, word(part, layout::SUB_BYTES));
    e.asm.alu_load(Alu::Cmp, length, word(original, layout::REFC_BYTES));
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.load(other, word(original, layout::REFC_BLOCK));
    e.asm.load(other, at(other, BinaryBlock::CAPACITY as i32));
    e.asm.alu(Alu::Sub, other, length);
    e.asm.alu_imm(Alu::Cmp, other, bytes as i32);
    e.asm.jcc(Cond::Below, slow);
    if bytes / 8 > 0 {
        // Those that the heap refers to may be so many that a collection is due, which the handler looks after.
        let counted =
            offset_of!(Process, heap) + offset_of!(ProcessHeap, off_heap) + offset_of!(OffHeap, words);
        let limit = offset_of!(Process, heap) + offset_of!(ProcessHeap, binary_limit);
        let sum = e.scratch();
        e.asm.load(other, at(Reg::RCX, offset_of!(Machine, process) as i32));
        e.asm.load(sum, at(other, counted as i32));
        e.asm.alu_imm(Alu::Add, sum, (bytes / 8) as i32);
        e.asm.alu_load(Alu::Cmp, sum, at(other, limit as i32));
        e.asm.jcc(Cond::Above, slow);
        e.asm.store(at(other, counted as i32), sum);
        e.release(sum);
    }
    e.release(other);
    Room { part, original, length }
}

/// Takes the room. The length is the new one afterwards, and a register with the address of the old end is given.
fn take_room(e: &mut Emitter<'_>, room: &Room, bytes: usize) -> Reg {
    let end = e.scratch();
    e.asm.load(end, word(room.original, layout::REFC_DATA));
    e.asm.alu(Alu::Add, end, room.length);
    e.asm.alu_imm(Alu::Add, room.length, bytes as i32);
    e.asm.alu_mem_imm(Alu::Or, word(room.original, layout::REFC_FLAGS), ACTIVE as i32);
    e.asm.store(word(room.original, layout::REFC_BYTES), room.length);
    end
}

/// `<<Binary/binary, …>>`: a new part, which may be appended to instead of the old one.
fn shared(e: &mut Emitter<'_>, first: Operand, bytes: usize, words: usize, units: &[&[Field]], to: Place) {
    let slow = e.slow();
    e.check_room(layout::SUB_SIZE + words, slow);
    let room = find_room(e, first, bytes, slow);
    e.asm.store_imm(word(room.part, layout::SUB_BITS), 0);
    e.release(room.part);
    let end = take_room(e, &room, bytes);
    e.asm.store_imm(at(Reg::RSI, 0), PART as i32);
    e.asm.store(at(Reg::RSI, 8 * layout::SUB_BYTES as i32), room.length);
    e.asm.store_imm(at(Reg::RSI, 8 * layout::SUB_OFFSET as i32), 0);
    e.asm.store_imm(at(Reg::RSI, 8 * layout::SUB_BITS as i32), SUB_WRITABLE as i32);
    e.asm.store(at(Reg::RSI, 8 * layout::SUB_ORIGIN as i32), room.original);
    e.release(room.original);
    e.release(room.length);
    write_units(e, at(end, 0), units);
    let part = e.take_heap(layout::SUB_SIZE, 2);
    e.write(to, part);
}

/// The same in a comprehension, where nobody else has the part.
fn private(e: &mut Emitter<'_>, first: Operand, bytes: usize, words: usize, units: &[&[Field]], to: Place) {
    let slow = e.slow();
    e.check_room(words, slow);
    let room = find_room(e, first, bytes, slow);
    let end = take_room(e, &room, bytes);
    e.asm.store(word(room.part, layout::SUB_BYTES), room.length);
    e.release(room.original);
    e.release(room.length);
    write_units(e, at(end, 0), units);
    e.write(to, room.part);
}

fn write_units(e: &mut Emitter<'_>, to: Mem, units: &[&[Field]]) {
    let mut place = to.disp;
    for unit in units {
        let bits: usize = unit.iter().map(|field| field.bits).sum();
        let value = match unit {
            [field] => single(e, field),
            fields => several(e, fields, bits),
        };
        store(&mut e.asm, at(to.base, place), value, bits / 8);
        e.release(value);
        place += (bits / 8) as i32;
    }
}

/// A register whose lowest byte is the first of a field.
fn single(e: &mut Emitter<'_>, field: &Field) -> Reg {
    match (field.value, field.endian) {
        (Operand::Const(word), endian) => {
            let value = (word as i64 >> TAG_BITS) as u64;
            let value = match endian {
                Endian::Little => value & (u64::MAX >> (64 - field.bits)),
                Endian::Big => (value << (64 - field.bits)).swap_bytes(),
            };
            let register = e.scratch();
            e.asm.mov_imm(register, value);
            register
        }
        (value, Endian::Big) if field.bits > 8 => {
            let register = e.fresh(value);
            e.asm.shift(Shift::Left, register, 64 - TAG_BITS - field.bits as u8);
            e.asm.bswap(register);
            register
        }
        (value, _) => {
            let register = e.fresh(value);
            e.asm.shift(Shift::Right, register, TAG_BITS);
            register
        }
    }
}

/// The same for fields one after the other, the first in the highest bits.
fn several(e: &mut Emitter<'_>, fields: &[Field], bits: usize) -> Reg {
    let all = e.scratch();
    e.asm.mov_imm(all, 0);
    for field in fields {
        let unused = (64 - field.bits) as u8;
        e.asm.shift(Shift::Left, all, field.bits as u8);
        match field.value {
            Operand::Const(word) => {
                let value = ((word as i64 >> TAG_BITS) as u64) << unused >> unused;
                match short(value) {
                    Some(value) => e.asm.alu_imm(Alu::Or, all, value),
                    None => {
                        let register = e.value(Operand::Const(value));
                        e.asm.alu(Alu::Or, all, register);
                        e.release(register);
                    }
                }
            }
            value => {
                let register = e.fresh(value);
                e.asm.shift(Shift::Left, register, unused - TAG_BITS);
                e.asm.shift(Shift::Right, register, unused);
                e.asm.alu(Alu::Or, all, register);
                e.release(register);
            }
        }
    }
    if bits < 64 {
        e.asm.shift(Shift::Left, all, (64 - bits) as u8);
    }
    e.asm.bswap(all);
    all
}

/// Writes the lowest bytes of a register.
fn store(asm: &mut Assembler, to: Mem, value: Reg, bytes: usize) {
    let mut start = 0;
    while start < bytes {
        let size = piece(bytes - start);
        let to = at(to.base, to.disp + start as i32);
        match size {
            1 => asm.store8(to, value),
            2 => asm.store16(to, value),
            4 => asm.store32(to, value),
            _ => asm.store(to, value),
        }
        start += size;
        if start < bytes {
            asm.shift(Shift::Right, value, 8 * size as u8);
        }
    }
}
