// SPDX-License-Identifier: Apache-2.0
//! Collections that instructions ask for. The instruction begins anew afterwards; it has had no effect before.
#![expect(unsafe_code, reason = "handlers work on registers and heap words")]

use super::dispatch::{State, go};
use super::machine::Machine;
use super::operand::{I2, I3, N16, N32};
use super::run::Stop;
use crate::gc::{self, Extent};
use crate::term::Term;

/// Collects with `live` X registers in use, so that `need` words are free. If the process has to end of it, the machine is stopped.
///
/// # Safety
/// The registers from `live` on may not be looked at before they are set.
#[inline(always)]
pub(super) unsafe fn collect(s: &mut State, need: usize, live: usize) -> Outcome {
    // SAFETY: as the caller promises. The state is put aside, so that its address is given to nobody.
    unsafe {
        s.process();
        let outcome = collect_stored(s.m, need, live);
        s.reload();
        outcome
    }
}

/// Collects when the process has what registers have of its heap.
#[cold]
#[inline(never)]
unsafe fn collect_stored(m: *mut Machine, need: usize, live: usize) -> Outcome {
    // SAFETY: the first X registers are live, the others are dead, as the caller promises; machine, process and registers are apart.
    unsafe {
        let roots = core::slice::from_raw_parts_mut(m.cast::<Term>(), live);
        let (vm, process) = (&mut *(*m).vm, &mut *(*m).process);
        match vm.collect(process, roots, need, Extent::Minor) {
            gc::Outcome::Done => Outcome::GoOn,
            gc::Outcome::TooLarge => {
                (*m).stop = Some(Stop::Ended);
                Outcome::Stopped
            }
        }
    }
}

/// Whether the process goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It does.
    GoOn,
    /// It ends: the heap is larger than it may be.
    Stopped,
}

#[inline(always)]
unsafe fn collect_and_retry(mut s: State, need: usize, live: usize) {
    // SAFETY: the instruction says how many registers are live.
    unsafe {
        if collect(&mut s, need, live) == Outcome::GoOn {
            // It is no second call if a function begins with the instruction.
            (*s.m).retried = (s.ip, s.fcalls);
            go(s)
        }
    }
}

macro_rules! collections {
    ($($(#[$about:meta])* $name:ident: $layout:ty, |$op:ident| $need:expr, $live:expr;)*) => {$(
        $(#[$about])*
        #[cold]
        #[inline(never)]
        pub(super) unsafe extern "sysv64" fn $name(
            ip: *const u64, hp: *mut u64, sp: *mut u64, m: *mut Machine, fcalls: isize,
        ) {
            // SAFETY: as for the handler that has come here.
            unsafe {
                let $op = &*ip.cast::<$layout>();
                collect_and_retry(State { ip, hp, sp, m, fcalls }, $need, usize::from($live))
            }
        }
    )*};
}

collections! {
    /// For `allocate`.
    for_frame: I2<N16, N16>, |op| usize::from(op.a.0) + 1, op.b.0;
    /// For `allocate_heap`.
    for_frame_and_heap: I3<N16, N32, N16>, |op| usize::from(op.a.0) + 1 + op.b.0 as usize, op.c.0;
    /// For `test_heap`.
    for_heap: I2<N32, N16>, |op| op.a.0 as usize, op.b.0;
}
