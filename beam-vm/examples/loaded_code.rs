// SPDX-License-Identifier: Apache-2.0
//! Prints what the loader makes of `.beam` files: `cargo run --example loaded_code -- FILE...`

use beam_vm::emu::disassemble;
use beam_vm::loader;
use beam_vm::platform::Platform;
use beam_vm::vm::Vm;

/// Nothing runs here, so nothing is asked of it.
struct NoPlatform;

impl Platform for NoPlatform {
    fn monotonic(&mut self) -> u64 {
        0
    }

    fn system_time(&mut self) -> i64 {
        0
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn write(&mut self, _: &[u8]) {}

    fn warn(&mut self, _: &str) {}

    fn park(&mut self, _: Option<u64>) {}

    fn module(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

fn main() {
    let mut vm = Vm::new(Box::new(NoPlatform)).expect("there is address space");
    for file in std::env::args().skip(1) {
        let bytes = std::fs::read(&file).expect("the file can be read");
        let instance = loader::load(&mut vm, bytes, None).expect("the file is a module");
        print!("{}", disassemble::module(&instance, &vm.atoms));
    }
}
