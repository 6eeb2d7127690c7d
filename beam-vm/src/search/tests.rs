// SPDX-License-Identifier: Apache-2.0
//! Searches beside the plain definition of what they find.

use alloc::boxed::Box;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Found, Pattern, Search, Step};

/// All matches, with pauses after a number of bytes.
fn all(pattern: &Pattern, text: &[u8], slice: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let mut search = Search::from(0);
    let mut budget = slice;
    loop {
        match pattern.step(text, &mut search, &mut budget) {
            Step::Found(one) => found.push(one),
            Step::Over => return found,
            Step::Paused => budget = slice,
        }
    }
}

/// The first place where one of the patterns is, the longest of them, and again behind it.
fn plain(patterns: &[Box<[u8]>], text: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let here = patterns.iter().filter(|pattern| text[at..].starts_with(pattern));
        match here.map(|pattern| pattern.len()).max() {
            Some(len) => {
                found.push(Found { start: at, len });
                at += len;
            }
            None => at += 1,
        }
    }
    found
}

/// Few letters, so that there is much to find.
fn letters(len: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"aab".as_slice()), len)
}

proptest! {
    #[test]
    fn one_pattern_is_found_where_it_is(pattern in letters(1..12), text in letters(0..200), slice in 1..40_usize) {
        let wanted = plain(&[pattern.clone().into_boxed_slice()], &text);
        prop_assert_eq!(all(&Pattern::one(pattern), &text, slice), wanted);
    }

    #[test]
    fn several_patterns_are_found_where_they_are(
        patterns in prop::collection::vec(letters(1..7), 1..6),
        text in letters(0..200),
        slice in 1..40_usize,
    ) {
        let patterns: Vec<Box<[u8]>> = patterns.into_iter().map(Vec::into_boxed_slice).collect();
        prop_assert_eq!(all(&Pattern::many(&patterns), &text, slice), plain(&patterns, &text));
    }

    #[test]
    fn any_bytes_are_found(pattern in prop::collection::vec(any::<u8>(), 1..4), text in prop::collection::vec(any::<u8>(), 0..400)) {
        let wanted = plain(&[pattern.clone().into_boxed_slice()], &text);
        prop_assert_eq!(all(&Pattern::one(pattern), &text, usize::MAX), wanted);
    }
}

#[test]
fn a_text_that_repeats_the_pattern_takes_time_in_proportion() {
    let text = [b"a".repeat(5000), b"b".repeat(5000)].concat();
    let pattern = [b"a".repeat(2000), b"ba".to_vec()].concat();
    let mut budget = 200_000;
    let step = Pattern::one(pattern).step(&text, &mut Search::from(0), &mut budget);
    assert_eq!(step, Step::Over, "it looks at each byte a few times");
}
