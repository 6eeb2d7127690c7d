// SPDX-License-Identifier: Apache-2.0
//! Bytes that come through a connection, as packets of any kind.
//!
//! Whatever the bytes are, they are taken packet by packet, each of which is in them and becomes a term, until there is none.
#![no_main]

use beam_vm::heap::Fragment;
use beam_vm::packet::{self, Limits, Next, Packet, Text};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    kind: u8,
    packet: u16,
    line: u16,
    delimiter: u8,
    bytes: &'a [u8],
}

const KINDS: [Packet; 13] = [
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
    Packet::Http(Text::Binary),
    Packet::HttpHeader(Text::Binary),
    Packet::Tls,
];

fuzz_target!(|input: Input<'_>| {
    let kind = KINDS[usize::from(input.kind) % KINDS.len()];
    let limits =
        Limits { packet: u32::from(input.packet), line: u32::from(input.line), delimiter: input.delimiter };
    let mut next = Next::default();
    let mut rest = input.bytes;
    while let Ok(Some(length)) = kind.length(rest, &limits, &mut next) {
        assert!(length > 0, "a packet is never empty");
        let Some((packet, after)) = rest.split_at_checked(length) else { break };
        let mut heap = Fragment::default();
        packet::build(&mut heap, &kind.content(packet, &mut next));
        rest = after;
    }
});
