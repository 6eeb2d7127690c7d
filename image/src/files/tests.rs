// SPDX-License-Identifier: Apache-2.0
//! Tests of the file table: round trips, one specific error for each kind of damage, and no panic on any bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::{BuildError, ENTRY_LENGTH, EntryIndex, FileTable, FilesBuilder, FilesError, HEADER_LENGTH, Kind};

fn sample() -> Vec<u8> {
    let mut files = FilesBuilder::new(0);
    files.file(b"/app/lib/b.beam", 0o644, 7, b"FOR1".to_vec()).unwrap();
    files.file(b"/app/lib-x", 0o755, -1, b"FOR1".to_vec()).unwrap();
    files.link(b"/app/lib/a", 0, b"b.beam").unwrap();
    files.folder(b"/app", 0o700, 9).unwrap();
    files.folder(b"/tmp", 0o1777, 0).unwrap();
    files.build().unwrap()
}

/// Where a field of an entry is.
fn field(index: usize, offset: usize) -> usize {
    HEADER_LENGTH + index * ENTRY_LENGTH + offset
}

fn damaged(offset: usize, value: &[u8]) -> FilesError {
    let mut bytes = sample();
    bytes[offset..offset + value.len()].copy_from_slice(value);
    FileTable::parse(&bytes).expect_err("a damaged table was taken")
}

#[test]
fn files_come_back() {
    let bytes = sample();
    let table = FileTable::parse(&bytes).unwrap();
    let paths: Vec<_> = table.iter().map(|entry| String::from_utf8(entry.path.to_vec()).unwrap()).collect();
    assert_eq!(paths, ["/", "/app", "/tmp", "/app/lib", "/app/lib-x", "/app/lib/a", "/app/lib/b.beam"]);
    let beam = table.find(b"/app/lib/b.beam").unwrap();
    assert_eq!((beam.kind, beam.mode, beam.modified, beam.bytes), (Kind::File, 0o644, 7, &b"FOR1"[..]));
    assert_eq!((beam.name(), table.at(beam.parent).unwrap().path), (&b"b.beam"[..], &b"/app/lib"[..]));
    let link = table.find(b"/app/lib/a").unwrap();
    assert_eq!((link.kind, link.bytes), (Kind::Link, &b"b.beam"[..]));
    let folder = table.find(b"/app").unwrap();
    assert_eq!((folder.kind, folder.mode, folder.modified, folder.bytes.len()), (Kind::Folder, 0o700, 9, 0));
    let other = table.find(b"/app/lib-x").unwrap();
    assert_eq!(
        (other.modified, other.bytes.as_ptr()),
        (-1, beam.bytes.as_ptr()),
        "equal contents are there once"
    );
    let names: Vec<_> = table.children(b"/app").map(|entry| entry.name()).collect();
    assert_eq!(names, [&b"lib"[..], b"lib-x"]);
    assert_eq!(table.children(b"/tmp").count() + table.children(b"/app/lib-x").count(), 0);
    for path in [&b""[..], b"app", b"/ap", b"/app/", b"//app", b"/app/lib/b.beam/x", b"/app/lib/a/x"] {
        assert_eq!(table.find(path), None, "{path:?}");
    }
    assert_eq!(table.find(b"/").unwrap().index, EntryIndex::ROOT);
    assert!(table.iter().all(|entry| entry.verify().is_ok()));
}

#[test]
fn what_cannot_be_added_is_refused() {
    let mut files = FilesBuilder::new(0);
    files.file(b"/a", 0, 0, Vec::new()).unwrap();
    assert_eq!(files.file(b"/a", 0, 0, Vec::new()), Err(BuildError::Exists("/a".into())));
    assert_eq!(files.file(b"/a/b", 0, 0, Vec::new()), Err(BuildError::NotAFolder("/a/b".into())));
    assert_eq!(files.folder(b"/a", 0, 0), Err(BuildError::Exists("/a".into())));
    let long = [&b"/"[..], &[b'n'; 256]].concat();
    for path in [&b"b"[..], b"/b/", b"/b//c", b"/b/./c", b"/../b", b"/b\0", &long] {
        assert!(matches!(files.file(path, 0, 0, Vec::new()), Err(BuildError::Path(_))), "{path:?}");
    }
}

