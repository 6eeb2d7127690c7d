// SPDX-License-Identifier: Apache-2.0
//! Says each argument on a line of its own.

use boot::kernel::Machine;
use log::info;

pub fn run(machine: &mut Machine) {
    for (index, argument) in machine.arguments.iter().enumerate() {
        info!("argument {index}: {argument}");
    }
}
