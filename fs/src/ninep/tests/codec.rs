// SPDX-License-Identifier: Apache-2.0
//! Messages come out as they went in, and no bytes make one that is none.

use std::vec::Vec;

use proptest::prelude::*;

use crate::ninep::Malformed;
use crate::ninep::entries::{self, Entry};
use crate::ninep::field::Qid;
use crate::ninep::message::{HEADER, KINDS, Reply, Request};

/// Fields that are likely to be whole: bytes with short lengths before them.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..9),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| {
            let mut piece = (bytes.len() as u16).to_le_bytes().to_vec();
            piece.extend(bytes);
            piece
        }),
        (0u16..3).prop_map(|count| count.to_le_bytes().to_vec()),
        (0u32..20).prop_map(|count| count.to_le_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn message(kind: u8, tag: u16, fields: &[u8]) -> Vec<u8> {
    let size = (HEADER + fields.len()) as u32;
    [&size.to_le_bytes()[..], &[kind], &tag.to_le_bytes(), fields].concat()
}

proptest! {
    #[test]
    fn what_is_read_is_written_again(
        place in 0..KINDS.len(),
        is_error in any::<bool>(),
        tag in any::<u16>(),
        fields in fields(),
    ) {
        let kind = KINDS[place];
        let mut out = Vec::new();
        // Every beginning of the fields, so that most kinds of messages are met.
        for end in 0..=fields.len() {
            let question = message(kind, tag, &fields[..end]);
            if let Ok((its_tag, request)) = Request::decode(&question) {
                prop_assert_eq!((its_tag, request.kind()), (tag, kind));
                request.encode(tag, &mut out);
                prop_assert_eq!(&out, &question);
            }
            let answer = message(if is_error { 7 } else { kind + 1 }, tag, &fields[..end]);
            if let Ok(reply) = Reply::decode(&answer, kind, tag) {
                prop_assert_eq!(reply.kind(), answer[4]);
                reply.encode(tag, &mut out);
                prop_assert_eq!(&out, &answer);
                prop_assert_eq!(Reply::decode(&answer, kind, tag ^ 1), Err(Malformed::Tag));
            }
            if let Ok(entries) = entries::decode(&fields[..end]) {
                out.clear();
                prop_assert!(entries.iter().all(|entry| entries::encode(entry, &mut out, usize::MAX)));
                prop_assert_eq!(&out[..], &fields[..end]);
            }
        }
    }
}

#[test]
fn an_attach_is_what_the_protocol_says() {
    let mut out = Vec::new();
    let request = Request::Attach {
        fid: crate::ninep::field::Fid(0),
        afid: crate::ninep::field::NOFID,
        uname: b"root",
        aname: b"/x",
        n_uname: 7,
    };
    request.encode(1, &mut out);
    let wanted = b"\x1d\0\0\0\x68\x01\0\0\0\0\0\xff\xff\xff\xff\x04\0root\x02\0/x\x07\0\0\0";
    assert_eq!(out, wanted);
}

#[test]
fn an_answer_fits_its_question() {
    let walked = message(111, 3, b"\x01\0\x80\0\0\0\0\x05\0\0\0\0\0\0\0");
    assert!(Reply::decode(&walked, 110, 3).is_ok());
    assert_eq!(Reply::decode(&walked, 116, 3), Err(Malformed::Kind));
    assert_eq!(Reply::decode(&walked[..walked.len() - 1], 110, 3), Err(Malformed::Size));
    assert_eq!(Reply::decode(&message(111, 3, b"\x11\0"), 110, 3), Err(Malformed::Walk));
    assert_eq!(Reply::decode(&message(121, 3, b"\0"), 120, 3), Err(Malformed::Long));
    assert_eq!(Reply::decode(&message(117, 3, b"\xff\xff\xff\xff"), 116, 3), Err(Malformed::Short));
}

#[test]
fn names_are_names() {
    let qid = Qid { kind: 0, version: 0, path: 0 };
    for name in [&b""[..], b"a/b", b"a\0", &[b'x'; 256]] {
        let mut out = Vec::new();
        let entry = Entry { qid, next: 1, kind: 0, name: name.to_vec() };
        assert!(entries::encode(&entry, &mut out, usize::MAX));
        assert_eq!(entries::decode(&out), Err(Malformed::Name), "{name:?}");
    }
}
