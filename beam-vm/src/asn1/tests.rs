// SPDX-License-Identifier: Apache-2.0
//! Bytes become terms and the same bytes again, however little is done at a time; damage is an error.

use alloc::vec::Vec;

use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{BerReader, BerWriter, PerWriter};
use crate::heap::Fragment;
use crate::term::Term;

fn read(bytes: &[u8], heap: &mut Fragment, step: usize) -> Option<(Term, Term)> {
    let mut reader = BerReader::default();
    loop {
        if let Some(term) = reader.run(bytes, heap, &mut { step }).ok()? {
            let pair = term.as_tuple()?;
            return Some((pair.elements()[0], pair.elements()[1]));
        }
    }
}

fn write(term: Term, step: usize) -> Option<Vec<u8>> {
    let mut writer = BerWriter::new(term);
    while !writer.run(&mut { step }).ok()? {}
    Some(writer.into_bytes())
}

/// An element in the shortest form.
fn element() -> impl Strategy<Value = Vec<u8>> {
    let wrap = |tag: Vec<u8>, value: Vec<u8>| {
        let len = value.len();
        let length =
            if len < 128 { Vec::from([len as u8]) } else { Vec::from([0x82, (len >> 8) as u8, len as u8]) };
        let length = if (128..256).contains(&len) { Vec::from([0x81, len as u8]) } else { length };
        [tag, length, value].concat()
    };
    let leaf = (0..30u8, prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(move |(tag, value)| wrap(Vec::from([tag]), value));
    leaf.prop_recursive(4, 32, 5, move |inner| {
        (31..16_384u16, prop::collection::vec(inner, 0..5)).prop_map(move |(number, parts)| {
            let tag = match number {
                ..128 => Vec::from([0xBF, number as u8]),
                _ => Vec::from([0xBF, 0x80 | (number >> 7) as u8, number as u8 & 0x7F]),
            };
            wrap(tag, parts.concat())
        })
    })
}

proptest! {
    #[test]
    fn elements_come_back(bytes in element(), step in 1..9usize) {
        let mut heap = Fragment::default();
        let (term, rest) = read(&[&bytes[..], b"rest"].concat(), &mut heap, step).expect("an element");
        prop_assert!(rest.as_bits().is_some_and(|bits| bits.as_bytes() == Some(b"rest")));
        prop_assert_eq!(write(term, step), Some(bytes));
    }

    #[test]
    fn damage_is_an_error_at_most(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut heap = Fragment::default();
        let whole = read(&bytes, &mut heap, usize::MAX).is_some();
        prop_assert_eq!(read(&bytes, &mut heap, 1).is_some(), whole);
        let per = |step: usize| {
            let mut writer = PerWriter::default();
            loop {
                match writer.run(&bytes, &mut { step }) {
                    Ok(true) => return Some(writer.into_bytes()),
                    Ok(false) => {}
                    Err(_) => return None,
                }
            }
        };
        prop_assert_eq!(per(1), per(usize::MAX));
    }
}
