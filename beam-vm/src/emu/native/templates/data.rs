// SPDX-License-Identifier: Apache-2.0
//! Moves, and making and taking apart lists and tuples.

use core::mem::offset_of;

use super::Emitted;
use crate::emu::Machine;
use crate::emu::native::decode::{Instruction, Operand, Place};
use crate::emu::native::emitter::{Emitter, NIL, short};
use crate::emu::native::x86::{Alu, Cond, Label, Reg, Xmm, at};
use crate::emu::table::Operation as O;
use crate::heap::ProcessHeap;
use crate::process::Process;
use crate::term::{Header, Kind};

/// From a pointer to a cons cell to its head; the tail is a word behind.
const HEAD: i32 = -1;
/// From a pointer to a boxed object to its header.
pub(super) const HEADER: i32 = -2;
/// The largest tuple whose elements are written one by one.
const LARGEST: usize = 64;

/// From a pointer to a tuple to the element of an index that counts from 0.
pub(super) const fn element(index: u64) -> i32 {
    HEADER + 8 * (index as i32 + 1)
}

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::{Number, Place as P, Table, Target};
    match (i.specific.operation, i.operands()) {
        (O::Move, &[a, P(to)]) => e.copy(a, to),
        (O::Move2, &[a, P(b), c, P(d)]) => {
            e.copy(a, b);
            e.copy(c, d);
        }
        (O::Move3, &[a, P(b), c, P(d), f, P(g)]) => {
            e.copy(a, b);
            e.copy(c, d);
            e.copy(f, g);
        }
        (O::MoveJump, &[a, P(to), Target(word)]) => {
            e.copy(a, to);
            jump(e, word);
        }
        (O::Jump, &[Target(word)]) => jump(e, word),
        // Nobody waits any more for what it counts.
        (O::Nop | O::CountCall, _) => {}
        (O::Swap, &[P(a), P(b)]) => swap(e, a, b),
        (O::GetList, &[list, P(head), P(tail)]) => words(e, list, HEAD, &[head, tail]),
        (O::IsNonemptyListGetList, &[Target(fail), list, P(head), P(tail)]) => {
            let cell = e.value(list);
            let fail = e.target(fail);
            e.asm.test8(cell, 2);
            e.asm.jcc(Cond::NotEqual, fail);
            words(e, list, HEAD, &[head, tail]);
        }
        (O::GetHd, &[list, P(head)]) => words(e, list, HEAD, &[head]),
        (O::GetTl, &[list, P(tail)]) => words(e, list, HEAD + 8, &[tail]),
        (O::GetTupleElement, &[tuple, Number(index), P(a)]) => words(e, tuple, element(index), &[a]),
        (O::GetTupleElement2, &[tuple, Number(index), P(a), P(b)]) => {
            words(e, tuple, element(index), &[a, b])
        }
        (O::GetTupleElement3, &[tuple, Number(index), P(a), P(b), P(c)]) => {
            words(e, tuple, element(index), &[a, b, c]);
        }
        (O::SetTupleElement, &[new, tuple @ P(_), Number(index)]) => set_element(e, new, tuple, index),
        (O::PutList, &[head, tail, P(to)]) => {
            e.store(at(Reg::RSI, 0), head);
            e.store(at(Reg::RSI, 8), tail);
            let list = e.take_heap(2, 1);
            e.write(to, list);
        }
        (O::PutPair, &[P(to), a, b]) => return tuple(e, to, [a, b].into_iter()),
        (O::PutTriple, &[P(to), a, b, c]) => return tuple(e, to, [a, b, c].into_iter()),
        (O::PutTuple2, &[P(to), Table(elements)]) => {
            let elements = e.list(elements);
            return tuple(e, to, elements);
        }
        (O::UpdateRecord, &[Number(size), from, P(to), Table(updates)]) => {
            return update(e, size as usize, from, to, updates);
        }
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

fn jump(e: &mut Emitter<'_>, word: u32) {
    let label = e.target(word);
    e.asm.jmp(label);
    e.end();
}

fn swap(e: &mut Emitter<'_>, a: Place, b: Place) {
    let (small_a, small_b) = (e.is_small(Operand::Place(a)), e.is_small(Operand::Place(b)));
    let (from_a, from_b) = (e.value(Operand::Place(a)), e.value(Operand::Place(b)));
    e.write(a, from_b);
    e.write(b, from_a);
    if small_b {
        e.note_small(a);
    }
    if small_a {
        e.note_small(b);
    }
}

/// Words in a row, all read before the first is written.
fn words(e: &mut Emitter<'_>, pointer: Operand, first: i32, to: &[Place]) {
    let pointer = e.value(pointer);
    let mut read = [Reg::RAX; 3];
    for (index, reg) in read.iter_mut().take(to.len()).enumerate() {
        *reg = e.scratch();
        e.asm.load(*reg, at(pointer, first + 8 * index as i32));
    }
    for (place, reg) in to.iter().zip(read) {
        e.write(*place, reg);
    }
}

fn tuple(e: &mut Emitter<'_>, to: Place, elements: impl ExactSizeIterator<Item = Operand>) -> Emitted {
    let size = elements.len();
    let Some(header) = header(size).filter(|_| size <= LARGEST) else { return Emitted::Nothing };
    e.asm.store_imm(at(Reg::RSI, 0), header);
    for (index, element) in elements.enumerate() {
        e.store(at(Reg::RSI, 8 * (index as i32 + 1)), element);
    }
    let tuple = e.take_heap(size + 1, 2);
    e.write(to, tuple);
    Emitted::Code
}

/// Changes a tuple that is younger than the last collection; of any other the handler knows more.
fn set_element(e: &mut Emitter<'_>, new: Operand, tuple: Operand, index: u64) {
    let slow = e.slow();
    let (tuple, process) = (e.value(tuple), e.scratch());
    e.asm.load(process, at(Reg::RCX, offset_of!(Machine, process) as i32));
    // The pointer's tag is less than a word, so it does not matter.
    let high_water = offset_of!(Process, heap) + offset_of!(ProcessHeap, high_water);
    e.asm.alu_load(Alu::Cmp, tuple, at(process, high_water as i32));
    e.asm.jcc(Cond::Below, slow);
    e.asm.alu(Alu::Cmp, tuple, Reg::RSI);
    e.asm.jcc(Cond::AboveOrEqual, slow);
    e.release(process);
    has_elements(e, tuple, index as i32 + 1, slow);
    e.store(at(tuple, element(index)), new);
}

/// Goes elsewhere if what may be any term is no tuple of so many elements at least.
pub(super) fn has_elements(e: &mut Emitter<'_>, tuple: Reg, count: i32, slow: Label) {
    e.asm.test8(tuple, 1);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.test8_mem(at(tuple, HEADER), 0x3F);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.alu_mem_imm(Alu::Cmp, at(tuple, HEADER), count << 6);
    e.asm.jcc(Cond::Below, slow);
}

/// A tuple's header as a constant.
pub(super) fn header(size: usize) -> Option<i32> {
    short(Header::new(Kind::Tuple, size).raw())
}

/// A copy of a tuple, two words at a time, with other elements at some places.
fn update(e: &mut Emitter<'_>, size: usize, from: Operand, to: Place, updates: u32) -> Emitted {
    if size > LARGEST {
        return Emitted::Nothing;
    }
    let source = e.value(from);
    let mut word = 0;
    while word <= size {
        let (place, copied) = (8 * word as i32, at(source, HEADER + 8 * word as i32));
        if word < size {
            e.asm.load_pair(Xmm(0), copied);
            e.asm.store_pair(at(Reg::RSI, place), Xmm(0));
            word += 2;
        } else {
            let reg = e.scratch();
            e.asm.load(reg, copied);
            e.asm.store(at(Reg::RSI, place), reg);
            e.release(reg);
            word += 1;
        }
    }
    let updates: alloc::vec::Vec<Operand> = e.list(updates).collect();
    for pair in updates.chunks_exact(2) {
        let Operand::Const(index) = pair[0] else { unreachable!("indices are small integers") };
        e.store(at(Reg::RSI, 8 * (index >> 4) as i32), pair[1]);
    }
    let tuple = e.take_heap(size + 1, 2);
    e.write(to, tuple);
    Emitted::Code
}

/// The empty list at a place.
pub(super) fn clear(e: &mut Emitter<'_>, place: Place) {
    e.write_const(place, i64::from(NIL) as u64);
}
