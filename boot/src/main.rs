// SPDX-License-Identifier: Apache-2.0
//! The kernel of Voxoz as it ships: it starts the application of its image.
//!
//! In a kernel without an image there is nothing to run: it says so, answers the toolstack, and otherwise sleeps.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

use boot::kernel::application::{self, Application};
use boot::kernel::{Machine, Wake};
use log::info;

boot::entry!(main);

fn main(machine: Machine) -> ! {
    match machine.image.as_ref().map_or(Ok(None), Application::find) {
        Ok(None) => idle(machine),
        Ok(Some(application)) => application.run(machine),
        Err(why) => application::refuse(machine, &why),
    }
}

fn idle(mut machine: Machine) -> ! {
    info!("no application in this image; the domain idles until it is told to shut down");
    loop {
        if let Wake::Shutdown(request) = machine.wait(None) {
            info!("the toolstack asks for {request}");
            machine.obey(&request);
        }
    }
}
