// SPDX-License-Identifier: Apache-2.0
//! The file as a container.

use std::vec::Vec;

use super::builder::{File, words};
use super::samples::OTP_25;
use crate::beam_file::{ChunkId, Fault, Module, Part, ReadError};

const UNKNOWN: ChunkId = ChunkId(*b"Zzzz");

fn fault(bytes: Vec<u8>) -> Fault {
    match Module::read(bytes) {
        Err(ReadError::Corrupt(Part::Header, fault)) => fault,
        other => panic!("{other:?}"),
    }
}

/// A gzip file with a header of every optional field. The module is `sample` behind `gzip -9`.
fn gzip_with_fields(deflated: &[u8], tail: &[u8]) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 3, 0, 1, 2, 3];
    [&head[..], b"name\0comment\0\x12\x34", deflated, tail].concat()
}

/// A deflate stream that is not compressed.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let len = bytes.len() as u16;
    [&[1][..], &len.to_le_bytes(), &(!len).to_le_bytes(), bytes].concat()
}

/// The checksum bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}

fn tail(bytes: &[u8]) -> Vec<u8> {
    [crc32(bytes).to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat()
}

#[test]
fn chunks_come_in_any_order_and_unknown_ones_are_kept() {
    let mut file = File::from_bytes(OTP_25).and(UNKNOWN, b"12345".to_vec());
    let ids = file.ids();
    for id in &ids {
        let chunk = file.get(*id);
        file = file.without(*id).and(*id, chunk);
        let module = Module::read(file.build()).expect("an order");
        assert_eq!(module.name(), "sample");
        assert_eq!(module.chunk(UNKNOWN), Some(&b"12345"[..]));
        assert_eq!(module.chunks().count(), ids.len());
    }
}

#[test]
fn the_last_of_two_chunks_counts() {
    let file = File::new().and(ChunkId::STRINGS, b"last".to_vec());
    assert_eq!(Module::read(file.build()).expect("a module").strings(), b"last");
}

#[test]
fn an_empty_chunk_is_a_missing_one() {
    let module = Module::read(File::new().with(ChunkId::LOCALS, Vec::new()).build()).expect("a module");
    assert_eq!(module.chunk(ChunkId::LOCALS), None);
    let file = File::new().with(ChunkId::IMPORTS, Vec::new());
    assert_eq!(Module::read(file.build()).unwrap_err(), ReadError::Missing(Part::Imports));
}

#[test]
fn what_follows_the_form_is_ignored() {
    assert!(Module::read([OTP_25, b"anything"].concat()).is_ok());
}

#[test]
fn frames_are_checked() {
    let form = |body: &[u8]| [b"FOR1", &words(&[body.len() as u32])[..], body].concat();
    let chunk = |len: u32| form(&[b"BEAMZzzz", &words(&[len])[..]].concat());
    assert_eq!(fault(Vec::new()), Fault::Truncated { wanted: 4, left: 0 });
    assert_eq!(fault(b"FOR2".to_vec()), Fault::NoForm);
    assert_eq!(fault(b"FOR1\0\0\0\x05BEAM".to_vec()), Fault::Truncated { wanted: 5, left: 4 });
    assert_eq!(fault(form(b"BEEM")), Fault::NotBeam);
    assert_eq!(fault(form(b"BEAMZzz")), Fault::Truncated { wanted: 4, left: 3 });
    assert_eq!(fault(chunk(1)), Fault::Truncated { wanted: 1, left: 0 });
    assert_eq!(fault(chunk(u32::MAX)), Fault::Truncated { wanted: u32::MAX as usize, left: 0 });
    assert_eq!(fault(form(b"BEAMZzzz\0\0\0\x01.")), Fault::Truncated { wanted: 3, left: 0 });
}

#[test]
fn gzip_is_expanded() {
    let stream = deflated(OTP_25);
    let module = Module::read(gzip_with_fields(&stream, &tail(OTP_25))).expect("a gzip file");
    assert_eq!(module.bytes(), OTP_25);
    // Two members, as `cat a.gz b.gz` makes them.
    let (first, second) = OTP_25.split_at(100);
    let member = |bytes| gzip_with_fields(&deflated(bytes), &tail(bytes));
    let module = Module::read([member(first), member(second)].concat()).expect("two members");
    assert_eq!(module.bytes(), OTP_25);
}

#[test]
fn damaged_gzip_is_refused() {
    let whole = gzip_with_fields(&deflated(OTP_25), &tail(OTP_25));
    for len in 2..whole.len() {
        assert!(
            matches!(fault(whole[..len].to_vec()), Fault::Truncated { .. } | Fault::Compression),
            "{len}"
        );
    }
    assert_eq!(fault(gzip_with_fields(&deflated(OTP_25), &tail(b"else"))), Fault::Checksum);
    assert_eq!(fault([&whole[..], b"rubbish"].concat()), Fault::Compression);
    assert_eq!(fault(gzip_with_fields(&[7], &[])), Fault::Compression);
}
