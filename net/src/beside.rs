// SPDX-License-Identifier: Apache-2.0
//! What the IP header of a datagram says besides its addresses: type of service (RFC 791) or traffic class (RFC 8200), and the hops that are left.
//!
//! smoltcp has no place for it; it travels in the number that smoltcp lets each packet have, and is read and written in the frame.

use crate::frame::Packet;

/// Of a datagram that has come, both; of one to send, what is not as usual.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Beside {
    /// Type of service, or traffic class.
    pub service: Option<u8>,
    /// Hops that are left.
    pub hops: Option<u8>,
}

/// Where type of service, hops and checksum stand in a header of version 4, and where that ends without options.
const SERVICE_V4: usize = 1;
const HOPS_V4: usize = 8;
const SUM_V4: usize = 10;
/// Where hops stand in a header of version 6. The traffic class is the last half of the first byte and the first half of the second.
const HOPS_V6: usize = 7;

/// What of the number says that there is something.
const HAS_SERVICE: u32 = 1 << 16;
const HAS_HOPS: u32 = 1 << 17;

impl Beside {
    /// The number of a packet.
    pub fn number(self) -> u32 {
        let service = self.service.map_or(0, |service| HAS_SERVICE | u32::from(service) << 8);
        let hops = self.hops.map_or(0, |hops| HAS_HOPS | u32::from(hops));
        service | hops
    }

    /// What a packet's number says.
    pub fn of_number(number: u32) -> Self {
        let [hops, service, ..] = number.to_le_bytes();
        Self {
            service: (number & HAS_SERVICE != 0).then_some(service),
            hops: (number & HAS_HOPS != 0).then_some(hops),
        }
    }

    /// What the header of a packet in a frame says.
    pub fn read(frame: &[u8], packet: &Packet) -> Self {
        let header = frame.get(packet.ip..packet.transport).unwrap_or_default();
        let byte = |at: usize| header.get(at).copied();
        if packet.source.is_ipv4() {
            return Self { service: byte(SERVICE_V4), hops: byte(HOPS_V4) };
        }
        let service = byte(0).zip(byte(1)).map(|(first, second)| first << 4 | second >> 4);
        Self { service, hops: byte(HOPS_V6) }
    }

    /// Lets the header of a packet in a frame say it.
    pub fn write(self, frame: &mut [u8], packet: &Packet) {
        let Some(header) = frame.get_mut(packet.ip..packet.transport) else { return };
        if packet.source.is_ipv4() {
            self.service.into_iter().for_each(|service| header[SERVICE_V4] = service);
            self.hops.into_iter().for_each(|hops| header[HOPS_V4] = hops);
            header[SUM_V4..SUM_V4 + 2].fill(0);
            let sum = crate::checksum::of(header);
            header[SUM_V4..SUM_V4 + 2].copy_from_slice(&sum.to_be_bytes());
            return;
        }
        if let Some(service) = self.service {
            header[0] = header[0] & 0xf0 | service >> 4;
            header[1] = header[1] & 0x0f | service << 4;
        }
        self.hops.into_iter().for_each(|hops| header[HOPS_V6] = hops);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame;

    proptest! {
        #[test]
        fn a_header_says_what_was_written(service in any::<Option<u8>>(), hops in any::<Option<u8>>(), is_v4 in any::<bool>()) {
            let beside = Beside { service, hops };
            prop_assert_eq!(Beside::of_number(beside.number()), beside);
            let mut frame = [0_u8; 48];
            if is_v4 {
                frame[..9].copy_from_slice(&[0x45, 3, 0, 48, 0, 1, 0, 0, 9]);
            } else {
                frame[..8].copy_from_slice(&[0x60, 0x3a, 0xbc, 0xde, 0, 8, frame::UDP, 9]);
            }
            let packet = frame::packet(&frame, 0).expect("a packet");
            beside.write(&mut frame, &packet);
            let read = Beside::read(&frame, &packet);
            prop_assert_eq!(read, Beside { service: service.or(Some(3)), hops: hops.or(Some(9)) });
            prop_assert_eq!(frame::packet(&frame, 0), Some(packet));
            if is_v4 {
                prop_assert_eq!(crate::checksum::of(&frame[..20]), 0, "its sum is right");
            } else {
                prop_assert_eq!(&frame[1..4], &[service.unwrap_or(3) << 4 | 0xa, 0xbc, 0xde], "the flow is what it was");
            }
        }
    }
}
