// SPDX-License-Identifier: Apache-2.0
//! Commands for the terminal: the line stays within its bounds, and what the terminal is sent is UTF-8.
#![no_main]

use beam_vm::port::{Charset, Line};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Put(&'a [u8]),
    Insert(&'a [u8]),
    Delete(i16),
    Go(i16),
    Columns(u8),
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    shows_all: bool,
    steps: Vec<Step<'a>>,
}

fuzz_target!(|input: Input<'_>| {
    let charset = if input.shows_all { Charset::Unicode } else { Charset::Latin1 };
    let mut line = Line::new(80, charset);
    for step in input.steps {
        match step {
            Step::Put(text) => line.put(text),
            Step::Insert(text) => line.insert(text),
            Step::Delete(count) => line.delete(count),
            Step::Go(count) => line.go_by(count),
            Step::Columns(columns) => line.columns = usize::from(columns).max(1),
        }
        line.limit();
        assert!(std::str::from_utf8(&line.take_output()).is_ok());
    }
});
