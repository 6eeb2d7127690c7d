// SPDX-License-Identifier: Apache-2.0
//! Tests of the reader of ELF needs, on a file built by hand, on this test program, and on torn files.

use proptest::prelude::*;

use super::*;

/// One PT_LOAD over the whole file at address 0x1000, one PT_DYNAMIC with the given libraries, one PT_INTERP.
fn library(names: &[&str]) -> Vec<u8> {
    let headers = 64 + 3 * 56;
    let strings = headers;
    let mut table = b"\0/lib64/ld.so\0".to_vec();
    let offsets: Vec<_> = names
        .iter()
        .map(|name| {
            let at = table.len() as u64;
            table.extend(name.bytes().chain([0]));
            at
        })
        .collect();
    let dynamic = strings + table.len();
    let mut entries: Vec<(u64, u64)> = offsets.into_iter().map(|o| (DT_NEEDED, o)).collect();
    entries.extend([(DT_STRTAB, 0x1000 + strings as u64), (DT_NULL, 0), (DT_NEEDED, 1)]);
    let length = dynamic + entries.len() * 16;

    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(64, 0);
    file[32..40].copy_from_slice(&64u64.to_le_bytes());
    file[54..56].copy_from_slice(&56u16.to_le_bytes());
    file[56..58].copy_from_slice(&3u16.to_le_bytes());
    for (kind, offset, size) in
        [(PT_LOAD, 0, length), (PT_DYNAMIC, dynamic, entries.len() * 16), (PT_INTERP, strings + 1, 13)]
    {
        let fields = [u64::from(kind), offset as u64, 0x1000 + offset as u64, 0, size as u64, size as u64, 0];
        file.extend(fields.iter().flat_map(|f| f.to_le_bytes()));
    }
    file.extend(table);
    file.extend(entries.iter().flat_map(|(tag, value)| [tag.to_le_bytes(), value.to_le_bytes()].concat()));
    file
}

#[test]
fn libraries_and_interpreter_are_read_up_to_the_null_entry() {
    let needs = needs(&library(&["libxenlight.so.4.17", "libc.so.6"])).unwrap();
    assert_eq!(needs.interpreter.as_deref(), Some("/lib64/ld.so"));
    assert_eq!(needs.libraries, ["libxenlight.so.4.17", "libc.so.6"]);
}

#[test]
fn this_program_needs_the_c_library() {
    let file = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(needs(&file).unwrap().libraries.iter().any(|l| l.starts_with("libc.so")));
}

#[test]
fn other_files_are_refused() {
    assert_eq!(needs(b"#!/bin/sh\n"), Err("not an ELF file"));
    assert_eq!(needs(b"\x7fELF\x01\x01"), Err("not a 64-bit little-endian ELF file"));
}

proptest! {
    #[test]
    fn damage_is_an_error_or_a_result_and_never_a_panic(
        cut in 0usize..400,
        position in 0usize..400,
        value: u8,
    ) {
        let mut file = library(&["liba.so", "libb.so"]);
        let length = file.len();
        file[position % length] = value;
        file.truncate(cut);
        let _ = needs(&file);
    }
}
