// SPDX-License-Identifier: Apache-2.0
//! Modules of the OTP installation with bytes changed at random: what still loads is run with odd arguments, and never harms the machine.

use std::fs;
use std::path::PathBuf;

use beam_vm::emu::Machine;
use beam_vm::heap::{Fragment, HeapLimits, build};
use beam_vm::map;
use beam_vm::platform::Random;
use beam_vm::term::{LocalPid, Term};
use beam_vm::vm::Vm;
use hosted::{CodePath, OtpRoot, Settings, machine};

/// Modules with instructions of every kind.
const MODULES: [&str; 10] = [
    "stdlib/lists",
    "stdlib/maps",
    "stdlib/gb_trees",
    "stdlib/base64",
    "stdlib/string",
    "stdlib/proplists",
    "stdlib/gen_server",
    "stdlib/io_lib_format",
    "stdlib/unicode",
    "kernel/inet_parse",
];
/// Damaged files of each module.
const CASES: u64 = 60;
/// Turns that a function gets.
const TURNS: usize = 20;

fn file(root: &OtpRoot, name: &str) -> Option<PathBuf> {
    let (application, module) = name.split_once('/')?;
    let folders = fs::read_dir(root.libraries()).ok()?.flatten().map(|entry| entry.path());
    let is_of = |folder: &PathBuf| {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_prefix(application).is_some_and(|rest| rest.starts_with('-'))
    };
    folders
        .filter(is_of)
        .map(|folder| folder.join("ebin").join(format!("{module}.beam")))
        .find(|file| file.exists())
}

/// Where the instructions are.
fn code(bytes: &[u8]) -> std::ops::Range<usize> {
    let at = bytes.windows(4).position(|window| window == b"Code").unwrap_or(0);
    let mut len = [0; 4];
    len.copy_from_slice(&bytes[at + 4..at + 8]);
    at + 28..(at + 8 + u32::from_be_bytes(len) as usize).min(bytes.len())
}

fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let code = code(&bytes);
    for _ in 0..=random.below(3) {
        let at = code.start + random.below(code.len() as u64) as usize;
        bytes[at] = match random.below(4) {
            0 => bytes[at] ^ 1 << random.below(8),
            1 => bytes[at].wrapping_add(16),
            2 => bytes[code.start + random.below(code.len() as u64) as usize],
            _ => random.below(256) as u8,
        };
    }
    bytes
}

fn odd_terms(vm: &mut Vm, heap: &mut Fragment) -> Vec<Term> {
    let small = |value| Term::small_cut(value);
    let list = build::list(heap, &[small(1), small(2), small(3)]);
    let improper = build::list_before(heap, &[small(1)], small(2));
    let pairs = build::tuple(heap, &[small(1), list, small(3)]);
    let map = map::from_pairs(heap, &vm.atoms, &[(small(1), small(2)), (list, pairs)]);
    let of_pairs = build::list(heap, &[pairs, map]);
    let rest = [
        build::tuple(heap, &[]),
        build::float(heap, 1.5),
        build::binary(heap, b"some bytes"),
        build::unsigned(heap, u64::MAX),
        build::string(heap, "~p ~s"),
        build::export(
            heap,
            vm.code.export(beam_vm::atom::predefined::ERLANG, beam_vm::atom::predefined::HD, 1),
        ),
    ];
    let mut terms = vec![
        small(0),
        small(-1),
        small(7),
        Term::NIL,
        Term::boolean(true),
        list,
        improper,
        pairs,
        map,
        of_pairs,
    ];
    terms.extend(rest);
    terms
}

/// Loads a file and calls all of its functions. Tells whether it was loaded.
fn run(bytes: Vec<u8>, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let settings = Settings { seed: Some(seed), ..Settings::default() };
    let mut vm = machine(CodePath::default(), settings);
    vm.heap_limits = HeapLimits { max_words: 1 << 18, ..HeapLimits::default() };
    let Ok(module) = vm.load(bytes) else { return false };
    let exports: Vec<_> = vm.code.current(module).expect("it was loaded").exports().collect();
    let mut registers = Machine::new();
    for (function, arity) in exports {
        let mut heap = Fragment::default();
        let terms = odd_terms(&mut vm, &mut heap);
        let arguments: Vec<Term> =
            (0..arity).map(|_| terms[random.below(terms.len() as u64) as usize]).collect();
        let export = vm.code.export(module, function, arity);
        let Ok(pid) = vm.spawn(export, &arguments, LocalPid(0), Term::pid(LocalPid(0))) else { continue };
        let mut turns = 0;
        while turns < TURNS && vm.step(&mut registers, pid).is_none() {
            turns += 1;
        }
        vm.halted = None;
    }
    true
}

#[test]
fn damaged_modules_never_harm_the_machine() {
    let Some(root) = OtpRoot::find() else {
        println!("there is no OTP installation: nothing to damage");
        return;
    };
    let note = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("damaged-module");
    let first = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let cases = std::env::var("CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let (mut loaded, mut all) = (0, 0);
    for name in MODULES {
        let Some(bytes) = file(&root, name).and_then(|file| fs::read(file).ok()) else { continue };
        for seed in first..first + cases {
            // What the test dies of is found again by this.
            fs::write(&note, format!("{name} {seed}\n")).expect("a note");
            let mut random = Random::new(seed);
            loaded += u64::from(run(damaged(&bytes, &mut random), seed));
            all += 1;
        }
    }
    println!("{loaded} of {all} were loaded");
}
