// SPDX-License-Identifier: Apache-2.0
//! The chunks that are tables.

use std::string::{String, ToString};
use std::vec::Vec;

use super::builder::{File, LABELS, atoms, compact, stored, words};
use crate::beam_file::{ChunkId, Fault, Kinds, LineIndex, Module, Part, ReadError, Type, TypeIndex};

fn module(file: File) -> Module {
    Module::read(file.build()).expect("a module")
}

fn fault(file: File) -> (Part, Fault) {
    match Module::read(file.build()) {
        Err(ReadError::Corrupt(part, fault)) => (part, fault),
        other => panic!("{other:?}"),
    }
}

fn names(module: &Module) -> Vec<String> {
    module.atoms().iter().map(ToString::to_string).collect()
}

/// A chunk of atoms as from OTP 28 on.
fn long_atoms(names: &[&str]) -> Vec<u8> {
    let mut chunk = words(&[(names.len() as u32).wrapping_neg()]);
    for name in names {
        chunk.extend(compact(0, name.len() as i128));
        chunk.extend(name.bytes());
    }
    chunk
}

#[test]
fn atoms_have_up_to_255_characters() {
    let (longest, wide) = ("a".repeat(255), "€".repeat(255));
    let file = File::new().with(ChunkId::ATOMS, atoms(&["m", "", &longest]));
    assert_eq!(names(&module(file)), ["m", "", &longest]);
    let file = File::new().with(ChunkId::ATOMS, long_atoms(&["m", "sixteen bytes it", &wide]));
    assert_eq!(names(&module(file)), ["m", "sixteen bytes it", &wide]);
    let file = File::new().with(ChunkId::ATOMS, long_atoms(&["m", "f", &"ü".repeat(256)]));
    assert_eq!(fault(file), (Part::Atoms, Fault::LongAtom(256)));
}

#[test]
fn atoms_may_be_latin_1() {
    let file =
        File::new().without(ChunkId::ATOMS).with(ChunkId::LATIN1_ATOMS, b"\0\0\0\x02\x01m\x02f\xe9".to_vec());
    assert_eq!(names(&module(file)), ["m", "fé"]);
    let both = File::new().with(ChunkId::LATIN1_ATOMS, b"\0\0\0\x02\x01n\x01g".to_vec());
    assert_eq!(module(both).name(), "m");
}

#[test]
fn damaged_atoms_are_refused() {
    let fault = |chunk: &[u8]| fault(File::new().with(ChunkId::ATOMS, chunk.to_vec())).1;
    assert_eq!(fault(b"\0\0\0\0"), Fault::Empty);
    assert_eq!(fault(b"\0\0\0\x02\x01m"), Fault::Truncated { wanted: 1, left: 0 });
    assert_eq!(fault(b"\x7f\xff\xff\xff\x01m"), Fault::TooMany { count: 0x7fff_ffff, most: 2 });
    assert_eq!(fault(b"\x80\0\0\0\x10m"), Fault::TooMany { count: 0x8000_0000, most: 2 });
    assert_eq!(fault(b"\0\0\0\x01\x01\xff"), Fault::Encoding);
    assert_eq!(fault(b"\0\0\0\x01\x03\xed\xa0\x80"), Fault::Encoding);
    assert_eq!(fault(b"\xff\xff\xff\xff\x11m"), Fault::Tag(1));
}

