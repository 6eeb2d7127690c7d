// SPDX-License-Identifier: Apache-2.0
//! What Erlang sees of atoms, with the values that `erl` of OTP 25 gives, and the promises of the table.

mod benchmark;
mod model;
mod printing;

use core::cmp::Ordering;
use std::collections::BTreeSet;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::{Atom, AtomError, AtomLimit, AtomTable, MAX_BYTES, predefined};

fn table() -> AtomTable {
    AtomTable::new(AtomLimit::DEFAULT)
}

#[test]
fn a_text_has_one_atom() {
    let mut table = table();
    let atom = table.insert("voxoz").unwrap();
    assert_eq!(table.insert("voxoz"), Ok(atom));
    assert_eq!(table.insert_utf8(b"voxoz"), Ok(atom));
    assert_eq!(table.insert_latin1(b"voxoz"), Ok(atom));
    assert_ne!(table.insert("Voxoz"), Ok(atom));
    assert_eq!(table.text(atom), "voxoz");
    assert_eq!(table.get(atom.index()), Some(atom));
    assert_eq!(table.get(table.count()), None);
}

#[test]
fn looking_up_makes_no_atom() {
    let mut table = table();
    let count = table.count();
    assert_eq!(table.find("voxoz"), None);
    assert_eq!(table.find_utf8(b"voxoz"), None);
    assert_eq!(table.find_utf8(b"\xff"), None);
    assert_eq!(table.find_latin1(b"\xe9"), None);
    assert_eq!(table.find(&"a".repeat(256)), None);
    assert_eq!(table.count(), count);
    let atom = table.insert("é").unwrap();
    assert_eq!(table.find("é"), Some(atom));
    assert_eq!(table.find_utf8(b"\xc3\xa9"), Some(atom));
    assert_eq!(table.find_latin1(b"\xe9"), Some(atom));
}

#[test]
fn latin1_bytes_are_characters() {
    let mut table = table();
    let all: Vec<u8> = (1..=255).collect();
    let atom = table.insert_latin1(&all).unwrap();
    assert!(table.text(atom).chars().map(u32::from).eq(1..=255));
    assert_eq!(table.characters(atom), 255);
    assert!(table.is_latin1(atom));
}

#[test]
fn the_characters_decide_whether_an_atom_is_latin1() {
    let mut table = table();
    for (text, expected) in
        [("", true), ("abc", true), ("\0", true), ("ÿ", true), ("Ā", false), ("aé日", false), ("😀", false)]
    {
        let atom = table.insert(text).unwrap();
        assert_eq!(table.is_latin1(atom), expected, "{text}");
    }
}

/// `list_to_atom(lists:duplicate(255, $a))` and so on: 255 characters of any size are an atom, 256 are `system_limit`.
#[test]
fn the_limit_is_255_characters() {
    let mut table = table();
    for character in ["a", "\u{e9}", "\u{65e5}", "\u{1f600}"] {
        let longest = character.repeat(255);
        let atom = table.insert(&longest).unwrap();
        assert_eq!(table.text(atom), longest);
        assert_eq!(table.insert(&character.repeat(256)), Err(AtomError::TooLong));
        assert_eq!(table.insert_utf8(character.repeat(256).as_bytes()), Err(AtomError::TooLong));
    }
    assert_eq!("\u{1f600}".repeat(255).len(), MAX_BYTES);
    assert!(table.insert_latin1(&[255; 255]).is_ok());
    assert_eq!(table.insert_latin1(&[255; 256]), Err(AtomError::TooLong));
}

/// `binary_to_atom(Bytes)`: `badarg` where `Malformed` is expected here, `system_limit` for `TooLong`.
#[test]
fn what_comes_first_decides_between_malformed_and_too_long() {
    let mut table = table();
    let text = |ascii: usize, bad_at: usize| {
        let mut bytes = [b'a'].repeat(ascii);
        bytes.insert(bad_at, 255);
        bytes
    };
    for (bytes, expected) in [
        (b"\xff".to_vec(), AtomError::Malformed),
        (b"a\xc3".to_vec(), AtomError::Malformed),
        (b"\xc0\x80".to_vec(), AtomError::Malformed),
        (b"\xed\xa0\x80".to_vec(), AtomError::Malformed),
        (text(200, 200), AtomError::Malformed),
        (text(254, 254), AtomError::Malformed),
        (text(255, 255), AtomError::TooLong),
        (text(256, 256), AtomError::TooLong),
        (text(256, 0), AtomError::Malformed),
        (text(1020, 0), AtomError::TooLong),
    ] {
        assert_eq!(table.insert_utf8(&bytes), Err(expected), "{} bytes", bytes.len());
    }
    for noncharacter in ["\u{fffe}", "\u{ffff}", "\u{10ffff}", "\0"] {
        assert!(table.insert_utf8(noncharacter.as_bytes()).is_ok());
    }
}

/// `erlang:phash(Atom, 1 bsl 32) - 1`; `erlang:phash2(Atom)` is the same modulo 2²⁷.
#[test]
fn the_hash_is_that_of_otp() {
    let mut table = table();
    for (text, expected) in [
        ("", 0),
        ("\0", 0),
        ("a", 97),
        ("ab", 1650),
        ("abc", 26499),
        ("a\0", 1552),
        ("ok", 1883),
        ("undefined", 180_132_084),
        ("åäö", 62518),
        ("ÿ", 255),
        ("é", 233),
        ("日本", 251_805_804),
        ("😀", 1_026_304),
        ("Àb", 3170),
        ("x÷", 2167),
        ("hello world", 18_131_988),
        ("ÂÂ", 3298),
        ("Ā", 3264),
        (&"z".repeat(255), 89_015_050),
        (&"é".repeat(255), 38_766_825),
        (&"😀".repeat(255), 237_435_840),
    ] {
        let atom = table.insert(text).unwrap();
        assert_eq!(table.hash(atom), expected, "{text}");
    }
}

