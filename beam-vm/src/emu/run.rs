// SPDX-License-Identifier: Apache-2.0
//! Running a process: from where it stopped to where it stops again.
#![expect(unsafe_code, reason = "enters the instructions")]

use super::dispatch;
use super::machine::Machine;
use crate::process::Process;
use crate::vm::Vm;

/// Why a process stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Its time slice is used up.
    Preempted,
    /// It waits for a message, or for its timer.
    Waiting,
    /// It has hibernated.
    Hibernating,
    /// A BIF waits for a signal.
    WaitingInBif,
    /// It has ended: [`Process::exit_reason`] says why.
    Ended,
}

/// Runs a process with [`Process::reductions_left`] reductions.
///
/// # Safety
/// The process has to go on at an instruction of loaded code with as many arguments as that expects, and its stack has to be one that
/// instructions have left, or a new process's.
pub unsafe fn run(machine: &mut Machine, vm: &mut Vm, process: &mut Process) -> Stop {
    machine.vm = vm;
    machine.process = process;
    machine.x[..process.arguments.len()].copy_from_slice(&process.arguments);
    // What a process was called with is not kept alive by where it was parked.
    process.arguments.clear();
    machine.begin(process);
    // SAFETY: as the caller promises.
    unsafe { dispatch::enter(machine) };
    machine.process = core::ptr::null_mut();
    machine.stop.take().unwrap_or(Stop::Ended)
}
