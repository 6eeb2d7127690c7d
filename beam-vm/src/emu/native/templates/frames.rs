// SPDX-License-Identifier: Apache-2.0
//! Frames, heap room, and the words that mark handlers of exceptions in frames.

use super::Emitted;
use super::data::clear;
use crate::emu::native::decode::{Instruction, Operand};
use crate::emu::native::emitter::{Emitter, NIL, mem, x};
use crate::emu::native::x86::{Alu, Cond, Reg, at};
use crate::emu::table::Operation as O;
use crate::term::Term;

/// The largest frame whose registers are set one by one.
const LARGEST: u64 = 32;

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::{Number, Place as P, Table, Target};
    match (i.specific.operation, i.operands()) {
        (O::InitY, &[P(y)]) => clear(e, y),
        (O::InitY2, &[P(a), P(b)]) => {
            clear(e, a);
            clear(e, b);
        }
        (O::InitYregs, &[Table(list)]) => {
            for register in e.list(list) {
                if let P(register) = register {
                    clear(e, register);
                }
            }
        }
        (O::Allocate, &[Number(slots), _]) => allocate(e, slots, 0),
        (O::AllocateHeap, &[Number(slots), Number(words), _]) => allocate(e, slots, words),
        (O::AllocateZero, &[Number(slots), _]) if slots <= LARGEST => {
            allocate(e, slots, 0);
            zero(e, slots);
        }
        (O::AllocateHeapZero, &[Number(slots), Number(words), _]) if slots <= LARGEST => {
            allocate(e, slots, words);
            zero(e, slots);
        }
        (O::TestHeap, &[Number(words), _]) => {
            let slow = e.slow();
            e.check_room(words as usize, slow);
        }
        (O::Deallocate, &[Number(slots)]) => deallocate(e, slots),
        (O::Trim, &[Number(slots), _]) => {
            let address = e.scratch();
            e.asm.load(address, at(Reg::RDX, 0));
            e.asm.alu_imm(Alu::Add, Reg::RDX, 8 * slots as i32);
            e.asm.store(at(Reg::RDX, 0), address);
            e.forget_frame();
        }
        (O::Catch, &[P(y), Target(handler)]) => {
            let handler = e.address(handler);
            e.write_const(y, Term::catch(handler).raw());
        }
        (O::CatchEnd, &[P(y)]) => {
            let slow = e.slow();
            e.asm.alu_mem_imm(Alu::Cmp, mem(x(0)), Term::NONE.raw() as i32);
            e.asm.jcc(Cond::Equal, slow);
            clear(e, y);
        }
        (O::TryEnd, &[P(y)]) => clear(e, y),
        (O::TryCase, &[P(y)]) => {
            clear(e, y);
            for index in 0..3 {
                e.copy(P(x(index + 1)), x(index));
            }
        }
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

fn allocate(e: &mut Emitter<'_>, slots: u64, words: u64) {
    let frame = slots as usize + 1;
    let slow = e.slow();
    e.check_room(frame + words as usize, slow);
    e.asm.alu_imm(Alu::Sub, Reg::RDX, 8 * frame as i32);
    e.asm.store_imm(at(Reg::RDX, 0), NIL);
    e.forget_frame();
}

fn zero(e: &mut Emitter<'_>, slots: u64) {
    for slot in 1..=slots as i32 {
        e.asm.store_imm(at(Reg::RDX, 8 * slot), NIL);
    }
}

/// Gives the frame back.
pub(super) fn deallocate(e: &mut Emitter<'_>, slots: u64) {
    e.asm.alu_imm(Alu::Add, Reg::RDX, 8 * (slots as i32 + 1));
    e.forget_frame();
}
