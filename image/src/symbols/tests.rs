// SPDX-License-Identifier: Apache-2.0
//! Tests of the symbol table: look-ups against a plain search, merged names, and bounded work on any bytes.

use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::{NAME_LIMIT, SymbolError, SymbolTable, SymbolTableBuilder};

const BASE: u64 = 0xFFFF_8000_0010_0000;
const LIMIT: u64 = BASE + 0x1000;

fn table(functions: &[(u64, u64, &str)]) -> Vec<u8> {
    let mut builder = SymbolTableBuilder::new();
    for &(start, size, name) in functions {
        builder.function(start, size, LIMIT, name);
    }
    builder.build().unwrap()
}

/// The name of the function of an address, the distance from its start, and its size.
fn find(symbols: &SymbolTable<'_>, address: u64) -> Option<(String, u64, u64)> {
    let symbol = symbols.lookup(address)?;
    Some((symbol.name.as_str().into(), symbol.offset, symbol.size))
}

#[test]
fn finds_the_function_of_an_address() {
    let bytes = table(&[(BASE + 64, 16, "second"), (BASE, 32, "first")]);
    let symbols = SymbolTable::parse(&bytes).unwrap();
    assert_eq!(symbols.len(), 2);
    assert_eq!(find(&symbols, BASE), Some(("first".into(), 0, 32)));
    assert_eq!(find(&symbols, BASE + 31), Some(("first".into(), 31, 32)));
    assert_eq!(symbols.lookup(BASE + 32), None, "the gap belongs to nobody");
    assert_eq!(find(&symbols, BASE + 79), Some(("second".into(), 15, 16)));
    assert_eq!(symbols.lookup(BASE + 80), None);
    assert_eq!(symbols.lookup(BASE - 1), None);
    assert_eq!(symbols.lookup(0), None);
    assert_eq!(symbols.lookup(u64::MAX), None);
}

#[test]
fn names_are_demangled_without_hash() {
    let bytes = table(&[
        (BASE, 8, "_ZN6kernel4trap6report17h0123456789abcdefE"),
        (BASE + 8, 8, "_RNvNtCs1234_7mycrate3foo3bar"),
    ]);
    let symbols = SymbolTable::parse(&bytes).unwrap();
    assert_eq!(symbols.lookup(BASE).unwrap().name.as_str(), "kernel::trap::report");
    assert_eq!(symbols.lookup(BASE + 8).unwrap().name.as_str(), "mycrate::foo::bar");
}

#[test]
fn functions_without_a_size_reach_to_the_next() {
    let bytes = table(&[(BASE, 0, "entry"), (BASE + 16, 0, "last"), (BASE + 8, 100, "too_long")]);
    let symbols = SymbolTable::parse(&bytes).unwrap();
    assert_eq!(find(&symbols, BASE + 7), Some(("entry".into(), 7, 8)));
    assert_eq!(find(&symbols, BASE + 15), Some(("too_long".into(), 7, 8)));
    assert_eq!(symbols.lookup(LIMIT - 1).unwrap().name.as_str(), "last");
    assert_eq!(symbols.lookup(LIMIT), None);
}

#[test]
fn aliases_and_equal_names_are_stored_once() {
    let one = table(&[(BASE, 8, "memcpy"), (BASE, 8, "bcopy"), (BASE + 8, 8, "bcopy")]);
    let two = table(&[(BASE + 8, 8, "bcopy"), (BASE, 8, "bcopy"), (BASE, 8, "memcpy")]);
    assert_eq!(one, two, "the order of the symbols does not matter");
    assert_eq!(one.len(), 16 + 2 * 12 + 2 + "bcopy".len());
    assert_eq!(SymbolTable::parse(&one).unwrap().lookup(BASE).unwrap().name.as_str(), "bcopy");
}

