// SPDX-License-Identifier: Apache-2.0
//! Runs a program and tells what it has left.
#![expect(unsafe_code, reason = "runs instructions")]

use beam_vm::emu::assemble::{Op, assemble};
use beam_vm::emu::native::{self, Flavor};
use beam_vm::emu::{Machine, Stop, run};
use beam_vm::heap::{HeapLimits, ProcessHeap};
use beam_vm::print::Printed;
use beam_vm::process::Process;
use beam_vm::term::{LocalPid, Term};
use beam_vm::vm::Vm;
use hosted::{CodePath, LinuxPlatform, Settings};

use super::instructions::{LABELS, START};
use super::terms::{REGISTERS, Recipe};

/// What a run has left.
#[derive(PartialEq, Debug)]
pub struct Outcome {
    stop: Stop,
    reductions: i64,
    registers: Vec<String>,
    reason: String,
}

/// Runs a program with arguments, on a heap of so many words.
pub fn outcome(program: &[Op], arguments: &[Recipe], words: usize, flavor: Flavor) -> Outcome {
    let mut vm =
        Vm::new(Box::new(LinuxPlatform::new(CodePath::default(), Settings::default()))).expect("a machine");
    let mut code = assemble(program, LABELS).expect("the table has these");
    let native = if flavor == Flavor::Jit && vm.use_machine_code() {
        let Vm { native, platform, .. } = &mut vm;
        let shape = code.shape();
        let space = native.as_ref().expect("machine code is in use");
        let native = native::translate(&mut code.words, &shape, space, platform.as_mut());
        assert!(native.is_some(), "there is room for a few instructions");
        native
    } else {
        None
    };
    let mut heap = ProcessHeap::new(words, HeapLimits::default());
    heap.push_return_address(&raw const vm.instructions[0]);
    let mut process = Process::new(LocalPid(3), heap, Term::NIL, LocalPid(0));
    process.ip = &raw const code.words[code.labels[START as usize] as usize];
    for argument in arguments {
        let term = argument.make(&mut process.heap);
        process.arguments.push(term);
    }
    process.reductions_left = 100;
    let mut machine = Machine::new();
    // SAFETY: the code and the process were made for each other.
    let stop = unsafe { run(&mut machine, &mut vm, &mut process) };
    drop(native);
    let text = |term| Printed::new(&vm.atoms, vm.node.name, term).to_string();
    Outcome {
        stop,
        reductions: process.reductions_left,
        registers: if process.exit_reason == Term::atom(beam_vm::atom::predefined::NORMAL) {
            machine.x[..REGISTERS].iter().map(|term| text(*term)).collect()
        } else {
            Vec::new()
        },
        reason: text(process.exit_reason),
    }
}
