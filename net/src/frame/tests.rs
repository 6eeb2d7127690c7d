// SPDX-License-Identifier: Apache-2.0
//! Frames of known makes, and any bytes at all.

use std::vec::Vec;

use proptest::prelude::*;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, EthernetRepr, IpAddress, IpProtocol, IpRepr, TcpControl, TcpPacket,
    TcpRepr, TcpSeqNumber, TcpTimestampRepr,
};

use super::*;

/// A TCP segment in an Ethernet frame, as smoltcp makes it.
fn segment(source: IpAddress, destination: IpAddress, control: TcpControl, ack: bool) -> Vec<u8> {
    let tcp = TcpRepr {
        src_port: 40_000,
        dst_port: 80,
        control,
        seq_number: TcpSeqNumber(1),
        ack_number: ack.then_some(TcpSeqNumber(2)),
        window_len: 1000,
        window_scale: (control == TcpControl::Syn).then_some(7),
        max_seg_size: (control == TcpControl::Syn).then_some(1400),
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None::<TcpTimestampRepr>,
        payload: b"hello",
    };
    let ip = IpRepr::new(source, destination, IpProtocol::Tcp, tcp.buffer_len(), 64);
    let ethernet = EthernetRepr {
        src_addr: smoltcp::wire::EthernetAddress([2; 6]),
        dst_addr: smoltcp::wire::EthernetAddress([4; 6]),
        ethertype: match source {
            IpAddress::Ipv4(_) => EthernetProtocol::Ipv4,
            IpAddress::Ipv6(_) => EthernetProtocol::Ipv6,
        },
    };
    let mut bytes = std::vec![0; ETHERNET + ip.header_len() + tcp.buffer_len()];
    ethernet.emit(&mut EthernetFrame::new_unchecked(&mut bytes[..]));
    ip.emit(&mut bytes[ETHERNET..], &ChecksumCapabilities::default());
    let at = ETHERNET + ip.header_len();
    tcp.emit(
        &mut TcpPacket::new_unchecked(&mut bytes[at..]),
        &source,
        &destination,
        &ChecksumCapabilities::default(),
    );
    bytes
}

#[test]
fn segments_of_both_versions_are_recognised() {
    let pairs = [
        (IpAddress::v4(10, 0, 0, 1), IpAddress::v4(10, 0, 0, 2), "10.0.0.2:80", "10.0.0.1:40000"),
        (
            IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 1),
            IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 2),
            "[fe80::2]:80",
            "[fe80::1]:40000",
        ),
    ];
    for (source, destination, local, remote) in pairs {
        let ends = Ends { local: local.parse().unwrap(), remote: remote.parse().unwrap() };
        let offer = Some(Offer { segment: Some(1400), scale: Some(7) });
        let syn = segment(source, destination, TcpControl::Syn, false);
        assert_eq!(
            classify_ethernet(&syn),
            Class::Tcp(ends, Flags { opens: true, resets: false, payload: 5, confirmation: None, offer })
        );
        // SYN has a number as well, and its window is in other units.
        let confirmation = Some(Confirmation { next: 7, expected: 2, is_bare: false, window: 0 });
        let answer = segment(source, destination, TcpControl::Syn, true);
        assert_eq!(
            classify_ethernet(&answer),
            Class::Tcp(ends, Flags { opens: false, resets: false, payload: 5, confirmation, offer })
        );
        let confirmation = Some(Confirmation { next: 6, expected: 2, is_bare: false, window: 1000 });
        let data = segment(source, destination, TcpControl::None, true);
        assert_eq!(
            classify_ethernet(&data),
            Class::Tcp(ends, Flags { opens: false, resets: false, payload: 5, confirmation, offer: None })
        );
        let reset = segment(source, destination, TcpControl::Rst, true);
        assert_eq!(
            classify_ethernet(&reset),
            Class::Tcp(
                ends,
                Flags { opens: false, resets: true, payload: 5, confirmation: None, offer: None }
            )
        );
        let packet = packet(&syn, ETHERNET).expect("a packet");
        assert!(crate::checksum::is_right(&syn, &packet), "smoltcp's own sum");
        let mut damaged = syn.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(!crate::checksum::is_right(&damaged, &packet));
    }
}

#[test]
fn pieces_name_their_datagram() {
    let mut bytes = segment(IpAddress::v4(10, 0, 0, 1), IpAddress::v4(10, 0, 0, 2), TcpControl::None, true);
    bytes[ETHERNET + 9] = UDP;
    bytes[ETHERNET + 6] = 0x20;
    let Class::Udp(_, Some(first)) = classify_ethernet(&bytes) else { panic!("the first piece has ports") };
    bytes[ETHERNET + 6] = 0;
    bytes[ETHERNET + 7] = 185;
    assert_eq!(classify_ethernet(&bytes), Class::Piece(first));
    bytes[ETHERNET + 5] ^= 1;
    assert_ne!(classify_ethernet(&bytes), Class::Piece(first));
}

#[test]
fn answers_about_neighbors_are_recognised() {
    let mut arp = std::vec![0_u8; 42];
    arp[12..14].copy_from_slice(&ETHERTYPE_ARP.to_be_bytes());
    assert_eq!(classify_ethernet(&arp), Class::Neighbor);
    let (one, other) =
        (IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 1), IpAddress::v6(0xfe80, 0, 0, 0, 0, 0, 0, 2));
    let mut advertisement = segment(one, other, TcpControl::None, false);
    advertisement[ETHERNET + 6] = ICMPV6;
    advertisement[ETHERNET + IPV6_HEADER] = NEIGHBOR_ADVERTISEMENT;
    assert_eq!(classify_ethernet(&advertisement), Class::Neighbor);
}

proptest! {
    /// Whatever the bytes are, there is an answer, and what it names lies in the frame.
    #[test]
    fn any_bytes_are_something(mut bytes in prop::collection::vec(any::<u8>(), 0..120), version in any::<bool>()) {
        if let Some(first) = bytes.get_mut(14) {
            *first = if version { 0x45 } else { 0x60 };
        }
        let _ = classify_ethernet(&bytes);
        if let Some(packet) = packet(&bytes, 14) {
            prop_assert!(packet.transport <= packet.end && packet.end <= bytes.len());
            let _ = crate::checksum::is_right(&bytes, &packet);
            let _ = crate::checksum::begin(&mut bytes, &packet);
        }
    }
}
