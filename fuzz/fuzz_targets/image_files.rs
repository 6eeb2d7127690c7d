// SPDX-License-Identifier: Apache-2.0
//! Arbitrary bytes as the file table and as the start of an image.
//!
//! Whatever is accepted must be a tree: each entry is found at its path, is in its folder, and its bytes lie inside.
#![no_main]

use image::files::FileTable;
use image::start::Start;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = FileTable::parse(bytes) {
        assert_eq!(table.iter().count(), table.len());
        let mut children = 1;
        for entry in table.iter() {
            assert_eq!(table.find(entry.path), Some(entry));
            assert!(entry.bytes.len() <= bytes.len());
            let _ = entry.verify();
            for child in table.children(entry.path) {
                assert_eq!(child.parent, entry.index);
                children += 1;
            }
        }
        assert_eq!(children, table.len(), "each entry but the root is in one folder");
    }
    if let Ok(start) = Start::parse(bytes) {
        assert!(start.environment().all(|(name, _)| !name.is_empty()));
    }
});
