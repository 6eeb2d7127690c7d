// SPDX-License-Identifier: Apache-2.0
//! Bytes that claim to be an external term.
//!
//! Whatever is decoded can be encoded, and what that gives is decoded to the same term. How much is done at a time changes nothing. What
//! is decoded is in proportion to the bytes.
#![no_main]

use std::cell::RefCell;

use beam_vm::compare;
use beam_vm::etf::{Decoder, EncodeOptions, Encoder, Inflater, Keep, Names, Origin};
use beam_vm::hash::{Old, Portable};
use beam_vm::heap::Fragment;
use beam_vm::platform::Platform;
use beam_vm::print::Printed;
use beam_vm::term::Term;
use beam_vm::vm::Vm;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    step: u8,
    safe: bool,
    bytes: &'a [u8],
}

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
    /// Atoms and entries of functions stay; a few million of them is what a campaign comes to.
    static VM: RefCell<Vm> = RefCell::new(Vm::new(Box::new(Nowhere)).expect("a machine"));
}

/// What may be built of a number of bytes: a byte is a cell of a list at most, or two words of a tuple and its place on the stack.
const WORDS_A_BYTE: usize = 16;

fn decode(vm: &mut Vm, heap: &mut Fragment, bytes: &[u8], names: Names, step: usize) -> Option<Term> {
    let mut expanded = None;
    if let Some(mut inflater) = Inflater::new(bytes).ok()? {
        while !inflater.run(bytes, &mut { step }).ok()? {}
        expanded = Some(inflater.into_bytes());
    }
    let bytes = expanded.as_deref().unwrap_or(bytes);
    let mut decoder = Decoder::new(bytes, names).ok()?;
    let term = loop {
        if let Some(term) = decoder.run(vm, heap, bytes, &mut { step }).ok()? {
            break term;
        }
    };
    assert!(decoder.used() <= bytes.len());
    assert!(heap.words() <= WORDS_A_BYTE * bytes.len() + 64);
    Some(term)
}

fn encode(vm: &Vm, term: Term, step: usize) -> Vec<u8> {
    let mut encoder = Encoder::new(term, EncodeOptions::default(), Keep::Together);
    while !encoder.run(Origin { atoms: &vm.atoms, node: vm.node }, &mut { step }) {}
    encoder.into_bytes()
}

fuzz_target!(|input: Input<'_>| VM.with_borrow_mut(|vm| {
    let (step, all) = (usize::from(input.step) + 1, usize::MAX);
    let names = if input.safe { Names::Known } else { Names::New };
    let mut heap = Fragment::default();
    let whole = decode(vm, &mut heap, input.bytes, names, all);
    let in_steps = decode(vm, &mut Fragment::default(), input.bytes, names, step);
    assert_eq!(whole.is_some(), in_steps.is_some());
    let Some(term) = whole else { return };
    let bytes = encode(vm, term, all);
    assert_eq!(encode(vm, term, step), bytes);
    let mut second = Fragment::default();
    let again = decode(vm, &mut second, &bytes, Names::Known, all).expect("what was encoded");
    assert!(compare::same(term, again));
    let hash = |mut hash: Portable, step: usize| loop {
        if let Some(hash) = hash.run(&vm.atoms, &mut { step }) {
            return hash;
        }
    };
    assert_eq!(hash(Portable::new(term), step), hash(Portable::new(again), all));
    assert!(Old::new(term).run(&vm.atoms, &mut { all }).is_some());
    assert!(!Printed::new(&vm.atoms, vm.node.name, term).to_bytes().is_empty());
}));
