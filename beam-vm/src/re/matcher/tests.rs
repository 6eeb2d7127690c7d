// SPDX-License-Identifier: Apache-2.0
//! How a search goes on, stops, and what it keeps.

use super::super::{Flags, Options, compile};
use super::{Matcher, Outcome, Settings};

#[test]
fn a_long_run_is_done_in_parts() {
    let program = compile(b"x.*y", Options::default()).expect("it is a pattern");
    let mut subject = [b'x'; 100_000];
    subject[99_998] = b'y';
    let mut matcher = Matcher::new(&program, Settings::default());
    let mut pauses = 0;
    loop {
        let mut budget = 100;
        match matcher.run(&program, &subject, &mut budget) {
            Outcome::Paused => pauses += 1,
            outcome => {
                assert_eq!(outcome, Outcome::Match);
                break;
            }
        }
    }
    assert_eq!(matcher.group(0), Some((0, 99_999)));
    assert!(pauses > 50, "it stopped {pauses} times");
}

#[test]
fn a_first_byte_that_is_far_is_looked_for_in_parts() {
    let program = compile(b"xy", Options::default()).expect("it is a pattern");
    let mut matcher = Matcher::new(&program, Settings::default());
    let mut budget = 10;
    assert_eq!(matcher.run(&program, &[b'a'; 100_000], &mut budget), Outcome::Paused);
}

#[test]
fn a_run_of_single_characters_takes_one_frame() {
    let program = compile(b"[ab]*[bc]*z", Options { flags: Flags::ANCHORED, ..Options::default() });
    let program = program.expect("it is a pattern");
    let mut matcher = Matcher::new(&program, Settings { match_limit: 5, ..Settings::default() });
    let outcome = matcher.run(&program, &[b'b'; 10_000], &mut usize::MAX.clone());
    assert_eq!(outcome, Outcome::MatchLimit);
    assert!(matcher.stack.len() < 10, "{} frames", matcher.stack.len());
}

#[test]
fn an_atomic_group_leaves_nothing_to_go_back_to() {
    let program =
        compile(b"(?>(?:a|b)*)c", Options { flags: Flags::NO_START_OPTIMIZE, ..Options::default() });
    let program = program.expect("it is a pattern");
    let mut matcher = Matcher::new(&program, Settings::default());
    assert_eq!(matcher.run(&program, b"abababc", &mut usize::MAX.clone()), Outcome::Match);
    assert!(matcher.stack.is_empty());
}
