// SPDX-License-Identifier: Apache-2.0
//! For all inputs: what is written is read again, and nothing panics.

use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::builder::{File, compact, compact_bytes};
use super::samples::ALL;
use crate::beam_file::compact::{Compact, Tag, Value};
use crate::beam_file::reader::Reader;
use crate::beam_file::{ChunkId, Module, Operand, disassemble};

/// Reads a file and goes through all that it says.
fn exercise(bytes: &[u8]) {
    let Ok(module) = Module::open(bytes.to_vec()) else {
        assert!(Module::read(bytes.to_vec()).is_err());
        return;
    };
    let mut text = Vec::new();
    let _ = std::io::Write::write_fmt(&mut text, format_args!("{}", disassemble(&module)));
    let (mut code, integers) = (module.code(), module.code());
    let mut is_whole = true;
    loop {
        match code.next() {
            Ok(None) => break,
            Ok(Some(instruction)) => {
                for operand in instruction.operands().iter().chain(instruction.list()) {
                    match *operand {
                        Operand::BigInteger(span) => assert!(integers.big_integer(span).len() > 8),
                        Operand::Atom(atom) => assert!(module.atoms().get(atom).is_some()),
                        Operand::Literal(index) => {
                            assert_eq!(module.literals().get(index).map(|term| term[0]), Some(131))
                        }
                        _ => {}
                    }
                }
            }
            Err(_) => is_whole = false,
        }
    }
    assert!(is_whole || Module::read(bytes.to_vec()).is_err());
}

proptest! {
    #[test]
    fn compact_terms_are_read_as_they_are_written(tag in 0..8_u8, value in any::<i64>(), shift in 0..64) {
        let value: i64 = value >> shift;
        let value: i64 = if tag == 1 { value } else { value & i64::MAX };
        let bytes = compact(tag, value.into());
        let mut reader = Reader::new(&bytes);
        // What is not an integer has no sign, so that eight bytes are enough for each.
        let wanted = Compact { tag: Tag::ALL[usize::from(tag)], value: Value::Small(value) };
        prop_assert_eq!(Compact::read(&mut reader), Ok(wanted));
        prop_assert!(reader.is_at_end());
    }

    #[test]
    fn long_compact_terms_are_read_as_they_are_written(tag in 0..8_u8, bytes in vec(any::<u8>(), 9..4000)) {
        let written = compact_bytes(tag, &bytes);
        let mut reader = Reader::new(&written);
        let Ok(Compact { tag: found, value: Value::Large(span) }) = Compact::read(&mut reader) else {
            panic!("not read");
        };
        prop_assert_eq!(found, Tag::ALL[usize::from(tag)]);
        prop_assert_eq!(span.of(&written), Some(&bytes[..]));
        prop_assert!(reader.is_at_end());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
        exercise(&[b"FOR1\0\0\0\x40BEAM", &bytes[..]].concat());
        exercise(&[&[0x1f, 0x8b, 8, 0], &bytes[..]].concat());
    }

    #[test]
    fn any_chunk_is_read_or_refused(
        which in any::<Index>(),
        sample in 0..ALL.len(),
        bytes in vec(any::<u8>(), 0..64),
    ) {
        let file = File::from_bytes(ALL[sample]);
        let ids = file.ids();
        exercise(&file.with(ids[which.index(ids.len())], bytes).build());
    }

    #[test]
    fn any_instructions_are_read_or_refused(bytes in vec(any::<u8>(), 0..64)) {
        exercise(&File::new().with_body(&bytes).build());
    }

    #[test]
    fn damaged_files_are_read_or_refused(
        sample in 0..ALL.len(),
        changes in vec((any::<Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = ALL[sample].to_vec();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        exercise(&bytes);
    }

    #[test]
    fn damaged_chunks_are_read_or_refused(
        sample in 0..ALL.len(),
        which in any::<Index>(),
        at in any::<Index>(),
        bits in 1..=u8::MAX,
    ) {
        let file = File::from_bytes(ALL[sample]);
        let parsed: Vec<ChunkId> = file.ids().into_iter().filter(|id| *id != ChunkId::DEBUG_INFO).collect();
        let file = file.map(parsed[which.index(parsed.len())], |mut chunk| {
            let at = at.index(chunk.len());
            chunk[at] ^= bits;
            chunk
        });
        exercise(&file.build());
    }
}
