// SPDX-License-Identifier: Apache-2.0
//! The Internet checksum (RFC 1071) of TCP, UDP and ICMP: beginning it for a device that completes it, and checking it for one that does not.

use core::net::IpAddr;

use crate::frame::{ICMP, ICMPV6, Packet, TCP, UDP};

/// Where the checksum stands in the header of a protocol for which devices complete it.
fn place(protocol: u8) -> Option<usize> {
    match protocol {
        TCP => Some(16),
        UDP => Some(6),
        _ => None,
    }
}

/// Adds bytes to a sum, two at a time, high byte first.
fn add(mut sum: u64, bytes: &[u8]) -> u64 {
    let (pairs, rest) = bytes.as_chunks::<2>();
    for pair in pairs {
        sum += u64::from(u16::from_be_bytes(*pair));
    }
    if let [last] = rest {
        sum += u64::from(*last) << 8;
    }
    sum
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    sum as u16
}

/// The checksum of bytes in which its place is zero; of bytes with the right one, zero.
pub fn of(bytes: &[u8]) -> u16 {
    !fold(add(0, bytes))
}

/// The sum of the pseudo-header (RFC 9293, section 3.1; RFC 8200, section 8.1).
fn pseudo_header(packet: &Packet) -> u64 {
    let length = (packet.end - packet.transport) as u64;
    let addresses = match (packet.source, packet.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => add(add(0, &source.octets()), &destination.octets()),
        (IpAddr::V6(source), IpAddr::V6(destination)) => add(add(0, &source.octets()), &destination.octets()),
        // Both are of one packet.
        _ => 0,
    };
    addresses + u64::from(packet.protocol) + length
}

/// Whether the checksum of a whole packet is right, as far as its protocol has one.
#[must_use]
pub fn is_right(frame: &[u8], packet: &Packet) -> bool {
    if packet.pieces.is_some() {
        return true;
    }
    let Some(body) = frame.get(packet.transport..packet.end) else { return false };
    // Over IPv4 a datagram may be without one.
    let is_absent = |place| packet.source.is_ipv4() && body.get(place..place + 2) == Some(&[0, 0]);
    match (packet.protocol, place(packet.protocol)) {
        (UDP, Some(place)) if is_absent(place) => true,
        (ICMP, _) => fold(add(0, body)) == 0xffff,
        (ICMPV6, _) | (_, Some(_)) => fold(add(pseudo_header(packet), body)) == 0xffff,
        (_, None) => true,
    }
}

/// Puts the sum of the pseudo-header where the checksum belongs. Says whether the protocol has one, so that there is something to
/// complete.
pub fn begin(frame: &mut [u8], packet: &Packet) -> bool {
    let Some(place) = place(packet.protocol).filter(|_| packet.pieces.is_none()) else { return false };
    let at = packet.transport + place;
    let sum = fold(pseudo_header(packet));
    match frame.get_mut(at..at + 2).filter(|_| at + 2 <= packet.end) {
        Some(field) => {
            field.copy_from_slice(&sum.to_be_bytes());
            true
        }
        None => false,
    }
}

/// Puts the checksum where it belongs, as a device does that completes it.
pub fn complete(frame: &mut [u8], packet: &Packet) {
    if !begin(frame, packet) {
        return;
    }
    let Some(body) = frame.get_mut(packet.transport..packet.end) else { return };
    let sum = !fold(add(0, body));
    // Over UDP none would be said by zero (RFC 768).
    let sum = if sum == 0 && packet.protocol == UDP { u16::MAX } else { sum };
    if let Some(field) = place(packet.protocol).and_then(|place| body.get_mut(place..place + 2)) {
        field.copy_from_slice(&sum.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::frame;

    /// A UDP packet over IPv4 with some bytes, without its checksum.
    fn datagram(payload: &[u8]) -> Vec<u8> {
        let length = 28 + payload.len() as u16;
        let mut bytes = Vec::from([0x45, 0, 0, 0, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        bytes.extend([0x12, 0x34, 0x00, 0x35]);
        bytes.extend((8 + payload.len() as u16).to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(payload);
        bytes
    }

    proptest! {
        #[test]
        fn what_was_begun_and_completed_is_right(payload in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..200, flip in 1_u8..) {
            let mut bytes = datagram(&payload);
            let packet = frame::packet(&bytes, 0).expect("a packet");
            prop_assert!(is_right(&bytes, &packet), "without a checksum nothing is wrong");
            prop_assert!(begin(&mut bytes, &packet));
            complete(&mut bytes, &packet);
            prop_assert!(is_right(&bytes, &packet));
            if let Some(byte) = bytes.get_mut(28 + at) {
                *byte ^= flip;
                prop_assert!(!is_right(&bytes, &packet));
            }
        }
    }

    #[test]
    fn a_known_packet_is_right() {
        // The example of RFC 1071's arithmetic over a datagram of two bytes.
        let mut bytes = datagram(&[0xab, 0xcd]);
        let packet = frame::packet(&bytes, 0).expect("a packet");
        let sum: u32 = 0x0a00 + 1 + 0x0a00 + 2 + 17 + 10 + 0x1234 + 0x35 + 10 + 0xabcd;
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        bytes[26..28].copy_from_slice(&sum.to_be_bytes());
        assert!(is_right(&bytes, &packet));
    }
}
