// SPDX-License-Identifier: Apache-2.0
//! What others on the wire send to the server: segments that follow what they have heard, more or less, packets that are well-formed on the
//! outside, and any bytes. What is over IP is not held back by a checksum, as it is not where the back end vouches for it.

use std::net::Ipv4Addr;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use net::checksum;
use net::wire::Sum;

use super::hub::{self, ADDRESSES, ETHERNET, Hub, SERVER};

/// Ports of the server: those at which it listens, and one at which it does not.
const PORTS: [u16; 4] = [80, 80, 81, 9];

/// A segment of TCP.
#[derive(Arbitrary, Debug)]
pub struct Segment {
    from: u8,
    to: u8,
    flags: u8,
    /// How far its numbers are from those that fit.
    sequence: i16,
    confirmed: i16,
    window: u16,
    options: [u8; 8],
    has_options: bool,
    payload: u16,
}

impl Segment {
    /// Brings it to the server.
    pub fn send(&self, hub: &Hub) {
        let host = 10 + (self.from & 3);
        let port = 1000 + u16::from(self.from >> 2 & 3);
        let to = PORTS[usize::from(self.to & 3)];
        let heard = hub.heard((host, port, to));
        let sequence = heard.awaited.wrapping_add_signed(self.sequence.into());
        let confirmed = heard.next.wrapping_add_signed(self.confirmed.into());
        let options: &[u8] = if self.has_options { &self.options } else { &[] };
        let mut segment = [port.to_be_bytes(), to.to_be_bytes()].concat();
        segment.extend(sequence.to_be_bytes());
        segment.extend(confirmed.to_be_bytes());
        segment.extend([(5 + options.len() as u8 / 4) << 4, self.flags]);
        segment.extend(self.window.to_be_bytes());
        segment.extend([0; 4]);
        segment.extend(options);
        segment.resize(segment.len() + usize::from(self.payload % 1400), b'x');
        hub.attack(packet(host, 6, 0, &segment), Sum::Trusted);
    }
}

/// Something else over IP.
#[derive(Arbitrary, Debug)]
pub struct Datagram {
    from: u8,
    protocol: u8,
    fragment: u16,
    bytes: Vec<u8>,
}

impl Datagram {
    /// Brings it to the server.
    pub fn send(&self, hub: &Hub) {
        hub.attack(packet(10 + self.from % 100, self.protocol, self.fragment, &self.bytes), Sum::Trusted);
    }
}

/// Any bytes.
#[derive(Arbitrary, Debug)]
pub struct Raw {
    kind: Kind,
    bytes: Vec<u8>,
}

/// What a frame says that it holds.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Kind {
    V4,
    Arp,
    V6,
    Unsaid,
}

impl Raw {
    /// Brings it to the server.
    pub fn send(&self, hub: &Hub) {
        let to = hub::hardware(SERVER);
        let kind: &[u8] = match self.kind {
            Kind::V4 => &[8, 0],
            Kind::Arp => &[8, 6],
            Kind::V6 => &[0x86, 0xdd],
            Kind::Unsaid => return hub.attack(self.bytes.clone(), Sum::There),
        };
        hub.attack([&to, &[2, 0, 0, 0, 1, 10][..], kind, &self.bytes].concat(), Sum::Trusted);
    }
}

/// A packet of IP, version 4, with a header that is right.
fn packet(host: u8, protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let from = Ipv4Addr::new(10, 0, 0, host);
    let mut frame = [&hub::hardware(SERVER)[..], &[2, 0, 0, 0, 1, host], &[8, 0], &[0x45, 0]].concat();
    frame.extend((20 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 1]);
    frame.extend(fragment.to_be_bytes());
    frame.extend([64, protocol, 0, 0]);
    frame.extend(from.octets());
    frame.extend(ADDRESSES[SERVER].octets());
    let sum = checksum::of(&frame[ETHERNET..]);
    frame[ETHERNET + 10..ETHERNET + 12].copy_from_slice(&sum.to_be_bytes());
    frame.extend(payload);
    frame
}
