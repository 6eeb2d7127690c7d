// SPDX-License-Identifier: Apache-2.0
//! Modules of the compiler with damaged instructions: what still loads is run with odd arguments, for a while, in a machine of its own.
//!
//! The files are those of the OTP installation (`VOXOZ_OTP_ROOT`, or Debian's); without one there is nothing to damage.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use beam_vm::emu::Machine;
use beam_vm::heap::{Fragment, HeapLimits, build};
use beam_vm::map;
use beam_vm::term::{LocalPid, Term};
use hosted::{CodePath, OtpRoot, Settings, machine};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// Time slices that each function gets.
const TURNS: usize = 10;

#[derive(Arbitrary, Debug)]
struct Input {
    module: u8,
    changes: Vec<(u16, u8)>,
    arguments: [u8; 8],
}

fn modules() -> &'static [Vec<u8>] {
    static MODULES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let Some(root) = OtpRoot::find() else { return Vec::new() };
        let folders =
            fs::read_dir(root.libraries()).into_iter().flatten().flatten().map(|entry| entry.path());
        let stdlib = folders.filter(|folder| folder.to_string_lossy().contains("/stdlib-"));
        let files =
            stdlib.flat_map(|folder| fs::read_dir(folder.join("ebin")).into_iter().flatten().flatten());
        let mut paths: Vec<PathBuf> = files.map(|file| file.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "beam"));
        paths.sort();
        paths.iter().filter_map(|path| fs::read(path).ok()).filter(|file| file.len() < 64 << 10).collect()
    })
}

/// Changes bytes of the instructions.
fn damage(file: &[u8], changes: &[(u16, u8)]) -> Option<Vec<u8>> {
    let mut bytes = file.to_vec();
    let at = bytes.windows(4).position(|window| window == b"Code")?;
    let len = u32::from_be_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?) as usize;
    let code = bytes.get_mut(at + 28..at + 8 + len)?;
    let bytes_of_code = code.len();
    for (place, value) in changes.iter().take(4) {
        code[usize::from(*place) % bytes_of_code] ^= value;
    }
    Some(bytes)
}

fn terms(vm: &mut beam_vm::vm::Vm, heap: &mut Fragment) -> Vec<Term> {
    let small = Term::small_cut;
    let list = build::list(heap, &[small(1), small(2)]);
    let tuple = build::tuple(heap, &[small(1), list]);
    let map = map::from_pairs(heap, &vm.atoms, &[(small(1), tuple)]);
    let improper = build::list_before(heap, &[tuple], map);
    let (float, binary) = (build::float(heap, 2.5), build::binary(heap, b"bytes"));
    vec![small(0), small(-3), Term::NIL, Term::boolean(false), list, tuple, map, improper, float, binary]
}

fuzz_target!(|input: Input| {
    let modules = modules();
    let Some(file) = modules.get(usize::from(input.module) % modules.len().max(1)) else { return };
    let Some(bytes) = damage(file, &input.changes) else { return };
    let mut vm = machine(CodePath::default(), Settings { seed: Some(1), ..Settings::default() });
    vm.heap_limits = HeapLimits { max_words: 1 << 18, ..HeapLimits::default() };
    let Ok(module) = vm.load(bytes) else { return };
    let exports: Vec<_> = vm.code.current(module).expect("it was loaded").exports().collect();
    let mut registers = Machine::new();
    for (number, (function, arity)) in exports.into_iter().enumerate() {
        let mut heap = Fragment::default();
        let terms = terms(&mut vm, &mut heap);
        let choose =
            |place: u32| terms[(usize::from(input.arguments[place as usize % 8]) + number) % terms.len()];
        let arguments: Vec<Term> = (0..arity).map(choose).collect();
        let export = vm.code.export(module, function, arity);
        let Ok(pid) = vm.spawn(export, &arguments, LocalPid(0), Term::pid(LocalPid(0))) else { continue };
        for _ in 0..TURNS {
            if vm.step(&mut registers, pid).is_some() {
                break;
            }
        }
        vm.halted = None;
    }
});
