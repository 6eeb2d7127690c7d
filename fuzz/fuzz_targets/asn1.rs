// SPDX-License-Identifier: Apache-2.0
//! Bytes that claim to be a value of ASN.1's encoding rules, or commands that make one.
#![no_main]

use beam_vm::asn1::{BerReader, BerWriter, PerWriter};
use beam_vm::heap::Fragment;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut heap = Fragment::default();
    let mut reader = BerReader::default();
    if let Ok(Some(term)) = reader.run(bytes, &mut heap, &mut { usize::MAX }) {
        let element = term.as_tuple().expect("an element and the rest").elements()[0];
        let mut writer = BerWriter::new(element);
        assert_eq!(writer.run(&mut { usize::MAX }), Ok(true));
    }
    let _ = PerWriter::default().run(bytes, &mut { usize::MAX });
});
