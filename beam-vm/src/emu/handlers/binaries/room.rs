// SPDX-License-Identifier: Apache-2.0
//! Room on the heap for instructions of the bit syntax. Their operands may be in registers that are dead afterwards and not among the
//! `Live` ones, so a collection before them keeps those too.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use crate::beam_file::REGISTERS;
use crate::emu::Machine;
use crate::emu::collect::{Outcome, collect};
use crate::emu::dispatch::{State, resume};
use crate::emu::operand::S;
use crate::heap::RESERVED;
use crate::term::Term;

/// Whether there are `words` words.
#[inline(always)]
pub(super) fn is_free(s: &State, words: usize) -> bool {
    s.free_bytes() >= 8 * (words + RESERVED)
}

/// Collects, so that `words` words are free. Registers from `live` on are dead, unless `operands` name them.
///
/// # Safety
/// The instruction at `s.ip` has had no effect.
pub(super) unsafe fn collect_keeping(
    s: &mut State,
    words: usize,
    live: usize,
    operands: impl Iterator<Item = S>,
) -> Outcome {
    let mut kept = [0_u64; (REGISTERS as usize).div_ceil(64)];
    let mut end = live;
    for operand in operands.filter(|operand| operand.0 & 7 == 0) {
        let register = (operand.0 >> 3) as usize / 8;
        kept[register / 64] |= 1 << (register % 64);
        end = end.max(register + 1);
    }
    // SAFETY: registers between that nobody keeps are dead, so they may be set.
    unsafe {
        for register in (live..end).filter(|register| kept[register / 64] >> (register % 64) & 1 == 0) {
            s.x()[register] = Term::NIL;
        }
        collect(s, words + RESERVED, end)
    }
}

/// Declares functions that make room for an instruction and do it again.
macro_rules! rooms {
    ($($(#[$about:meta])* $name:ident: $layout:ty, |$op:ident| $words:expr, $live:expr, $operands:expr;)*) => {$(
        $(#[$about])*
        #[cold]
        #[inline(never)]
        pub(super) unsafe extern "sysv64" fn $name(
            ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut $crate::emu::Machine, fcalls: isize,
        ) {
            // SAFETY: as for the handler that has come here.
            unsafe {
                let $op = &*ip.cast::<$layout>();
                $crate::emu::handlers::binaries::room::again(
                    $crate::emu::dispatch::State { ip, hp, sp, m, fcalls }, $words, usize::from($live), &$operands,
                )
            }
        }
    )*};
}

pub(super) use rooms;

/// Collects and does the instruction again.
pub(super) unsafe fn again(mut s: State, words: usize, live: usize, operands: &[S]) {
    // SAFETY: as for the handler that has come here.
    unsafe {
        if collect_keeping(&mut s, words, live, operands.iter().copied()) == Outcome::GoOn {
            // It is no second call if a function begins with the instruction.
            (*s.m).retried = (s.ip, s.fcalls);
            resume(s)
        }
    }
}

/// The registers of a machine as one value, in a function that was called from a handler.
pub(super) fn state(ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize) -> State {
    State { ip, hp, sp, m, fcalls }
}
