// SPDX-License-Identifier: Apache-2.0
//! What a packet is does not depend on how its bytes come.

use std::vec::Vec;

use proptest::prelude::*;

use super::{Content, Field, Limits, Line, Malformed, Next, Packet, Text, Uri};
use crate::atom::predefined;

const ALL: [Packet; 15] = [
    Packet::Raw,
    Packet::One,
    Packet::Two,
    Packet::Four,
    Packet::Asn1,
    Packet::SunRm,
    Packet::Cdr,
    Packet::Fcgi,
    Packet::Line,
    Packet::Tpkt,
    Packet::Http(Text::List),
    Packet::HttpHeader(Text::List),
    Packet::Http(Text::Binary),
    Packet::HttpHeader(Text::Binary),
    Packet::Tls,
];

fn length(packet: Packet, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    packet.length(bytes, &Limits::default(), &mut Next::Start)
}

#[test]
fn a_length_is_known_when_its_header_is_there() {
    assert_eq!(length(Packet::Two, &[1]), Ok(None));
    assert_eq!(length(Packet::Two, &[1, 0]), Ok(Some(258)));
    assert_eq!(length(Packet::SunRm, &[0x80, 0, 0, 3]), Ok(Some(7)));
    assert_eq!(length(Packet::Four, &[0x80, 0, 0, 3]), Err(Malformed));
    assert_eq!(length(Packet::Asn1, &[0x30, 0x82, 1]), Ok(None));
    assert_eq!(length(Packet::Asn1, &[0x30, 0x82, 1, 0]), Ok(Some(260)));
    assert_eq!(length(Packet::Cdr, b"GIOP\x01\x00\x01\x00\x02\x00\x00\x00"), Ok(Some(14)));
    assert_eq!(length(Packet::Tpkt, &[3, 0, 0, 3]), Err(Malformed));
    assert_eq!(length(Packet::Tls, &[22, 3, 1, 1, 0]), Ok(Some(261)));
}

#[test]
fn a_line_that_is_too_long_is_cut_or_refused() {
    let mut next = Next::Start;
    let cut = Limits { line: 3, ..Limits::default() };
    assert_eq!(Packet::Line.length(b"abcd\n", &cut, &mut next), Ok(Some(3)));
    let refused = Limits { packet: 3, ..Limits::default() };
    assert_eq!(Packet::Line.length(b"abcd\n", &refused, &mut next), Err(Malformed));
    assert_eq!(Packet::Line.length(b"ab\n", &refused, &mut next), Ok(Some(3)));
}

#[test]
fn a_header_of_http_is_read_line_by_line() {
    let packet = Packet::Http(Text::List);
    let mut next = Next::Start;
    let mut rest: &[u8] = b"GET http://h:80/p HTTP/1.1\r\nhost: h\r\nX-y: 1\r\n 2\r\n\r\nbody";
    let mut lines = Vec::new();
    for _ in 0..4 {
        let length = packet.length(rest, &Limits::default(), &mut next).unwrap().unwrap();
        let (line, after) = rest.split_at(length);
        rest = after;
        lines.push(packet.content(line, &mut next));
    }
    let http = |line| Content::Http(line, Text::List);
    let uri = Uri::Absolute { scheme: predefined::HTTP, host: b"h", port: Some(80), path: b"/p" };
    let method = (&b"GET"[..], Some(predefined::HTTP_GET));
    assert_eq!(lines[0], http(Line::Request { method, uri, version: [1, 1] }));
    let known = Some((14, predefined::HTTP_HOST));
    assert_eq!(lines[1], http(Line::Field(Field { known, name: b"host", value: b"h" })));
    assert_eq!(lines[2], http(Line::Field(Field { known: None, name: b"X-y", value: b"1\r\n 2" })));
    assert_eq!((lines[3], next, rest), (http(Line::End), Next::Start, &b"body"[..]));
}

fn any_packet() -> impl Strategy<Value = Packet> {
    prop::sample::select(&ALL[..])
}

fn any_limits() -> impl Strategy<Value = Limits> {
    (0..20u32, 0..20u32, any::<u8>()).prop_map(|(packet, line, delimiter)| Limits { packet, line, delimiter })
}

/// Bytes, or something that looks like a packet.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(prop::sample::select(&b"GET HTP/1.0:\r\n \tab*["[..]), 0..60),
        prop::collection::vec(0..4u8, 0..20),
    ]
}

proptest! {
    /// A packet is never empty, and what is after it does not change it.
    #[test]
    fn a_packet_is_the_same_whatever_comes_after_it(
        packet in any_packet(),
        limits in any_limits(),
        bytes in any_bytes(),
        is_field in any::<bool>(),
    ) {
        let start = if is_field { Next::Field } else { Next::Start };
        let mut next = start;
        if let Ok(Some(length)) = packet.length(&bytes, &limits, &mut next) {
            prop_assert!(length > 0);
            if length <= bytes.len() && packet != Packet::Raw {
                let mut again = start;
                // A line of a header ends where it is seen that the next one does not continue it.
                let seen = bytes.len().min(length + 1);
                prop_assert_eq!(packet.length(&bytes[..seen], &limits, &mut again), Ok(Some(length)));
                let mut after = next;
                let content = packet.content(&bytes[..length], &mut next);
                prop_assert_eq!(packet.content(&bytes[..length], &mut after), content);
                if let Content::Body(body) = content {
                    prop_assert!(body.len() <= length);
                }
            }
        }
    }
}
