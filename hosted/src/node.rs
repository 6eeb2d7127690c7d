// SPDX-License-Identifier: Apache-2.0
//! An OTP system as a process of this one: what `voxoz erl` starts.

use std::thread;

use beam_vm::boot::{self, BootError, End};
use beam_vm::command_line::Emulator;
use beam_vm::halt::Halt;

use crate::{CodePath, OtpRoot, Settings, bare_machine};

/// What a system is started with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Node {
    /// What `init` gets to see of the command line.
    pub arguments: Vec<Vec<u8>>,
    /// Variables that are set besides those of this process.
    pub variables: Vec<(Vec<u8>, Vec<u8>)>,
    /// What the emulator's flags ask for.
    pub emulator: Emulator,
}

/// Starts OTP and waits until it halts. Gives the status.
///
/// # Errors
/// [`BootError`].
///
/// # Panics
/// When the system has no address space for the machine's literals.
pub fn boot(root: &OtpRoot, settings: Settings, node: &Node) -> Result<i32, BootError> {
    let mut vm = bare_machine(CodePath::new(Vec::new(), Some(root)), settings);
    vm.environment.extend(node.variables.iter().cloned());
    node.emulator.configure(&mut vm);
    vm.hear_signals();
    let init = boot::start(&mut vm, &node.arguments)?;
    match boot::run(&mut vm, init) {
        End::Halted(halt @ (Halt::Status(_) | Halt::Crashed)) => Ok(halt.status()),
        // Whoever asks for this wants to see the host's way of it.
        End::Halted(Halt::Abort) => std::process::abort(),
        // Nothing can happen any more, and the program has not said that it is done.
        End::Stuck => loop {
            thread::park();
        },
    }
}
