// SPDX-License-Identifier: Apache-2.0
//! Patterns that are compiled, written to bytes, read back and applied. What stock does with many more is in the fixtures `re_*`.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{ErrorKind, Flags, Matcher, Options, Outcome, Settings, compile, encode};

/// The groups of a match, the whole first.
fn groups(pattern: &[u8], subject: &[u8], flags: Flags) -> Option<Vec<Option<(usize, usize)>>> {
    let program = compile(pattern, Options { flags, ..Options::default() }).expect("it is a pattern");
    let program = encode::read(&encode::write(&program)).expect("it is a program");
    let mut matcher = Matcher::new(&program, Settings::default());
    let mut budget = usize::MAX;
    match matcher.run(&program, subject, &mut budget) {
        Outcome::Match => {
            Some((0..matcher.count(program.groups)).map(|number| matcher.group(number)).collect())
        }
        _ => None,
    }
}

fn whole(pattern: &str, subject: &str) -> Option<(usize, usize)> {
    groups(pattern.as_bytes(), subject.as_bytes(), Flags::default()).and_then(|groups| groups[0])
}

fn refused(pattern: &str) -> (ErrorKind, usize) {
    let error = compile(pattern.as_bytes(), Options::default()).expect_err("it is no pattern");
    (error.kind, error.offset)
}

#[test]
fn repeats_take_what_they_can_and_give_back() {
    assert_eq!(whole("a+ab", "aaab"), Some((0, 4)));
    assert_eq!(whole("a+?", "aaa"), Some((0, 1)));
    assert_eq!(whole("a++a", "aaa"), None);
    assert_eq!(whole("(?:ab){2,3}", "abababab"), Some((0, 6)));
    assert_eq!(whole("x*", "aaa"), Some((0, 0)));
}

#[test]
fn a_group_keeps_what_its_last_round_matched() {
    let set = groups(b"(?:(a)|(b))*", b"abx", Flags::default());
    assert_eq!(set, Some(vec![Some((0, 2)), Some((0, 1)), Some((1, 2))]));
    let unset = groups(b"(a)|(b)", b"a", Flags::default());
    assert_eq!(
        unset,
        Some(vec![Some((0, 1)), Some((0, 1))]),
        "groups behind the last that is set do not count"
    );
}

#[test]
fn calls_nest_and_leave_groups_as_they_were() {
    assert_eq!(whole(r"\((?:[^()]++|(?R))*\)", "x((a)(b(c)))y"), Some((1, 12)));
    assert_eq!(whole("^((.)(?1)\\2|.)$", "abcba"), Some((0, 5)));
    assert_eq!(whole("^(.|(.)(?1)\\2)$", "abcba"), None, "a call is not tried again");
    assert_eq!(whole("(b)*+(?1)|a", "ba"), Some((1, 2)), "a call is one round, which may fail");
}

#[test]
fn letters_have_all_their_cases() {
    let both = Flags::UTF | Flags::CASELESS;
    assert!(groups("k".as_bytes(), "\u{212A}".as_bytes(), both).is_some());
    assert!(groups("ς".as_bytes(), "Σ".as_bytes(), both).is_some());
    assert!(groups("å".as_bytes(), "Å".as_bytes(), Flags::UTF).is_none());
    assert!(groups(&[0xE5], &[0xC5], Flags::CASELESS).is_some(), "bytes are ISO 8859-1");
}

#[test]
fn errors_are_where_pcre_finds_them() {
    assert_eq!(refused("a("), (ErrorKind::MissingParenthesis, 2));
    assert_eq!(refused("a)b"), (ErrorKind::UnmatchedParenthesis, 1));
    assert_eq!(refused("*"), (ErrorKind::NothingToRepeat, 0));
    assert_eq!(refused("[b-a]"), (ErrorKind::RangeOrder, 3));
    assert_eq!(refused(r"\2(a)b"), (ErrorKind::NoSuchGroup, 6), "found at the end");
    assert_eq!(refused("(?<=a*)b"), (ErrorKind::LookbehindNotFixed, 6));
    assert_eq!(refused("(?<=a*)b("), (ErrorKind::MissingParenthesis, 9), "what is found first counts");
}

#[test]
fn line_ends_that_exclude_each_other_are_refused() {
    let ask = |pattern: &[u8], flags| compile(pattern, Options { flags, ..Options::default() });
    let refused = ask(b"a", Flags::NEWLINE_UNCLEAR).expect_err("no line end is meant");
    assert_eq!((refused.kind, refused.offset), (ErrorKind::InconsistentNewline, 0));
    assert!(ask(b"(*CR)a", Flags::NEWLINE_UNCLEAR).is_ok(), "the pattern says which");
    assert!(ask(b"(*CR)a", Flags::BSR_UNCLEAR).is_err());
}

