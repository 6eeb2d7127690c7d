// SPDX-License-Identifier: Apache-2.0
//! The kernel of Voxoz as it ships.
//!
//! Until the image carries an application there is nothing to run: the kernel says what it found, answers the toolstack,
//! and otherwise sleeps.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

use boot::kernel::{Machine, Wake};
use log::info;

boot::entry!(main);

fn main(mut machine: Machine) -> ! {
    info!("no application in this image; the domain idles until it is told to shut down");
    loop {
        if let Wake::Shutdown(request) = machine.wait(None) {
            info!("the toolstack asks for {request}");
            machine.obey(&request);
        }
    }
}
