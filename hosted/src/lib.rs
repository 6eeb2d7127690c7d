// SPDX-License-Identifier: Apache-2.0
//! The virtual machine as a Linux process: for development, tests and measurements.
#![forbid(unsafe_code)]

mod linux;
mod modules;

pub use linux::LinuxPlatform;
pub use modules::{CodePath, OtpRoot};

use beam_vm::script::{self, Outcome, ScriptError};
use beam_vm::vm::Vm;

/// Calls a function in a machine of its own that loads modules from a path when they are called.
///
/// # Errors
/// [`ScriptError`].
///
/// # Panics
/// When the system has no address space for the machine's literals.
pub fn call(path: CodePath, module: &str, function: &str) -> Result<Outcome, ScriptError> {
    let mut vm = Vm::new(Box::new(LinuxPlatform::new(path))).expect("there is address space for literals");
    vm.loads_on_demand = true;
    script::call(&mut vm, module, function)
}