#[test]
fn rows_of_functions_are_checked() {
    let imports =
        |row: [u32; 3]| fault(File::new().with(ChunkId::IMPORTS, words(&[&[1], &row[..]].concat())));
    assert_eq!(imports([0, 1, 0]), (Part::Imports, Fault::Atom(0)));
    assert_eq!(imports([1, 4, 0]), (Part::Imports, Fault::Atom(4)));
    assert_eq!(imports([1, 1, 256]), (Part::Imports, Fault::Arity(256)));
    let exports =
        |row: [u32; 3]| fault(File::new().with(ChunkId::EXPORTS, words(&[&[1], &row[..]].concat())));
    assert_eq!(exports([2, 0, 0]), (Part::Exports, Fault::Label(0)));
    assert_eq!(exports([2, 0, LABELS]), (Part::Exports, Fault::Label(LABELS.into())));
    let many = File::new().with(ChunkId::EXPORTS, words(&[u32::MAX, 2, 0, 2]));
    assert_eq!(fault(many), (Part::Exports, Fault::TooMany { count: u32::MAX, most: 1 }));
    let lambdas = |rows: &[u32]| fault(File::new().with(ChunkId::LAMBDAS, words(rows)));
    assert_eq!(lambdas(&[1, 2, 0, 2, 0, 1, 0]), (Part::Lambdas, Fault::FreeVariables(1)));
    assert_eq!(lambdas(&[1, 2, 0, 2, 0, 0, 0, 9]), (Part::Lambdas, Fault::Trailing(4)));
}

#[test]
fn damaged_locals_are_none() {
    let file = File::new().with(ChunkId::LOCALS, b"?".to_vec());
    assert_eq!(module(file).locals(), []);
}

#[test]
fn literals_are_compressed_or_not() {
    let table = [&words(&[2, 2])[..], &[131, 106], &words(&[3]), &[131, 97, 7]].concat();
    let compressed = [&words(&[table.len() as u32])[..], &stored(&table)].concat();
    let plain = [&words(&[0])[..], &table].concat();
    for chunk in [compressed, plain] {
        let module = module(File::new().with(ChunkId::LITERALS, chunk));
        assert!(module.literals().iter().eq([&[131, 106][..], &[131, 97, 7]]));
    }
}

#[test]
fn damaged_literals_are_refused() {
    let table = [&words(&[1, 2])[..], &[131, 106]].concat();
    let literals = |size: u32, stream: &[u8]| {
        fault(File::new().with(ChunkId::LITERALS, [&words(&[size])[..], stream].concat())).1
    };
    assert_eq!(literals(9, &stored(&table)), Fault::Expansion { most: 9 });
    assert_eq!(literals(10, &stored(&table)[..16]), Fault::Compression);
    assert_eq!(literals(10, b"no zlib stream"), Fault::Compression);
    let mut wrong_sum = stored(&table);
    *wrong_sum.last_mut().expect("a checksum") ^= 1;
    assert_eq!(literals(10, &wrong_sum), Fault::Compression);
    assert_eq!(literals(0, &words(&[u32::MAX])), Fault::TooMany { count: u32::MAX, most: 0 });
    assert_eq!(literals(0, &words(&[1, 3, 0])), Fault::LiteralFormat);
    assert_eq!(literals(0, &words(&[1, 0])), Fault::LiteralFormat);
    assert_eq!(literals(0, &words(&[1, 5, 0])), Fault::Truncated { wanted: 5, left: 4 });
}

/// A table with the flags 3, two instructions and these items and files.
fn lines(counts: [u32; 2], items: &[&[u8]], files: &[&str]) -> File {
    let mut chunk = words(&[0, 3, 2, counts[0], counts[1]]);
    chunk.extend(items.concat());
    for file in files {
        chunk.extend((file.len() as u16).to_be_bytes());
        chunk.extend(file.bytes());
    }
    File::new().with(ChunkId::LINES, chunk)
}

#[test]
fn lines_carry_their_file() {
    let items = [&compact(1, 7)[..], &compact(2, 1), &compact(1, 100_000), &compact(2, 0), &compact(1, 2047)];
    let module = module(lines([3, 1], &items, &["y.hrl"]));
    let lines = module.lines();
    assert_eq!((lines.flags(), lines.instructions(), lines.count(), lines.file_count()), (3, 2, 3, 1));
    let place = |index| {
        let line = lines.get(LineIndex::new(index)?)?;
        Some((line.file.and_then(|file| lines.file(file)), line.number))
    };
    let all: Vec<_> = (0..5).map(place).collect();
    assert_eq!(all, [None, Some((None, 7)), Some((Some("y.hrl"), 100_000)), Some((None, 2047)), None]);
}

