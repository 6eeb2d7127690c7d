// SPDX-License-Identifier: Apache-2.0
//! The machine's registers. Their places are fixed (`repr(C)`), since instructions have them as byte offsets and native code will.
#![expect(unsafe_code, reason = "lends the process and the machine to one user at a time")]

use alloc::boxed::Box;

use super::dispatch::State;
use super::run::Stop;
use crate::atom::{Atom, predefined};
use crate::beam_file::REGISTERS;
use crate::bif::{Context, Raise};
use crate::bits::Building;
use crate::process::Process;
use crate::term::Term;
use crate::vm::Vm;

/// How many X and how many floating-point registers there are.
const COUNT: usize = REGISTERS as usize;

/// The registers, and who they are for.
#[repr(C)]
pub struct Machine {
    /// X registers.
    pub x: [Term; COUNT],
    /// Floating-point registers.
    pub f: [f64; COUNT],
    /// The state while no instruction is done.
    ip: *const u64,
    hp: *mut u64,
    sp: *mut u64,
    fcalls: isize,
    /// The process that runs, if one does.
    pub process: *mut Process,
    /// The machine's other parts.
    pub vm: *mut Vm,
    /// Why the instructions stopped.
    pub stop: Option<Stop>,
    /// The instruction that was done again last because there was no room, and the reductions that were left.
    pub retried: (*const u64, isize),
    /// What the first instruction leads to when the dispatch goes on, in place of its first word.
    pub goes_on_as: Option<u32>,
    /// Reductions that are left, put aside while `fcalls` is 0 so that the next call looks up.
    pub parked_reductions: isize,
    /// What was raised last.
    pub fault: Fault,
    /// Arguments of an instruction that calls, put aside: see `invoke`.
    pub arguments: [Term; 3],
    /// Why the last such call has failed.
    pub raise: Raise,
    /// The binary that is built one segment an instruction, as compilers before OTP 25 wrote it.
    pub building: Building,
}

/// An exception on its way to its handler.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// `error`, `exit` or `throw`.
    pub class: Atom,
    /// The reason or value.
    pub reason: Term,
    /// The stack trace in its raw form, or [`Term::NONE`] if it has to be taken.
    pub trace: Term,
    /// What `error_info` has as its cause, or [`Term::NONE`].
    pub cause: Term,
}

impl Machine {
    /// Registers for a machine.
    #[must_use]
    pub fn new() -> Box<Self> {
        Box::new(Self {
            x: [Term::NIL; COUNT],
            f: [0.0; COUNT],
            ip: core::ptr::null(),
            hp: core::ptr::null_mut(),
            sp: core::ptr::null_mut(),
            fcalls: 0,
            process: core::ptr::null_mut(),
            vm: core::ptr::null_mut(),
            stop: None,
            retried: (core::ptr::null(), 0),
            goes_on_as: None,
            parked_reductions: 0,
            fault: Fault {
                class: predefined::ERROR,
                reason: Term::NIL,
                trace: Term::NONE,
                cause: Term::NONE,
            },
            arguments: [Term::NIL; 3],
            raise: Raise::BADARG,
            building: Building::NONE,
        })
    }

    /// Stores a state.
    #[inline(always)]
    pub(super) fn store(&mut self, s: State) {
        self.ip = s.ip;
        self.hp = s.hp;
        self.sp = s.sp;
        self.fcalls = s.fcalls;
    }

    /// The state that was stored.
    #[inline(always)]
    pub(super) fn load(&mut self) -> State {
        State { ip: self.ip, hp: self.hp, sp: self.sp, m: self, fcalls: self.fcalls }
    }
}

impl State {
    /// The process that runs. What registers have of its heap is stored before, so that it may be used; [`State::reload`] comes after.
    ///
    /// # Safety
    /// No other reference to the process may be in use.
    #[inline(always)]
    pub unsafe fn process<'a>(&mut self) -> &'a mut Process {
        // SAFETY: the scheduler has given the process to the machine for as long as it runs.
        unsafe {
            let process = &mut *(*self.m).process;
            process.heap.top = self.hp;
            process.heap.stack = self.sp;
            process.reductions_left = self.fcalls as i64;
            process
        }
    }

    /// Where a BIF is called: the process as [`State::process`] gives it, and the machine.
    ///
    /// # Safety
    /// No other reference to the process or the machine may be in use.
    #[inline(always)]
    pub unsafe fn context<'a>(&mut self) -> Context<'a> {
        // SAFETY: as the caller promises; process and machine are apart, since the process is outside of the table while it runs.
        unsafe { Context { vm: &mut *(*self.m).vm, process: self.process() } }
    }

    /// Takes the registers from the process again.
    ///
    /// # Safety
    /// [`State::process`] was called before.
    #[inline(always)]
    pub unsafe fn reload(&mut self) {
        // SAFETY: the process is there while it runs.
        unsafe {
            let process = &*(*self.m).process;
            self.hp = process.heap.top;
            self.sp = process.heap.stack;
            self.fcalls = process.reductions_left as isize;
        }
    }

    /// Stops the machine: the process goes on at `self.ip` with `live` X registers.
    ///
    /// # Safety
    /// There has to be an instruction that expects as many.
    pub unsafe fn stop(mut self, live: usize, stop: Stop) {
        // SAFETY: the registers are apart from the process.
        unsafe {
            let process = self.process();
            process.ip = self.ip;
            process.set_arguments(core::slice::from_raw_parts(self.m.cast::<Term>(), live));
            (*self.m).stop = Some(stop);
        }
    }

    /// The X registers.
    ///
    /// # Safety
    /// No other reference to them may be in use.
    #[inline(always)]
    pub unsafe fn x<'a>(&self) -> &'a mut [Term; COUNT] {
        // SAFETY: the machine is there while instructions are done.
        unsafe { &mut (*self.m).x }
    }

    /// Words between heap and stack.
    #[inline(always)]
    pub fn free_bytes(&self) -> usize {
        self.sp.addr() - self.hp.addr()
    }
}

impl Machine {
    /// Takes over where the process has stopped.
    pub(super) fn begin(&mut self, process: &Process) {
        self.parked_reductions = 0;
        self.ip = process.ip;
        self.hp = process.heap.top;
        self.sp = process.heap.stack;
        self.fcalls = process.reductions_left as isize;
    }
}
