// SPDX-License-Identifier: Apache-2.0
//! Calls and returns.

use super::Emitted;
use super::data::HEADER;
use super::frames::deallocate;
use crate::emu::native::decode::{Instruction, Operand};
use crate::emu::native::emitter::Emitter;
use crate::emu::native::x86::{Alu, Cond, Reg, at};
use crate::emu::table::Operation as O;
use crate::term::{Kind, layout};

pub(super) fn emit(e: &mut Emitter<'_>, i: &Instruction) -> Emitted {
    use Operand::{Number, Place as P, Target};
    match (i.specific.operation, i.operands()) {
        (O::Call, &[_, Target(word)]) => {
            e.set_return(i.end);
            e.enter(word);
        }
        (O::CallLast, &[_, Target(word), Number(slots)]) => {
            deallocate(e, slots);
            e.enter(word);
        }
        (O::CallOnly, &[_, Target(word)]) => e.enter(word),
        (O::MoveCall, &[from, P(to), Target(word)]) => {
            e.copy(from, to);
            e.set_return(i.end);
            e.enter(word);
        }
        (O::MoveCallLast, &[from, P(to), Target(word), Number(slots)]) => {
            e.copy(from, to);
            deallocate(e, slots);
            e.enter(word);
        }
        (O::MoveCallOnly, &[from, P(to), Target(word)]) => {
            e.copy(from, to);
            e.enter(word);
        }
        (O::CallExt, &[_, Number(export)]) => {
            e.set_return(i.end);
            enter_export(e, export);
        }
        (O::CallExtLast, &[_, Number(export), Number(slots)]) => {
            deallocate(e, slots);
            enter_export(e, export);
        }
        (O::CallExtOnly, &[_, Number(export)]) => enter_export(e, export),
        (O::CallFun, &[Number(arity), fun]) => {
            prepare(e, arity, fun);
            e.set_return(i.end);
            e.enter_elsewhere();
        }
        (O::CallFunLast, &[Number(arity), fun, Number(words)]) => {
            prepare(e, arity, fun);
            if words != 0 {
                e.asm.alu_imm(Alu::Add, Reg::RDX, 8 * words as i32);
            }
            e.enter_elsewhere();
        }
        (O::Return, &[]) => e.return_to_caller(),
        (O::DeallocateReturn, &[Number(slots)]) => {
            deallocate(e, slots);
            e.return_to_caller();
        }
        (O::MoveReturn, &[from, P(to)]) => {
            e.copy(from, to);
            e.return_to_caller();
        }
        (O::MoveDeallocateReturn, &[from, P(to), Number(slots)]) => {
            e.copy(from, to);
            deallocate(e, slots);
            e.return_to_caller();
        }
        _ => return Emitted::Nothing,
    }
    Emitted::Code
}

/// Entries never move, and the first word of one is the address of the function.
fn enter_export(e: &mut Emitter<'_>, export: u64) {
    const { assert!(core::mem::offset_of!(crate::term::Export, address) == 0) };
    e.asm.mov_imm(Reg::RDI, export);
    e.asm.load(Reg::RDI, at(Reg::RDI, 0));
    e.enter_elsewhere();
}

/// Puts the environment of a local fun of the arity behind the arguments and the address of its code into `rdi`.
fn prepare(e: &mut Emitter<'_>, arity: u64, fun: Operand) {
    const { assert!(core::mem::offset_of!(crate::term::FunEntry, address) == 0) };
    let word = |index: usize| HEADER + 8 * index as i32;
    e.claim(Reg::RDI);
    let object = e.value(fun);
    let slow = e.slow();
    let reg = e.scratch();
    e.asm.test8(object, 1);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.load32(reg, at(object, HEADER));
    e.asm.alu32_imm(Alu::And, reg, 0x3F);
    e.asm.alu32_imm(Alu::Cmp, reg, (Kind::Fun as i32) << 2);
    e.asm.jcc(Cond::NotEqual, slow);
    e.asm.alu_mem_imm(Alu::Cmp, at(object, word(layout::FUN_ARITY)), arity as i32);
    e.asm.jcc(Cond::NotEqual, slow);
    let (free, copied) = (reg, e.scratch());
    e.asm.load(free, at(object, word(layout::FUN_FREE)));
    e.asm.load(Reg::RDI, at(object, word(layout::FUN_ENTRY)));
    e.asm.load(Reg::RDI, at(Reg::RDI, 0));
    e.asm.test(free);
    let done = e.asm.jcc_short(Cond::Equal);
    let next = e.asm.label();
    e.asm.bind(next);
    e.asm.load_indexed(copied, object, free, word(layout::FUN_ENV) - 8);
    e.asm.store_indexed(Reg::RCX, free, 8 * arity as i32 - 8, copied);
    e.asm.dec(free);
    e.asm.jcc(Cond::NotEqual, next);
    e.asm.land(done);
    e.forget();
}