#[test]
fn damaged_lines_are_refused_and_strange_ones_ignored() {
    let refused = |file| match fault(file) {
        (Part::Lines, fault) => fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(lines([1, 0], &[&[0]], &[])), Fault::Tag(0));
    assert_eq!(refused(lines([1, 0], &[&compact(2, 1)], &[])), Fault::File(1));
    assert_eq!(refused(lines([1, 0], &[&compact(1, -1)], &[])), Fault::LineNumber);
    assert_eq!(refused(lines([1, 0], &[&compact(1, 1 << 32)], &[])), Fault::LineNumber);
    assert_eq!(refused(lines([9, 0], &[&compact(1, 1)], &[])), Fault::TooMany { count: 9, most: 1 });
    assert_eq!(refused(lines([1, 1], &[&compact(1, 1)], &[])), Fault::TooMany { count: 1, most: 0 });
    let later = File::new().with(ChunkId::LINES, words(&[1, 2, 3]));
    assert!(!module(later).lines().is_present());
}

#[test]
fn types_of_all_versions_say_the_same() {
    let any_range = [0_i64.to_be_bytes(), (-1_i64).to_be_bytes()].concat();
    let range = [(-5_i64).to_be_bytes(), 9_i64.to_be_bytes()].concat();
    // A tuple, then an integer from -5 to 9.
    let versions: [(u32, Vec<u8>); 3] = [
        (1, [&[0x1f, 0xff][..], &any_range, &[0x10, 0], &any_range, &[0, 0x40], &range].concat()),
        (2, [&[0x1f, 0xff, 0x10, 0, 0x60, 0x40][..], &range].concat()),
        (3, [&[0x0f, 0xff, 0x08, 0, 0x30, 0x20][..], &range].concat()),
    ];
    for (version, types) in versions {
        let module = module(File::new().with(ChunkId::TYPES, [&words(&[version, 3])[..], &types].concat()));
        let get = |index| module.types().get(TypeIndex::new(index).expect("a number"));
        assert_eq!(module.types().count(), 3);
        assert_eq!(get(1), Some(Type { kinds: Kinds::TUPLE, least: None, most: None, unit: 1 }), "{version}");
        assert_eq!(get(2), Some(Type { kinds: Kinds::INTEGER, least: Some(-5), most: Some(9), unit: 1 }));
        assert_eq!(get(3), None);
    }
}

#[test]
fn damaged_types_are_refused_and_strange_ones_ignored() {
    let types = |version: u32, count: u32, types: &[u8]| {
        File::new().with(ChunkId::TYPES, [&words(&[version, count])[..], types].concat())
    };
    assert_eq!(fault(types(3, 1, &[0, 1])), (Part::Types, Fault::FirstType));
    assert_eq!(fault(types(3, 0, &[])), (Part::Types, Fault::FirstType));
    assert_eq!(fault(types(3, 2, &[15, 255])), (Part::Types, Fault::TooMany { count: 2, most: 1 }));
    assert_eq!(fault(types(3, 2, &[15, 255, 0, 0])), (Part::Types, Fault::TypeFormat(0)));
    assert_eq!(fault(types(3, 2, &[15, 255, 0x10, 1])), (Part::Types, Fault::TypeFormat(0x1001)));
    assert_eq!(fault(types(3, 2, &[15, 255, 0x10, 0x20])).1, Fault::Truncated { wanted: 8, left: 0 });
    let unit = module(types(3, 2, &[15, 255, 0x40, 2, 7]));
    assert_eq!(unit.types().get(TypeIndex::new(1).expect("a number")).map(|found| found.unit), Some(8));
    assert_eq!(module(types(4, 1, &[0x1f, 0xff])).types().count(), 0);
}