#[test]
fn deep_nests_and_large_repeats_are_refused() {
    let nest = |depth: usize| [b"(".repeat(depth), b")".repeat(depth)].concat();
    assert!(compile(&nest(700), Options::default()).is_ok());
    let error = compile(&nest(100_000), Options::default()).expect_err("it is too deep");
    assert_eq!((error.kind, error.offset), (ErrorKind::TooComplicated, 799));
    assert_eq!(refused("((a{9}){60000}){60000}").0, ErrorKind::TooLarge);
    assert_eq!(refused("(((((a{1,9}){1,99}){1,99}){1,99}){1,99}){1,99}").0, ErrorKind::TooLarge);
}

#[test]
fn limits_stop_what_would_take_for_ever() {
    let program = compile(b"(a+)*b", Options { flags: Flags::NO_START_OPTIMIZE, ..Options::default() });
    let program = program.expect("it is a pattern");
    let settings = Settings { match_limit: 100_000, ..Settings::default() };
    let run = |settings| Matcher::new(&program, settings).run(&program, &[b'a'; 40], &mut usize::MAX.clone());
    assert_eq!(run(settings), Outcome::MatchLimit);
    assert_eq!(run(Settings { depth_limit: 10, ..settings }), Outcome::DepthLimit);
}

#[test]
fn bytes_that_are_no_program_are_refused() {
    let program = compile(b"(a|b)*c[^x]", Options::default()).expect("it is a pattern");
    let bytes = encode::write(&program);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(encode::read(&damaged).is_err(), "byte {at} is changed");
        assert!(encode::read(&bytes[..at]).is_err());
    }
}

/// Patterns of few characters, most of which mean something.
fn patterns() -> impl Strategy<Value = Vec<u8>> {
    let pieces: &[&[u8]] = &[
        b"a",
        b"b",
        b"(",
        b")",
        b"(",
        b")",
        b"*",
        b"+",
        b"?",
        b"{1,2}",
        b"|",
        b"[ab]",
        b"[^a]",
        b".",
        b"^",
        b"$",
        b"\\b",
        b"\\1",
        b"(?:",
        b"(?>",
        b"(?=",
        b"(?!",
        b"(?<=",
        b"(?1)",
        b"(?R)",
        b"(?(1)",
        b"(?|",
        b"\\K",
        b"(*THEN)",
        b"(*SKIP)",
        b"(*ACCEPT)",
        b"\\X",
        b"\\R",
        b"(?<n>",
        b"(?&n)",
        b"(?i)",
        b"\\w",
        b"[",
        b"\\",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..12).prop_map(|pieces| pieces.concat())
}

/// Where groups have matched.
type Groups = Vec<Option<(usize, usize)>>;

/// All that a search comes to, with pauses after so many operations.
fn searched(pattern: &[u8], subject: &[u8], pause: usize) -> Option<(Outcome, Groups)> {
    let program = compile(pattern, Options::default()).ok()?;
    let settings = Settings { match_limit: 5000, ..Settings::default() };
    let mut matcher = Matcher::new(&program, settings);
    loop {
        let mut budget = pause;
        let outcome = matcher.run(&program, subject, &mut budget);
        if outcome != Outcome::Paused {
            let groups = (0..=usize::from(program.groups)).map(|number| matcher.group(number));
            return Some((outcome, if outcome == Outcome::Match { groups.collect() } else { Vec::new() }));
        }
    }
}

proptest! {
    #[test]
    fn a_search_that_is_interrupted_comes_to_the_same(
        pattern in patterns(),
        subject in "[ab\n]{0,12}",
        pause in 1..5_usize,
    ) {
        let at_once = searched(&pattern, subject.as_bytes(), usize::MAX);
        prop_assert_eq!(searched(&pattern, subject.as_bytes(), pause), at_once);
    }

    #[test]
    fn programs_come_back_from_their_bytes(pattern in patterns()) {
        if let Ok(program) = compile(&pattern, Options::default()) {
            prop_assert_eq!(encode::read(&encode::write(&program)), Ok(program));
        }
    }

    #[test]
    fn any_bytes_are_read_as_a_pattern_or_refused_within_it(
        pattern in prop::collection::vec(any::<u8>(), 0..40),
        utf in any::<bool>(),
    ) {
        let flags = if utf { Flags::UTF } else { Flags::default() };
        if let Err(error) = compile(&pattern, Options { flags, ..Options::default() }) {
            prop_assert!(error.offset <= pattern.len());
        }
    }
}