#[test]
fn names_share_their_beginnings() {
    let names: Vec<String> = (0..40).map(|number| format!("a::long::path::é{number}")).collect();
    let functions: Vec<(u64, u64, &str)> =
        (0..).zip(&names).map(|(place, name)| (BASE + 8 * place, 8, name.as_str())).collect();
    let bytes = table(&functions);
    let whole: usize = names.iter().map(|name| name.len() + 2).sum();
    assert!(bytes.len() < 16 + 12 * names.len() + whole / 2, "{} bytes", bytes.len());
    let symbols = SymbolTable::parse(&bytes).unwrap();
    for (start, _, name) in functions {
        assert_eq!(find(&symbols, start), Some((name.into(), 0, 8)));
    }
}

#[test]
fn a_known_size_outranks_a_guess() {
    let bytes = table(&[(BASE, 0, "alias"), (BASE, 8, "function"), (BASE, 4, "part")]);
    let symbols = SymbolTable::parse(&bytes).unwrap();
    assert_eq!(find(&symbols, BASE), Some(("function".into(), 0, 8)));
}

#[test]
fn long_names_are_cut_at_a_character() {
    let name = format!("a{}", "é".repeat(NAME_LIMIT));
    let bytes = table(&[(BASE, 8, &name)]);
    let symbols = SymbolTable::parse(&bytes).unwrap();
    let found = symbols.lookup(BASE).unwrap();
    let cut = found.name.as_str();
    assert!(cut.len() <= NAME_LIMIT && cut.len() > NAME_LIMIT - 5);
    assert!(cut.ends_with("é..."));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut builder = SymbolTableBuilder::new();
    builder.function(0, 8, u64::MAX, "low");
    builder.function(1 << 32, 8, u64::MAX, "high");
    assert_eq!(builder.build(), Err(SymbolError::TooFarApart { base: 0, start: 1 << 32 }));
}

#[test]
fn damage_is_named() {
    let error = |bytes: &[u8]| SymbolTable::parse(bytes).expect_err("damaged table was taken");
    assert_eq!(error(&[0; 15]), SymbolError::Length { needed: 16, found: 15 });
    let bytes = table(&[(BASE, 8, "name")]);
    assert_eq!(error(&bytes[..33]), SymbolError::Length { needed: 34, found: 33 });
    let mut huge = bytes.clone();
    huge[8..12].fill(0xFF);
    assert_eq!(error(&huge), SymbolError::Length { needed: 22 + 12 * 0xFFFF_FFFF, found: 34 });
    let empty = SymbolTableBuilder::new().build().unwrap();
    assert!(SymbolTable::parse(&empty).unwrap().is_empty());
}

proptest! {
    #[test]
    fn look_ups_agree_with_a_plain_search(
        sizes in proptest::collection::vec((1u64..20, 0u64..8), 1..50),
        probes in proptest::collection::vec(0u64..1500, 50),
    ) {
        let mut start = BASE;
        let mut functions: Vec<(u64, u64, String)> = Vec::new();
        for (size, gap) in sizes {
            functions.push((start, size, format!("f{}", functions.len() / 2)));
            start += size + gap;
        }
        let mut builder = SymbolTableBuilder::new();
        for (start, size, name) in &functions {
            builder.function(*start, *size, u64::MAX, name);
        }
        let bytes = builder.build().unwrap();
        let symbols = SymbolTable::parse(&bytes).unwrap();
        for probe in probes {
            let address = BASE + probe;
            let expected = functions.iter().find(|(start, size, _)| (*start..start + size).contains(&address));
            let expected =
                expected.map(|(start, size, name)| (name.clone(), address - start, *size));
            prop_assert_eq!(find(&symbols, address), expected);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        count in 0u32..8,
        mut body in proptest::collection::vec(any::<u8>(), 100..200),
        base in any::<u64>(),
        probe in any::<u64>(),
    ) {
        let _ = SymbolTable::parse(&body);
        let names_length = body.len() as u32 - count * 12;
        let mut bytes = base.to_le_bytes().to_vec();
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&names_length.to_le_bytes());
        bytes.append(&mut body);
        let symbols = SymbolTable::parse(&bytes).unwrap();
        let _ = symbols.lookup(probe);
        let _ = symbols.lookup(base.wrapping_add(probe >> 32));
    }
}
