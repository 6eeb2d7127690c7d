// SPDX-License-Identifier: Apache-2.0
//! Instructions of releases after 25, whose compilers are not at hand: modules made by hand are loaded and run.
#![expect(unsafe_code, reason = "runs instructions")]

use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;

use crate::beam_file::ChunkId;
use crate::beam_file::tests::builder::{File, atoms, compact};
use crate::emu::{Machine, Stop, run};
use crate::heap::HeapLimits;
use crate::platform::Platform;
use crate::print::Printed;
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

/// A platform that is never asked for anything but bytes.
struct Nowhere;

impl Platform for Nowhere {
    fn monotonic(&mut self) -> u64 {
        0
    }

    fn system_time(&mut self) -> i64 {
        0
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }

    fn write(&mut self, _: &[u8]) {}

    fn warn(&mut self, text: &str) {
        std::eprintln!("{text}");
    }

    fn park(&mut self, _: Option<u64>) {}

    fn module(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// The atoms of the modules, after `m`, `f` and `string`, which the maker of files needs.
const ATOMS: &[&str] = &[
    "m",
    "f",
    "string",
    "ensure_at_least",
    "ensure_exactly",
    "skip",
    "integer",
    "binary",
    "get_tail",
    "=:=",
    "copy",
    "no",
];

fn u(value: i128) -> Vec<u8> {
    compact(0, value)
}

fn i(value: i128) -> Vec<u8> {
    compact(1, value)
}

fn a(name: &str) -> Vec<u8> {
    let index = ATOMS.iter().position(|atom| *atom == name).expect("an atom of the module") + 1;
    compact(2, index as i128)
}

fn x(register: i128) -> Vec<u8> {
    compact(3, register)
}

fn f(label: i128) -> Vec<u8> {
    compact(5, label)
}

const NIL: [u8; 1] = [2];

fn list(elements: &[Vec<u8>]) -> Vec<u8> {
    [&compact(7, 1)[..], &compact(0, elements.len() as i128), &elements.concat()].concat()
}

fn op(number: u8, operands: &[Vec<u8>]) -> Vec<u8> {
    [&[number][..], &operands.concat()].concat()
}

const LABEL: u8 = 1;
const MOVE: u8 = 64;
const RETURN: u8 = 19;
const PUT_TUPLE2: u8 = 164;
const TEST_HEAP: u8 = 16;
const BS_START_MATCH3: u8 = 166;
const BS_CREATE_BIN: u8 = 177;
const UPDATE_RECORD: u8 = 181;
const BS_MATCH: u8 = 182;
const EXECUTABLE_LINE: u8 = 183;
const DEBUG_LINE: u8 = 184;

/// What `m:f()` returns, as text.
fn call(body: &[Vec<u8>]) -> String {
    // Label 3 is where matches fail to.
    let fail = [op(LABEL, &[u(3)]), op(MOVE, &[a("no"), x(0)]), op(RETURN, &[]), std::vec![3]].concat();
    let start = [&[1, 0x10, 2, 0x12, 0x22, 0, 1, 0x20][..]].concat();
    let code = [start, body.concat(), fail].concat();
    let bytes = File::new().with(ChunkId::ATOMS, atoms(ATOMS)).with_code([0, 184, 4, 1], &code).build();
    let mut vm = Vm::new(Box::new(Nowhere)).expect("a machine");
    let module = vm.load(bytes).expect("a module that is whole");
    let function = vm.atoms.insert("f").expect("a short atom");
    let entry = vm.code.export(module, function, 0);
    let mut process = vm
        .new_process(LocalPid(0), Term::pid(LocalPid(0)), HeapLimits::default(), &[])
        .expect("a place for a process");
    process.ip = entry.address.get();
    process.reductions_left = 4000;
    let mut machine = Machine::new();
    // SAFETY: the process begins at a function without arguments.
    assert_eq!(unsafe { run(&mut machine, &mut vm, &mut process) }, Stop::Ended);
    format!("{}", Printed::new(&vm.atoms, vm.node.name, machine.x[0]))
}

/// `x1` begins to match `<<"12345678">>`.
fn start_match() -> Vec<u8> {
    let segment = [a("string"), u(1), u(8), NIL.to_vec(), u(0), i(8)];
    let create = op(BS_CREATE_BIN, &[f(0), u(0), u(0), u(8), x(0), list(&segment)]);
    [create, op(BS_START_MATCH3, &[f(3), x(0), u(1), x(1)])].concat()
}

fn tuple(registers: &[i128]) -> Vec<u8> {
    let elements: Vec<_> = registers.iter().map(|register| x(*register)).collect();
    let words = u(elements.len() as i128 + 1);
    // x0 and x1 are set in any case.
    let live = registers.iter().max().map_or(2, |register| register + 1);
    [op(TEST_HEAP, &[words, u(live)]), op(PUT_TUPLE2, &[x(0), list(&elements)]), op(RETURN, &[])].concat()
}

fn bs_match(fail: i128, commands: &[&[Vec<u8>]]) -> Vec<u8> {
    op(BS_MATCH, &[f(fail), x(1), list(&commands.concat())])
}

#[test]
fn commands_of_bs_match_take_what_they_say() {
    let matching = bs_match(
        3,
        &[
            &[a("ensure_at_least"), u(40), u(8)],
            &[a("integer"), u(2), NIL.to_vec(), u(8), u(1), x(2)],
            &[a("=:="), NIL.to_vec(), u(16), u(0x3233)],
            &[a("skip"), u(4)],
            &[a("integer"), u(3), NIL.to_vec(), u(4), u(1), x(3)],
            &[a("binary"), u(4), NIL.to_vec(), u(1), u(8), x(4)],
            &[a("get_tail"), u(5), u(8), x(5)],
        ],
    );
    assert_eq!(call(&[start_match(), matching, tuple(&[2, 3, 4, 5])]), "{49,4,<<\"5\">>,<<\"678\">>}");
}

#[test]
fn bs_match_fails_as_a_whole_size_says() {
    let exactly = |bits| bs_match(3, &[&[a("ensure_exactly"), u(bits)]]);
    assert_eq!(call(&[start_match(), exactly(64), tuple(&[])]), "{}");
    assert_eq!(call(&[start_match(), exactly(63), tuple(&[])]), "no");
    let at_least = |bits, unit| bs_match(3, &[&[a("ensure_at_least"), u(bits), u(unit)]]);
    assert_eq!(call(&[start_match(), at_least(24, 8), tuple(&[])]), "{}");
    assert_eq!(call(&[start_match(), at_least(20, 8), tuple(&[])]), "no");
    assert_eq!(call(&[start_match(), at_least(65, 1), tuple(&[])]), "no");
}

#[test]
fn bs_match_fails_where_bits_differ() {
    let matching =
        bs_match(3, &[&[a("ensure_at_least"), u(16), u(1)], &[a("=:="), NIL.to_vec(), u(16), u(0x3133)]]);
    assert_eq!(call(&[start_match(), matching, tuple(&[])]), "no");
}

#[test]
fn bs_match_that_cannot_fail_has_no_label() {
    let matching = bs_match(0, &[&[a("skip"), u(56)], &[a("get_tail"), u(2), u(8), x(2)]]);
    assert_eq!(call(&[start_match(), matching, tuple(&[2])]), "{<<\"8\">>}");
}

#[test]
fn update_record_copies_and_sets() {
    let record = [
        op(TEST_HEAP, &[u(8), u(0)]),
        op(PUT_TUPLE2, &[x(1), list(&[a("m"), i(1), i(2)])]),
        op(UPDATE_RECORD, &[a("copy"), u(3), x(1), x(0), list(&[u(2), i(7), u(3), a("no")])]),
        op(RETURN, &[]),
    ];
    assert_eq!(call(&record), "{m,7,no}");
}

#[test]
fn lines_to_be_counted_or_stopped_at_are_passed_over() {
    let lines = [
        op(EXECUTABLE_LINE, &[u(0), u(1)]),
        op(DEBUG_LINE, &[a("no"), u(0), u(1), u(0)]),
        op(MOVE, &[i(5), x(0)]),
        op(RETURN, &[]),
    ];
    assert_eq!(call(&lines), "5");
}
