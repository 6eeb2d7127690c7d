// SPDX-License-Identifier: Apache-2.0
//! Tests of the byte ring against a peer that keeps to the protocol and one that does not.

use proptest::prelude::*;
use std::collections::VecDeque;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::mock::byte_ring::Vandal;
use crate::mock::memory::shared;

const RING: Layout = Layout::new(0, 16, 64, 68);

#[test]
fn a_full_ring_accepts_nothing_and_an_empty_one_gives_nothing() {
    let (ours, theirs) = shared(1);
    let mut writer = Writer::new(RING, &ours);
    let mut reader = Reader::new(RING, &theirs);
    assert_eq!(reader.read(&theirs, &mut [0; 4]), Ok(0));
    assert_eq!(writer.write(&ours, b"0123456789abcdefghij"), Ok(16));
    assert_eq!(writer.write(&ours, b"x"), Ok(0));
    assert_eq!(writer.space(&ours), Ok(0));
    let mut back = [0; 32];
    assert_eq!(reader.read(&theirs, &mut back), Ok(16));
    assert_eq!(&back[..16], b"0123456789abcdef");
    assert_eq!(reader.available(&theirs), Ok(0));
}

#[test]
fn indices_wrap_around_with_the_data() {
    let (ours, theirs) = shared(1);
    let near_the_end = u32::MAX - 5;
    ours.store_u32(64, near_the_end, Ordering::Relaxed);
    ours.store_u32(68, near_the_end, Ordering::Relaxed);
    let mut writer = Writer::new(RING, &ours);
    let mut reader = Reader::new(RING, &theirs);
    assert_eq!(writer.write(&ours, b"hello, world"), Ok(12));
    let mut back = [0; 12];
    assert_eq!(reader.read(&theirs, &mut back), Ok(12));
    assert_eq!(&back, b"hello, world");
    assert_eq!(ours.load_u32(64, Ordering::Relaxed), 6);
}

#[test]
fn an_impossible_producer_is_reported_and_nothing_is_read() {
    let (ours, theirs) = shared(1);
    let mut reader = Reader::new(RING, &ours);
    Vandal::new(RING, theirs).set_producer(17);
    let mut back = [9; 4];
    let error = reader.read(&ours, &mut back).unwrap_err();
    assert_eq!(error, RingError::Corrupt { producer: 17, consumer: 0, limit: 16 });
    assert_eq!(error.to_string(), "corrupt ring: producer 17 and consumer 0 are more than 16 apart");
    assert_eq!(back, [9; 4]);
    assert_eq!(ours.load_u32(64, Ordering::Relaxed), 0);
}

#[test]
fn an_impossible_consumer_is_reported_and_nothing_is_written() {
    let (ours, theirs) = shared(1);
    let mut writer = Writer::new(RING, &ours);
    let vandal = Vandal::new(RING, theirs);
    vandal.set_consumer(1);
    assert_eq!(writer.write(&ours, b"x"), Err(RingError::Corrupt { producer: 0, consumer: 1, limit: 16 }));
    assert_eq!(ours.load_u8(0, Ordering::Relaxed), 0);
    vandal.set_consumer(0);
    assert_eq!(writer.write(&ours, b"x"), Ok(1), "the ring recovers with the index");
}

#[test]
fn our_own_index_cannot_be_moved_by_the_peer() {
    let (ours, theirs) = shared(1);
    let mut writer = Writer::new(RING, &ours);
    let vandal = Vandal::new(RING, theirs);
    writer.write(&ours, b"abc").unwrap();
    vandal.set_producer(1000);
    writer.write(&ours, b"def").unwrap();
    assert_eq!(ours.load_u32(68, Ordering::Relaxed), 6);
}

#[test]
fn the_layout_knows_its_end() {
    assert_eq!(RING.end(), 72);
    assert_eq!(Layout::new(64, 1024, 0, 4).end(), 64 + 1024);
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(start: u32, steps in prop::collection::vec((any::<bool>(), 0usize..40), 0..200)) {
        let (ours, theirs) = shared(1);
        ours.store_u32(64, start, Ordering::Relaxed);
        ours.store_u32(68, start, Ordering::Relaxed);
        let mut writer = Writer::new(RING, &ours);
        let mut reader = Reader::new(RING, &theirs);
        let mut model = VecDeque::new();
        let mut next = 0u8;
        for (write, count) in steps {
            if write {
                let bytes: Vec<u8> = (0..count).map(|i| next.wrapping_add(i as u8)).collect();
                let accepted = writer.write(&ours, &bytes).unwrap();
                prop_assert_eq!(accepted, count.min(16 - model.len()));
                model.extend(&bytes[..accepted]);
                next = next.wrapping_add(accepted as u8);
            } else {
                let mut bytes = vec![0; count];
                let got = reader.read(&theirs, &mut bytes).unwrap();
                prop_assert_eq!(got, count.min(model.len()));
                prop_assert_eq!(&bytes[..got], model.drain(..got).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn wild_indices_never_take_us_out_of_the_ring(
        steps in prop::collection::vec((any::<u32>(), any::<u32>(), 0usize..40), 0..50),
    ) {
        let (ours, theirs) = shared(1);
        let vandal = Vandal::new(RING, theirs);
        let mut writer = Writer::new(RING, &ours);
        let mut reader = Reader::new(RING, &ours);
        for (producer, consumer, count) in steps {
            vandal.set_producer(producer);
            vandal.set_consumer(consumer);
            let mut bytes = vec![0xee; count];
            if let Ok(got) = reader.read(&ours, &mut bytes) {
                prop_assert!(got <= 16);
            }
            if let Ok(put) = writer.write(&ours, &bytes) {
                prop_assert!(put <= 16);
            }
            let mut rest = vec![0; 4096 - 72];
            ours.copy_out(72, &mut rest);
            prop_assert!(rest.iter().all(|byte| *byte == 0));
        }
    }
}
