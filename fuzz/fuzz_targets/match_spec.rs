// SPDX-License-Identifier: Apache-2.0
//! Terms that claim to be match specifications: the first element of a decoded tuple, in both dialects, over the second.
//!
//! Whatever compiles runs to an end, and twice to the same. What is wrong is said in words.
#![no_main]

use std::cell::RefCell;

use beam_vm::atom::AtomTable;
use beam_vm::compare;
use beam_vm::etf::{Decoder, Names};
use beam_vm::heap::{Fragment, HeapLimits, ProcessHeap};
use beam_vm::matchspec::{
    Action, Dialect, FunctionIndex, Functions, Host, Places, Scratch, Subject, compile,
};
use beam_vm::platform::Platform;
use beam_vm::term::Term;
use beam_vm::vm::Vm;
use libfuzzer_sys::fuzz_target;

/// A platform that is asked for nothing.
struct Nowhere;

impl Platform for Nowhere {
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

thread_local! {
    static VM: RefCell<Vm> = RefCell::new(Vm::new(Box::new(Nowhere)).expect("a machine"));
}

/// Functions of up to two arguments exist; they give their first.
struct Any;

impl Functions for Any {
    fn find(&self, _: &str, arity: usize) -> Option<(FunctionIndex, Places)> {
        (arity < 3).then_some((FunctionIndex(0), Places::All))
    }
}

struct Place<'a> {
    heap: ProcessHeap,
    atoms: &'a AtomTable,
}

impl Host for Place<'_> {
    fn heap(&mut self) -> (&mut ProcessHeap, &AtomTable) {
        (&mut self.heap, self.atoms)
    }

    fn call(&mut self, _: FunctionIndex, arguments: &[Term]) -> Option<Term> {
        arguments.first().copied()
    }

    fn act(&mut self, _: Action, arguments: &[Term]) -> Option<Term> {
        arguments.first().copied()
    }
}

fuzz_target!(|bytes: &[u8]| VM.with_borrow_mut(|vm| {
    let mut block = Fragment::default();
    let Ok(mut decoder) = Decoder::new(bytes, Names::New) else { return };
    let Ok(Some(term)) = decoder.run(vm, &mut block, bytes, &mut { usize::MAX }) else { return };
    let Some(tuple) = term.as_tuple() else { return };
    let [specification, subject, ..] = *tuple.elements() else { return };
    let mut place = Place { heap: ProcessHeap::new(1000, HeapLimits::default()), atoms: &vm.atoms };
    for dialect in [Dialect::Table, Dialect::Trace] {
        match compile(&vm.atoms, vm.node.name, specification, dialect, &Any) {
            Err(problems) => assert!(!problems.is_empty()),
            Ok(program) => {
                let arguments = [subject];
                let subject = match dialect {
                    Dialect::Table => Subject::Term(subject),
                    Dialect::Trace => Subject::Arguments(&arguments),
                };
                let first = program.run(&mut place, subject, &mut Scratch::default());
                let second = program.run(&mut place, subject, &mut Scratch::default());
                match (first, second) {
                    (Some(first), Some(second)) => assert!(compare::same(first, second)),
                    (first, second) => assert_eq!(first.is_some(), second.is_some()),
                }
            }
        }
    }
}));