#[test]
fn damage_is_named() {
    let bytes = sample();
    let total = bytes.len() as u64;
    assert_eq!(FileTable::parse(&[]).unwrap_err(), FilesError::TooShort { needed: 16, found: 0 });
    let cut = FileTable::parse(&bytes[..100]).unwrap_err();
    assert!(matches!(cut, FilesError::TooShort { found: 100, .. }));
    assert_eq!(FileTable::parse(&[0; 16]).unwrap_err(), FilesError::NoRoot);
    assert_eq!(damaged(8, &[1]), FilesError::Reserved { index: None });
    assert_eq!(damaged(field(0, 6), &[1]), FilesError::NoRoot);
    assert_eq!(damaged(field(1, 7), &[1]), FilesError::Reserved { index: Some(1) });
    assert_eq!(damaged(field(1, 6), &[9]), FilesError::Kind { index: 1, found: 9 });
    assert_eq!(damaged(field(1, 9), &[0x10]), FilesError::Mode { index: 1, mode: 0o10300 });
    assert_eq!(damaged(field(3, 0), &[255; 4]), FilesError::Path { index: 3 });
    assert_eq!(damaged(field(3, 4), &[4]), FilesError::Path { index: 3 });
    assert_eq!(damaged(field(3, 12), &[3]), FilesError::Parent { index: 3, parent: 3 });
    assert_eq!(damaged(field(3, 12), &[0]), FilesError::Parent { index: 3, parent: 0 });
    assert_eq!(damaged(field(1, 24), &[4]), FilesError::Children { index: 1 });
    assert_eq!(damaged(field(3, 32), &[255; 8]), FilesError::Children { index: 3 });
    assert_eq!(damaged(field(3, 32), &[1]), FilesError::Parent { index: 6, parent: 3 });
    let wrong = FilesError::Range { index: 6, start: 0, length: 4, total };
    assert_eq!(damaged(field(6, 24), &[0; 8]), wrong);
    let long = damaged(field(6, 32), &[255; 8]);
    assert!(matches!(long, FilesError::Range { index: 6, length: u64::MAX, .. }), "{long}");
    let mut swapped = bytes.clone();
    let (one, other) = (field(5, 0), field(6, 0));
    for offset in 0..ENTRY_LENGTH {
        swapped.swap(one + offset, other + offset);
    }
    assert_eq!(FileTable::parse(&swapped).unwrap_err(), FilesError::Order { index: 6 });
    let mut bytes = bytes;
    *bytes.last_mut().unwrap() ^= 1;
    let table = FileTable::parse(&bytes).expect("contents are not read");
    assert!(table.iter().any(|entry| matches!(entry.verify(), Err(FilesError::Checksum { .. }))));
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(Vec::from([&b"a"[..], b"a-", b"a.b", b"ab", b"b", b"\xFF"]));
    prop::collection::vec(name, 1..5)
        .prop_map(|names| names.iter().flat_map(|name| [b"/", *name].concat()).collect())
}

proptest! {
    #[test]
    fn any_files_come_back(
        files in prop::collection::vec((path(), prop::collection::vec(any::<u8>(), 0..20)), 0..40),
        rotated in 0usize..40,
    ) {
        let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut folders: BTreeSet<Vec<u8>> = BTreeSet::from([b"/".to_vec()]);
        let mut builder = FilesBuilder::new(3);
        for (path, bytes) in &files {
            if builder.file(path, 0o644, 5, bytes.clone()).is_ok() {
                model.insert(path.clone(), bytes.clone());
                let slashes = path.iter().enumerate().skip(1).filter(|(_, byte)| **byte == b'/');
                folders.extend(slashes.map(|(end, _)| path[..end].to_vec()));
            }
        }
        let bytes = builder.build().unwrap();
        let table = FileTable::parse(&bytes).unwrap();
        // A file that was refused may have left folders on its way.
        prop_assert!(table.len() >= model.len() + folders.len());
        for (path, bytes) in &model {
            let entry = table.find(path).unwrap();
            prop_assert_eq!((entry.bytes, entry.kind, entry.verify()), (&bytes[..], Kind::File, Ok(())));
        }
        for folder in &folders {
            let prefix = if folder == b"/" { Vec::new() } else { folder.clone() };
            let direct = |path: &&Vec<u8>| {
                path.strip_prefix(&prefix[..])
                    .and_then(|rest| rest.strip_prefix(b"/"))
                    .is_some_and(|name| !name.is_empty() && !name.contains(&b'/'))
            };
            let expected: BTreeSet<_> = model.keys().chain(&folders).filter(direct).cloned().collect();
            let found: Vec<_> = table.children(folder).map(|entry| entry.path.to_vec()).collect();
            prop_assert!(found.is_sorted());
            prop_assert!(expected.is_subset(&found.into_iter().collect()));
        }
        let mut order: Vec<_> = model.iter().collect();
        let middle = rotated.min(order.len());
        let mut built = Vec::new();
        for _ in 0..2 {
            let mut builder = FilesBuilder::new(3);
            for (path, bytes) in &order {
                builder.file(path, 0o644, 5, bytes.to_vec()).unwrap();
            }
            built.push(builder.build().unwrap());
            order.rotate_left(middle);
        }
        prop_assert_eq!(&built[0], &built[1], "bytes depend on the files alone");
    }

    #[test]
    fn no_table_makes_it_panic(changes in prop::collection::vec((0usize..400, any::<u8>()), 1..6)) {
        let mut bytes = sample();
        for (position, value) in changes {
            let position = position % bytes.len();
            bytes[position] = value;
        }
        if let Ok(table) = FileTable::parse(&bytes) {
            for entry in table.iter() {
                prop_assert_eq!(table.find(entry.path).map(|found| found.index), Some(entry.index));
                let _ = entry.verify();
                for child in table.children(entry.path) {
                    prop_assert_eq!(child.parent, entry.index);
                }
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = FileTable::parse(&bytes);
    }
}
