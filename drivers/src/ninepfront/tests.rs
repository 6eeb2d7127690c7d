// SPDX-License-Identifier: Apache-2.0
//! The front end of 9pfs against back ends that keep to the protocol and such that do not.

use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::mock::ninepback::{QEMU, World};
use crate::xenbus::{Phase, XenbusState};

#[test]
fn the_offer_says_what_back_ends_expect() {
    let mut world = World::new(QEMU);
    world.connect();
    for (node, value) in [("version", "1"), ("num-rings", "1"), ("event-channel-0", "1"), ("state", "4")] {
        assert_eq!(world.published(node).as_deref(), Some(value), "{node}");
    }
    assert_eq!(world.front().tag(), "share");
    assert_eq!((world.front().stream(), world.front().message_limit()), (Some(1), 65536));
}

#[test]
fn a_back_end_that_cannot_do_it_is_refused() {
    for nodes in [
        &[("max-rings", "1"), ("max-ring-page-order", "9")][..],
        &[("versions", "2,11"), ("max-rings", "1"), ("max-ring-page-order", "9")],
        &[("versions", "1"), ("max-ring-page-order", "9")],
        &[("versions", "1"), ("max-rings", "1"), ("max-ring-page-order", "0")],
    ] {
        let mut world = World::new(nodes);
        assert!(world.binding.advance(&mut world.session).is_err(), "{nodes:?}");
        assert_eq!(world.pages.out(), 0);
    }
}

#[test]
fn small_rings_do() {
    let mut world = World::new(&[("versions", "1,2"), ("max-rings", "1"), ("max-ring-page-order", "1")]);
    let mut back = world.connect();
    assert_eq!(world.front().send(&[7; 5000]), Ok(4096), "as much as there is room for");
    assert_eq!(back.take(10_000), vec![7; 4096]);
}

#[test]
fn the_other_end_is_told_of_what_changes() {
    let mut world = World::new(QEMU);
    let mut back = world.connect();
    let bell = world.bells.borrow()[0].clone();
    bell.take();
    assert_eq!((world.front().receive(&mut [0; 9]), bell.take()), (Ok(0), 0));
    assert_eq!((world.front().send(b"question"), bell.take()), (Ok(8), 1));
    assert_eq!(back.take(100), b"question");
    assert_eq!(back.send(b"answer"), 6);
    let mut bytes = [0; 6];
    assert_eq!((world.front().receive(&mut bytes), bell.take()), (Ok(6), 1));
    assert_eq!(&bytes, b"answer");
}

#[test]
fn a_new_back_end_is_a_new_stream() {
    let mut world = World::new(QEMU);
    let mut back = world.connect();
    back.send(b"half an ans");
    world.back_state(XenbusState::Closed);
    assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
    assert_eq!(world.front().send(b"x"), Err(Down::Unconnected));
    assert_eq!((world.front().stream(), world.pages.out()), (None, 0));
    world.back_state(XenbusState::InitWait);
    let mut back = world.connect();
    assert_eq!(world.front().stream(), Some(2));
    assert_eq!(world.front().receive(&mut [0; 9]), Ok(0), "nothing of the old one is left");
    assert_eq!((world.front().send(b"new"), back.take(9)), (Ok(3), b"new".to_vec()));
}

proptest! {
    #[test]
    fn bytes_come_in_their_order(steps in prop::collection::vec((0u8..4, 1usize..9000), 1..60)) {
        let mut world = World::new(&[("versions", "1"), ("max-rings", "1"), ("max-ring-page-order", "2")]);
        let mut back = world.connect();
        let (mut sent, mut answered, mut next) = (VecDeque::new(), VecDeque::new(), 0_u8);
        for (kind, count) in steps {
            let bytes: Vec<u8> = (0..count).map(|at| next.wrapping_add(at as u8)).collect();
            match kind {
                0 => {
                    let done = world.front().send(&bytes).expect("connected");
                    prop_assert_eq!(done, count.min(8192 - sent.len()));
                    sent.extend(&bytes[..done]);
                }
                1 => {
                    let taken = back.take(count);
                    prop_assert!(taken.into_iter().eq(sent.drain(..count.min(sent.len()))));
                }
                2 => {
                    let done = back.send(&bytes);
                    answered.extend(&bytes[..done]);
                }
                _ => {
                    let mut taken = vec![0; count];
                    let done = world.front().receive(&mut taken).expect("connected");
                    prop_assert!(taken[..done].iter().copied().eq(answered.drain(..count.min(answered.len()))));
                }
            }
            next = next.wrapping_add(count as u8);
        }
    }

    #[test]
    fn a_back_end_that_scribbles_gains_nothing(
        steps in prop::collection::vec((0u8..6, any::<u32>()), 1..40),
    ) {
        let mut world = World::new(QEMU);
        let back = world.connect();
        for (kind, number) in steps {
            match kind {
                0 => back.requests_vandal.set_consumer(number),
                1 => back.requests_vandal.set_producer(number),
                2 => back.replies_vandal.set_producer(number),
                3 => back.replies_vandal.set_consumer(number),
                4 => {
                    let count = number as usize % 70_000;
                    if let Ok(sent) = world.front().send(&vec![1; count]) {
                        prop_assert!(sent <= count);
                    }
                }
                _ => {
                    let mut bytes = vec![0; number as usize % 200_000];
                    if let Ok(came) = world.front().receive(&mut bytes) {
                        prop_assert!(came <= 131_072);
                    }
                }
            }
        }
        world.back_state(XenbusState::Closed);
        prop_assert_eq!(world.binding.advance(&mut world.session), Ok(Phase::Lost));
        prop_assert_eq!(world.pages.out(), 0, "what was lent is back");
        world.back_state(XenbusState::InitWait);
        let mut back = world.connect();
        prop_assert_eq!((world.front().send(b"sound"), back.take(9)), (Ok(5), b"sound".to_vec()));
    }
}
