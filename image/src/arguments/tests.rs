// SPDX-License-Identifier: Apache-2.0
//! Tests of argument lists and of the splitter.

use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{ArgumentError, Arguments, SplitError, encode, split};

fn strings(line: &str) -> Result<Vec<String>, SplitError> {
    let mut buffer = vec![0; line.len() + 1];
    Ok(split(line, &mut buffer)?.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn check(line: &str, expected: &[&str]) {
    assert_eq!(strings(line).unwrap(), expected, "{line}");
}

#[test]
fn splits_as_a_shell_does() {
    check("", &[]);
    check(" \t\n ", &[]);
    check("one", &["one"]);
    check("  one\ttwo  three ", &["one", "two", "three"]);
    check("'a b' \"c d\"", &["a b", "c d"]);
    check("--name='a b'c", &["--name=a bc"]);
    check("'' \"\" a''", &["", "", "a"]);
    check(r"a\ b \'x \\", &["a b", "'x", r"\"]);
    check(r#""say \"yes\" \\ \n""#, &[r#"say "yes" \ \n"#]);
    check(r"'a\' b", &[r"a\", "b"]);
    check("'\"' \"'\"", &["\"", "'"]);
    check("größe='ä ö'", &["größe=ä ö"]);
}

#[test]
fn what_cannot_be_split_is_named() {
    assert_eq!(strings("a 'b c"), Err(SplitError::UnclosedQuote { quote: '\'', position: 2 }));
    assert_eq!(strings("\"b\\\""), Err(SplitError::UnclosedQuote { quote: '"', position: 0 }));
    assert_eq!(strings("a\\"), Err(SplitError::TrailingBackslash));
    assert_eq!(strings("ab\0"), Err(SplitError::Zero { position: 2 }));
    assert_eq!(strings("a\\\0"), Err(SplitError::Zero { position: 2 }));
    assert_eq!(split("abc", &mut [0; 3]), Err(SplitError::BufferTooSmall { enough: 4 }));
}

#[test]
fn lists_are_read_in_place() {
    let list = Arguments::parse(b"one\0\0two words\0").unwrap();
    assert_eq!(list.iter().collect::<Vec<_>>(), ["one", "", "two words"]);
    assert!(Arguments::parse(b"").unwrap().is_empty());
    assert_eq!(Arguments::parse(b"one").unwrap_err(), ArgumentError::Unterminated);
    assert_eq!(Arguments::parse(b"a\0b\0\xFF\0").unwrap_err(), ArgumentError::Encoding { number: 3 });
    assert_eq!(encode(&["a", "b\0"]).unwrap_err(), ArgumentError::Zero { number: 2 });
}

proptest! {
    #[test]
    fn lists_come_back(arguments in proptest::collection::vec("[^\0]{0,20}", 0..10)) {
        let bytes = encode(&arguments).unwrap();
        let list = Arguments::parse(&bytes).unwrap();
        prop_assert_eq!(list.iter().collect::<Vec<_>>(), arguments);
    }

    #[test]
    fn quoted_arguments_come_back(arguments in proptest::collection::vec("[^\0']{0,20}", 0..10)) {
        let line: String = arguments.iter().map(|argument| std::format!("'{argument}' ")).collect();
        prop_assert_eq!(strings(&line).unwrap(), arguments);
    }

    #[test]
    fn escaped_arguments_come_back(arguments in proptest::collection::vec("[^\0]{1,20}", 0..10)) {
        let mut line = String::new();
        for argument in &arguments {
            line.extend(argument.chars().flat_map(|character| ['\\', character]));
            line.push(' ');
        }
        prop_assert_eq!(strings(&line).unwrap(), arguments);
    }

    #[test]
    fn the_promised_buffer_is_enough(line in "[ab'\"\\\\ ]{0,40}") {
        let result = strings(&line);
        prop_assert!(!matches!(result, Err(SplitError::BufferTooSmall { .. })), "{:?}", result);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        if let Ok(list) = Arguments::parse(&bytes) {
            prop_assert!(list.iter().count() <= bytes.len());
        }
    }
}