/// `lists:sort` of some of these, and of 11152 random ones on `erl`, is the order by the bytes of the text.
#[test]
fn the_order_is_that_of_the_characters() {
    let sorted = [
        "",
        "\0",
        "\0\0",
        "A",
        "AA",
        "a",
        "a\0",
        "a\0\0\0\0",
        "aaaA",
        "aaaB",
        "aaaa",
        "aaaaa",
        "aaab",
        "ab",
        "b",
        "\u{7f}",
        "\u{80}",
        "é",
        "ÿ",
        "Ā",
        "\u{7ff}",
        "\u{800}",
        "\u{ffff}",
        "\u{10000}",
        "\u{10ffff}",
    ];
    let mut table = table();
    let atoms: Vec<Atom> = sorted.iter().rev().map(|text| table.insert(text).unwrap()).rev().collect();
    for (i, left) in atoms.iter().enumerate() {
        for (j, right) in atoms.iter().enumerate() {
            assert_eq!(table.compare(*left, *right), i.cmp(&j), "{:?} and {:?}", sorted[i], sorted[j]);
        }
    }
    assert_eq!(table.compare(predefined::OK, predefined::ERROR), Ordering::Greater);
}

/// `erl +t 8191` and `erl +t 2147483648` are refused.
#[test]
fn the_limits_of_the_limit_are_those_of_otp() {
    assert_eq!(AtomLimit::new(8191), None);
    assert_eq!(AtomLimit::new(8192), Some(AtomLimit::MIN));
    assert_eq!(AtomLimit::new(2_147_483_647), Some(AtomLimit::MAX));
    assert_eq!(AtomLimit::new(2_147_483_648), None);
    assert_eq!(AtomLimit::default().get(), 1_048_576);
}

#[test]
fn a_full_table_takes_no_new_text() {
    let mut table = AtomTable::new(AtomLimit::MIN);
    let missing = AtomLimit::MIN.get() - table.count();
    for number in 0..missing {
        table.insert(&format!("atom {number}")).unwrap();
    }
    assert_eq!(table.count(), 8192);
    assert_eq!(table.insert("one more"), Err(AtomError::TableFull { limit: 8192 }));
    assert_eq!(table.find("one more"), None);
    assert_eq!(table.insert("ok"), Ok(predefined::OK));
    assert_eq!(table.count(), 8192);
}

#[test]
fn every_text_is_predefined_once_and_in_order() {
    let texts = predefined::TEXTS;
    assert!(texts.is_sorted_by(|left, right| left < right), "{:?}", {
        let unsorted = texts.windows(2).filter(|pair| pair[0] >= pair[1]);
        unsorted.collect::<Vec<_>>()
    });
    assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len());
}

#[test]
fn a_new_table_holds_the_predefined_atoms_at_their_indices() {
    let table = table();
    assert_eq!(table.count() as usize, predefined::TEXTS.len());
    for (index, text) in (0..).zip(predefined::TEXTS) {
        assert_eq!(table.find(text), Some(Atom::from_index(index)));
        assert_eq!(table.text(Atom::from_index(index)), *text);
    }
    for (atom, text) in [
        (predefined::NO_TEXT, ""),
        (predefined::EXACTLY_EQUAL, "=:="),
        (predefined::UPPER_EXIT, "EXIT"),
        (predefined::EXIT, "exit"),
        (predefined::BADARG, "badarg"),
        (predefined::FUNCTION_CLAUSE, "function_clause"),
        (predefined::NONODE_AT_NOHOST, "nonode@nohost"),
        (predefined::ZLIB, "zlib"),
    ] {
        assert_eq!(table.find(text), Some(atom));
    }
}

/// `erlang:pre_loaded()`.
#[test]
fn the_preloaded_modules_are_predefined() {
    let modules = "persistent_term counters atomics erts_dirty_process_signal_handler erts_literal_area_collector erl_tracer \
        erts_internal erlang erl_prim_loader prim_zip prim_net prim_socket socket_registry zlib prim_file prim_inet prim_eval \
        prim_buffer init erl_init erts_code_purger";
    let missing: Vec<&str> =
        modules.split(' ').filter(|module| !predefined::TEXTS.contains(module)).collect();
    assert_eq!(modules.split(' ').count(), 21);
    assert_eq!(missing, [""; 0]);
}

#[test]
fn memory_grows_with_the_texts_and_covers_what_is_used() {
    let mut table = table();
    let before = table.memory();
    assert!(before.used <= before.total);
    for number in 0..10_000 {
        table.insert(&format!("an atom of some length {number:05}")).unwrap();
    }
    let after = table.memory();
    assert!(after.used <= after.total);
    assert!(after.used - before.used >= 10_000 * "an atom of some length 00000".len());
}

#[test]
fn errors_say_what_and_the_limit() {
    let text = |error: AtomError| -> String { format!("{error}") };
    assert_eq!(text(AtomError::TooLong), "the text of an atom is longer than 255 characters");
    assert_eq!(text(AtomError::Malformed), "the text of an atom is not UTF-8");
    assert_eq!(text(AtomError::TableFull { limit: 8192 }), "the atom table is full: it has 8192 atoms");
}
