// SPDX-License-Identifier: Apache-2.0
//! The front end of a network device against back ends that keep to the protocol and such that do not.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use xen_hypervisor_sys::io::netif::{NETIF_RSP_DROPPED, NETRXF_GSO_PREFIX, NETRXF_MORE_DATA};

use super::*;
use crate::memory::PAGE_SIZE;
use crate::mock::network::{ALL, World};
use crate::xenbus::{Phase, XenbusState};

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at % 251) as u8).collect()
}

const GSO: Gso = Gso { kind: GsoKind::TcpV4, size: 1448 };

#[test]
fn the_offer_says_what_linux_expects() {
    let mut world = World::new(ALL);
    world.connect();
    for node in ["request-rx-copy", "feature-rx-notify", "feature-sg", "feature-gso-tcpv4"] {
        assert_eq!(world.number(node), 1, "{node}");
    }
    assert_eq!(world.number("event-channel"), 1);
    assert_eq!(world.front().mac(), Some(Mac([0, 0x16, 0x3e, 0, 0, 0x85])));
    let offers = world.front().offers().expect("connected");
    assert!(offers.gso_v4 && offers.checksum_v4 && offers.checksum_v6);
    assert_eq!((offers.packet_max(), world.front().mtu()), (65_535, 1500));
}

#[test]
fn packets_go_out_in_as_many_pages_as_they_need() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    for (size, meta) in [
        (60, Meta::default()),
        (PAGE_SIZE, Meta { checksum: Checksum::Validated, gso: None }),
        (PAGE_SIZE + 1, Meta { checksum: Checksum::Blank, gso: None }),
        (65_535, Meta { checksum: Checksum::Blank, gso: Some(GSO) }),
    ] {
        let packet = bytes(size);
        let (head, tail) = packet.split_at(54);
        world.front().send(meta, &[head, &[], tail]).expect("room");
        world.front().flush();
        assert_eq!(back.take(), Some((packet, meta)), "{size} bytes");
    }
    assert!(world.front().can_send() && world.front().is_idle());
    let sent = world.front().statistics().sent;
    assert_eq!((sent.packets, sent.bytes, sent.errors), (4, 60 + 4096 + 4097 + 65_535, 0));
}

#[test]
fn packets_come_in_with_what_is_known_of_them() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let mut into = Vec::new();
    for (size, meta) in [
        (60, Meta { checksum: Checksum::Validated, gso: None }),
        (9000, Meta { checksum: Checksum::Blank, gso: None }),
        (32_000, Meta { checksum: Checksum::Blank, gso: Some(GSO) }),
        (1514, Meta { checksum: Checksum::Blank, gso: Some(Gso { kind: GsoKind::TcpV6, size: 1000 }) }),
    ] {
        assert!(back.deliver(&bytes(size), meta));
        assert_eq!(world.front().receive(&mut into), Some(meta), "{size} bytes");
        assert_eq!(into, bytes(size));
        assert_eq!(world.front().receive(&mut into), None);
        world.front().flush();
    }
    assert_eq!(world.front().statistics().received.packets, 4);
}

#[test]
fn a_back_end_without_features_gets_plain_packets_only() {
    let mut world = World::new(&["feature-rx-copy", "feature-no-csum-offload", "feature-gso-tcpv4"]);
    let mut back = world.connect();
    let blank = Meta { checksum: Checksum::Blank, gso: None };
    assert_eq!(world.front().send(blank, &[&bytes(60)]), Err(SendError::NotOffered));
    let cut = Meta { checksum: Checksum::There, gso: Some(GSO) };
    assert_eq!(world.front().send(cut, &[&bytes(60)]), Err(SendError::NotOffered), "no pages, no cutting");
    let long = world.front().send(Meta::default(), &[&bytes(1515)]);
    assert_eq!(long, Err(SendError::Size { bytes: 1515, limit: 1514 }));
    world.front().send(Meta::default(), &[&bytes(1514)]).expect("room");
    world.front().flush();
    assert_eq!(back.take(), Some((bytes(1514), Meta::default())));
}

#[test]
fn a_back_end_that_flips_pages_is_not_served() {
    let mut world = World::new(&["feature-sg"]);
    let result = world.binding.advance(&mut world.session);
    assert!(matches!(result, Err(Error::Unsuitable { .. })), "{result:?}");
    assert_eq!(world.front().send(Meta::default(), &[&bytes(60)]), Err(SendError::Down));
    assert_eq!(world.pages.out(), 0);
}

#[test]
fn a_full_ring_is_said_and_empties_again() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let mut sent = 0;
    while world.front().send(Meta::default(), &[&bytes(100)]).is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 256, "as many as the ring has slots");
    assert!(!world.front().can_send());
    world.front().flush();
    for _ in 0..sent {
        assert!(back.take().is_some());
    }
    assert!(world.front().can_send());
}

#[test]
fn signals_are_sent_only_to_who_sleeps() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let bell = world.bells.borrow()[0].clone();
    assert!(!world.front().rearm());
    bell.take();
    for _ in 0..8 {
        world.front().send(Meta::default(), &[&bytes(100)]).expect("room");
    }
    world.front().flush();
    assert_eq!(bell.take(), 1, "one for the burst");
    assert!(back.take().is_some());
    world.front().send(Meta::default(), &[&bytes(100)]).expect("room");
    world.front().flush();
    assert_eq!(bell.take(), 0, "it has not asked again");
    assert!(back.deliver(&bytes(60), Meta::default()));
    assert!(world.front().rearm(), "a packet lies ready");
}

