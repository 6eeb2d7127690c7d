// SPDX-License-Identifier: Apache-2.0
//! Idles until the toolstack wants the domain to end, says how, and ends in that way.

use boot::kernel::{Machine, Wake};
use log::info;

pub fn run(machine: &mut Machine) {
    info!("idle");
    loop {
        if let Wake::Shutdown(request) = machine.wait(None) {
            info!("asked for {request}");
            machine.obey(&request);
        }
    }
}
