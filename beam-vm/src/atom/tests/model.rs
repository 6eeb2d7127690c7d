// SPDX-License-Identifier: Apache-2.0
//! The table against maps of the standard library.

use std::collections::HashMap;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use crate::atom::{Atom, AtomError, AtomLimit, AtomTable, MAX_CHARACTERS};

/// Texts of all lengths about the limit, from few characters so that some are equal.
fn text() -> impl Strategy<Value = String> {
    let character =
        prop_oneof![Just('a'), Just('b'), Just('\0'), Just('é'), Just('日'), Just('😀'), any::<char>()];
    prop_oneof![
        prop::collection::vec(prop_oneof![Just('a'), Just('b'), Just('é')], 0..4),
        prop::collection::vec(character, 0..40),
        (any::<char>(), 250..260_usize).prop_map(|(character, count)| [character].repeat(count)),
    ]
    .prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_table_does_what_a_map_does(texts in prop::collection::vec(text(), 0..100)) {
        let mut table = AtomTable::new(AtomLimit::DEFAULT);
        let mut model: HashMap<&str, Atom> = HashMap::new();
        let first = table.count();
        for text in &texts {
            let known = model.get(text.as_str()).copied().or_else(|| table.find(text).filter(|atom| atom.index() < first));
            prop_assert_eq!(table.find(text), known);
            match table.insert_utf8(text.as_bytes()) {
                Ok(atom) => {
                    prop_assert!(known.is_none_or(|known| known == atom));
                    prop_assert!(known.is_some() || atom.index() == table.count() - 1);
                    model.insert(text, atom);
                }
                Err(error) => {
                    prop_assert_eq!(error, AtomError::TooLong);
                    prop_assert!(text.chars().count() > MAX_CHARACTERS);
                }
            }
        }
        for (text, atom) in &model {
            prop_assert_eq!(table.text(*atom), *text);
            prop_assert_eq!(table.find(text), Some(*atom));
            prop_assert_eq!(table.characters(*atom), text.chars().count());
            prop_assert_eq!(table.is_latin1(*atom), text.chars().all(|character| u32::from(character) <= 255));
        }
        let mut sorted: Vec<(&str, Atom)> = model.into_iter().collect();
        sorted.sort_by(|left, right| table.compare(left.1, right.1));
        prop_assert!(sorted.is_sorted_by_key(|(text, _)| *text));
    }

    #[test]
    fn any_bytes_are_a_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..1100)) {
        let mut table = AtomTable::new(AtomLimit::DEFAULT);
        match table.insert_utf8(&bytes) {
            Ok(atom) => prop_assert_eq!(table.text(atom).as_bytes(), &bytes[..]),
            Err(error) => prop_assert!(matches!(error, AtomError::TooLong | AtomError::Malformed)),
        }
        match table.insert_latin1(&bytes) {
            Ok(atom) => prop_assert!(table.text(atom).chars().map(u32::from).eq(bytes.iter().map(|byte| u32::from(*byte)))),
            Err(error) => prop_assert!(error == AtomError::TooLong && bytes.len() > MAX_CHARACTERS),
        }
    }
}
