// SPDX-License-Identifier: Apache-2.0
//! Regular expressions: any pattern is compiled or refused, any search ends within its limits and comes to the same when it is interrupted,
//! and any bytes are a program that leads nowhere outside of itself, or none.
#![no_main]

use beam_vm::re::{Bsr, Flags, Matcher, Newline, Options, Outcome, Program, Settings, compile, encode};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    flags: u32,
    newline: u8,
    pattern: Vec<u8>,
    subject: Vec<u8>,
    /// Bytes of the program that are changed, and to what.
    damage: Vec<(u16, u8)>,
    pause: u8,
}

/// The operations that a search may take; a program that was not compiled may never end.
const OPERATIONS: usize = 200_000;

fn search(program: &Program, subject: &[u8], pause: usize) -> Option<(Outcome, Vec<Option<(usize, usize)>>)> {
    let settings = Settings { match_limit: 2000, depth_limit: 2000, ..Settings::default() };
    let mut matcher = Matcher::new(program, settings);
    let mut left = OPERATIONS;
    while left > 0 {
        let mut budget = pause.min(left);
        left -= budget;
        let outcome = matcher.run(program, subject, &mut budget);
        if outcome != Outcome::Paused {
            let groups = (0..=usize::from(program.groups)).map(|number| matcher.group(number));
            return Some((outcome, if outcome == Outcome::Match { groups.collect() } else { Vec::new() }));
        }
    }
    None
}

fuzz_target!(|input: Input| {
    let flags = Flags::from_bits(input.flags & 0x3FFF).unwrap_or_default();
    let newline = [Newline::Lf, Newline::Cr, Newline::CrLf, Newline::AnyCrLf, Newline::Any];
    let newline = newline[usize::from(input.newline) % newline.len()];
    let Ok(program) = compile(&input.pattern, Options { flags, newline, bsr: Bsr::Unicode }) else { return };
    let mut bytes = encode::write(&program);
    assert_eq!(encode::read(&bytes).as_ref(), Ok(&program));
    if !program.options.flags.has(Flags::UTF) || std::str::from_utf8(&input.subject).is_ok() {
        let at_once = search(&program, &input.subject, OPERATIONS);
        let in_parts = search(&program, &input.subject, usize::from(input.pause) + 1);
        if at_once.is_some() && in_parts.is_some() {
            assert_eq!(at_once, in_parts);
        }
    }
    for (at, byte) in input.damage {
        let at = encode::HEAD + usize::from(at) % (bytes.len() - encode::HEAD);
        bytes[at] = byte;
    }
    encode::seal(&mut bytes);
    if let Ok(damaged) = encode::read(&bytes) {
        search(&damaged, &input.subject, 1000);
    }
});
