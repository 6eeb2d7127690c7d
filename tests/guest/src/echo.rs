// SPDX-License-Identifier: Apache-2.0
//! Sends back what is typed, byte for byte, until `bytes=` have come; says the hash of what it has read.

use boot::kernel::{Machine, Wake, console};
use log::info;
use sha2::{Digest, Sha256};

use crate::number;

pub fn run(machine: &mut Machine) {
    let wanted = number(machine, "bytes").expect("bytes=N is given");
    let mut hash = Sha256::new();
    let mut buffer = [0; 4096];
    let mut read = 0;
    info!("ready to echo");
    while read < wanted {
        let length = console::with(|console| console.read(&mut buffer)).expect("the console was started");
        if length == 0 {
            let _: Wake = machine.wait(None);
            continue;
        }
        hash.update(&buffer[..length]);
        read += length;
        write_all(machine, &buffer[..length]);
    }
    let digest = hash.finalize();
    info!(
        "echoed {read} bytes, first of the hash {:02x}{:02x}{:02x}{:02x}",
        digest[0], digest[1], digest[2], digest[3]
    );
}

fn write_all(machine: &mut Machine, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let written = console::with(|console| console.write(bytes)).expect("the console was started");
        bytes = &bytes[written..];
        if written == 0 {
            let _: Wake = machine.wait(None);
        }
    }
}
