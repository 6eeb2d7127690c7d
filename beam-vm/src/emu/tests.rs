// SPDX-License-Identifier: Apache-2.0
//! The emulator runs instructions assembled by hand.
#![expect(unsafe_code, reason = "runs instructions")]

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use std::time::Instant;

use super::assemble::{Op, assemble};
use super::operand::Arg;
use super::table::Operation;
use super::{Machine, Stop, run};
use crate::heap::{HeapLimits, ProcessHeap};
use crate::platform::Platform;
use crate::process::Process;
use crate::term::{LocalPid, Term};
use crate::vm::Vm;

fn op(operation: Operation, args: &[Arg]) -> Op {
    Op { operation, args: args.to_vec() }
}

fn int(value: i64) -> Arg {
    Arg::Const(Term::small_cut(value))
}

/// `fib(N) when N < 2 -> N; fib(N) -> fib(N - 1) + fib(N - 2).` as the compiler makes it.
fn fib() -> Vec<Op> {
    use Arg::{Label, Number, X, Y};
    use Operation as O;
    vec![
        op(O::Label, &[Label(1)]),
        op(O::FuncInfo, &[Arg::Const(Term::NIL), Arg::Const(Term::NIL), Number(1)]),
        op(O::Label, &[Label(2)]),
        op(O::IsLt, &[Label(3), X(0), int(2)]),
        op(O::Return, &[]),
        op(O::Label, &[Label(3)]),
        op(O::Allocate, &[Number(1), Number(1)]),
        op(O::Sub, &[Label(0), Number(1), X(0), int(1), X(1)]),
        op(O::Sub, &[Label(0), Number(2), X(0), int(2), Y(0)]),
        op(O::MoveCall, &[X(1), X(0), Label(2)]),
        op(O::Move2, &[X(0), X(1), Y(0), X(0)]),
        op(O::Move, &[X(1), Y(0)]),
        op(O::Call, &[Number(1), Label(2)]),
        op(O::Add, &[Label(0), Number(1), Y(0), X(0), X(0)]),
        op(O::DeallocateReturn, &[Number(1)]),
    ]
}

/// A platform that is never asked for much.
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

fn process(words: usize, ip: *const u64, exit: *const u64, arguments: &[Term]) -> Process {
    let mut heap = ProcessHeap::new(words, HeapLimits::default());
    heap.push_return_address(exit);
    let mut process = Process::new(LocalPid(0), heap, Term::NIL, LocalPid(0));
    process.ip = ip;
    process.arguments = arguments.to_vec();
    process.reductions_left = 4000;
    process
}

fn run_fib(n: i64) -> (i64, u32) {
    let code = assemble(&fib(), 4).expect("the table has these");
    let exit = assemble(&[op(Operation::NormalExit, &[])], 0).expect("the table has this");
    let start = code.labels[2] as usize;
    let mut vm = Vm::new(Box::new(Nowhere)).expect("a machine");
    let mut machine = Machine::new();
    let mut process =
        process(1000, &raw const code.words[start], &raw const exit.words[0], &[Term::small_cut(n)]);
    let mut slices = 1;
    // SAFETY: the code and the process were made for each other.
    while unsafe { run(&mut machine, &mut vm, &mut process) } == Stop::Preempted {
        process.reductions_left = 4000;
        slices += 1;
    }
    (machine.x[0].as_small().expect("a small integer"), slices)
}

#[test]
fn fib_is_computed_in_slices() {
    assert_eq!(run_fib(20), (6765, 11));
}

/// `pairs(0, L) -> L; pairs(N, L) -> pairs(N - 1, [{N} | L]).`
fn pairs() -> Vec<Op> {
    use Arg::{Label, Number, X};
    use Operation as O;
    vec![
        op(O::Label, &[Label(1)]),
        op(O::FuncInfo, &[Arg::Const(Term::NIL), Arg::Const(Term::NIL), Number(2)]),
        op(O::Label, &[Label(2)]),
        op(O::IsLt, &[Label(3), X(0), int(1)]),
        op(O::Move, &[X(1), X(0)]),
        op(O::Return, &[]),
        op(O::Label, &[Label(3)]),
        op(O::TestHeap, &[Number(2), Number(2)]),
        op(O::PutList, &[X(0), Arg::Const(Term::NIL), X(2)]),
        op(O::TestHeap, &[Number(2), Number(3)]),
        op(O::PutList, &[X(2), X(1), X(1)]),
        op(O::Sub, &[Label(0), Number(2), X(0), int(1), X(0)]),
        op(O::CallOnly, &[Number(2), Label(2)]),
    ]
}

#[test]
fn under_stress_every_allocation_collects() {
    let code = assemble(&pairs(), 4).expect("the table has these");
    let exit = assemble(&[op(Operation::NormalExit, &[])], 0).expect("the table has this");
    let start = code.labels[2] as usize;
    let mut vm = Vm::new(Box::new(Nowhere)).expect("a machine");
    vm.collector.stress = Some(crate::gc::Stress::default());
    let mut machine = Machine::new();
    let arguments = [Term::small_cut(100), Term::NIL];
    // With no room for even the first cell.
    let mut process = process(5, &raw const code.words[start], &raw const exit.words[0], &arguments);
    // SAFETY: the code and the process were made for each other.
    while unsafe { run(&mut machine, &mut vm, &mut process) } == Stop::Preempted {
        process.reductions_left = 4000;
    }
    let mut list = machine.x[0];
    for expected in 1..=100 {
        let cell = list.as_cons().expect("a list of 100");
        assert_eq!(cell.head().as_cons().and_then(|cell| cell.head().as_small()), Some(expected));
        list = cell.tail();
    }
    // Nearly every one: a larger heap has a little room to spare.
    assert!(vm.collector.collections > 150, "{}", vm.collector.collections);
}

#[test]
#[ignore = "a measurement"]
fn fib_takes() {
    let start = Instant::now();
    let (value, _) = run_fib(35);
    std::println!(
        "fib(35) = {value}: {:?}, {} ns a call",
        start.elapsed(),
        start.elapsed().as_nanos() / 29_860_703
    );
}