#[test]
fn more_pages_are_lent_when_they_are_used_up() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    let first = world.front().receive_pages();
    let mut into = Vec::new();
    for _ in 0..6 {
        let mut delivered = 0;
        while back.deliver(&bytes(1000), Meta::default()) {
            delivered += 1;
        }
        for _ in 0..delivered {
            assert!(world.front().receive(&mut into).is_some());
        }
        world.front().flush();
        let _ = world.front().rearm();
    }
    assert!(first < 64 && world.front().receive_pages() == 256, "from {first} to the ring's size");
}

#[test]
fn what_the_back_end_drops_is_counted() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    world.front().send(Meta::default(), &[&bytes(100)]).expect("room");
    world.front().flush();
    back.take_answering(NETIF_RSP_DROPPED);
    assert!(world.front().can_send());
    assert_eq!(world.front().statistics().sent.errors, 1);
    let mut into = Vec::new();
    back.answer(|request| RxResponse { id: request.id, offset: 0, flags: NETRXF_MORE_DATA, status: -1 });
    back.answer(|request| RxResponse { id: request.id, offset: 0, flags: 0, status: 100 });
    back.answer(|request| RxResponse { id: request.id, offset: 0, flags: NETRXF_GSO_PREFIX, status: 1448 });
    back.answer(|request| RxResponse { id: request.id, offset: 0, flags: 0, status: 0 });
    assert_eq!(world.front().receive(&mut into), None);
    assert_eq!(world.front().statistics().received.errors, 3, "two parts of one packet, and two more");
    assert!(back.deliver(&bytes(70), Meta::default()));
    assert!(world.front().receive(&mut into).is_some(), "the next packet is whole");
}

#[test]
fn a_packet_longer_than_can_be_is_thrown_away() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    for index in 0..17 {
        let flags = if index < 16 { NETRXF_MORE_DATA } else { 0 };
        back.answer(|request| RxResponse { id: request.id, offset: 0, flags, status: 4096 });
    }
    assert_eq!(world.front().receive(&mut Vec::new()), None);
    let received = world.front().statistics().received;
    assert_eq!((received.packets, received.errors), (0, 1));
}

/// Lets a back end answer a lent page in a way that cannot be, and looks that it is left.
#[track_caller]
fn is_left(answer: impl FnOnce(RxRequest) -> RxResponse) {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    back.answer(answer);
    assert_eq!(world.front().receive(&mut Vec::new()), None);
    assert_eq!(world.front().statistics().violations, 1);
    assert_eq!(world.front().send(Meta::default(), &[&bytes(60)]), Err(SendError::Down));
    assert!(!world.front().rearm());
    // It starts over, and all is well.
    world.back_state(XenbusState::Closed);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
    assert_eq!(world.pages.out(), 0, "what was lent is back");
    world.back_state(XenbusState::InitWait);
    let mut back = world.connect();
    world.front().send(Meta::default(), &[&bytes(60)]).expect("room");
    world.front().flush();
    assert!(back.take().is_some());
}

#[test]
fn a_back_end_that_lies_is_left_until_it_starts_over() {
    is_left(|request| RxResponse { id: request.id + 1, offset: 0, flags: 0, status: 60 });
    is_left(|request| RxResponse { id: request.id, offset: 4090, flags: 0, status: 60 });
    is_left(|request| RxResponse { id: request.id, offset: 1, flags: 0, status: 4096 });
}

#[test]
fn answers_to_packets_that_were_not_sent_are_no_answers() {
    let mut world = World::new(ALL);
    let mut back = world.connect();
    world.front().send(Meta::default(), &[&bytes(60)]).expect("room");
    world.front().flush();
    back.sent.push(&TxResponse { id: 77, status: 0 });
    back.sent.publish();
    assert!(!world.front().can_send());
    assert_eq!(world.front().statistics().violations, 1);
}

#[test]
fn addresses_are_read_as_they_are_written() {
    for text in ["00:16:3e:00:00:01", "ff:ff:ff:ff:ff:ff"] {
        assert_eq!(ToString::to_string(&Mac::parse(text).expect("an address")), text);
    }
    for text in ["", "00:16:3e:00:00", "00:16:3e:00:00:01:02", "0g:16:3e:00:00:01", "001:16:3e:00:00:01"] {
        assert_eq!(Mac::parse(text), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Packets of any sizes in any order of work arrive whole and in order, both ways.
    #[test]
    fn packets_arrive_in_order(sizes in prop::collection::vec((1_usize..20_000, any::<bool>(), 0_u8..4), 1..120)) {
        let mut world = World::new(ALL);
        let mut back = world.connect();
        let (mut out, mut into) = (std::collections::VecDeque::new(), std::collections::VecDeque::new());
        let mut buffer = Vec::new();
        for (size, cut, step) in sizes {
            let meta = Meta { checksum: Checksum::Blank, gso: cut.then_some(GSO) };
            let packet = vec![size as u8; size];
            match step {
                0 => if world.front().send(meta, &[&packet]).is_ok() { out.push_back((packet, meta)); },
                1 => if back.deliver(&packet, meta) { into.push_back((packet, meta)); } else { break },
                2 => {
                    world.front().flush();
                    while let Some(packet) = back.take() {
                        prop_assert_eq!(Some(packet), out.pop_front());
                    }
                }
                _ => while let Some(meta) = world.front().receive(&mut buffer) {
                    prop_assert_eq!(Some((buffer.clone(), meta)), into.pop_front());
                },
            }
        }
    }
}
