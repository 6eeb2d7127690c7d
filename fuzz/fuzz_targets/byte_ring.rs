// SPDX-License-Identifier: Apache-2.0
//! A byte ring whose other side moves the indices as it likes.
//!
//! Nothing outside of the ring is written, our own index is never believed from shared memory, and as long as the
//! other side behaves the stream comes through whole.
#![no_main]

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use drivers::byte_ring::{Layout, Reader, Writer};
use drivers::memory::PAGE_SIZE;
use drivers::mock::byte_ring::Vandal;
use drivers::mock::memory::shared;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

const SIZE: usize = 64;
const DATA: usize = 128;
const RING: Layout = Layout::new(DATA, SIZE as u32, 256, 260);

#[derive(Arbitrary, Debug)]
enum Step {
    Write(u8),
    Read(u8),
    Producer(u32),
    Consumer(u32),
    Scribble([u8; 8]),
}

fuzz_target!(|input: (u32, Vec<Step>)| {
    let (start, steps) = input;
    let (ours, theirs) = shared(1);
    ours.store_u32(RING.producer_at(), start, Ordering::Relaxed);
    ours.store_u32(RING.consumer_at(), start, Ordering::Relaxed);
    let mut writer = Writer::new(RING, &ours);
    let mut reader = Reader::new(RING, &ours);
    let vandal = Vandal::new(RING, theirs);
    let (mut written, mut read, mut next) = (start, start, 0u8);
    // What the ring holds, for as long as nobody else has touched it.
    let mut model = Some(VecDeque::new());
    for step in steps {
        match step {
            Step::Write(count) => {
                let bytes: Vec<u8> = (0..count).map(|i| next.wrapping_add(i)).collect();
                if let Ok(put) = writer.write(&ours, &bytes) {
                    assert!(put <= SIZE && put <= bytes.len());
                    written = written.wrapping_add(put as u32);
                    next = next.wrapping_add(put as u8);
                    if put > 0 {
                        assert_eq!(ours.load_u32(RING.producer_at(), Ordering::Relaxed), written);
                    }
                    if let Some(model) = &mut model {
                        assert_eq!(put, bytes.len().min(SIZE - model.len()));
                        model.extend(&bytes[..put]);
                    }
                } else {
                    assert!(model.is_none(), "the other side has behaved");
                }
            }
            Step::Read(count) => {
                let mut bytes = vec![0; usize::from(count)];
                if let Ok(got) = reader.read(&ours, &mut bytes) {
                    assert!(got <= SIZE && got <= bytes.len());
                    read = read.wrapping_add(got as u32);
                    if got > 0 {
                        assert_eq!(ours.load_u32(RING.consumer_at(), Ordering::Relaxed), read);
                    }
                    assert!(bytes[got..].iter().all(|byte| *byte == 0));
                    if let Some(model) = &mut model {
                        assert_eq!(got, bytes.len().min(model.len()));
                        assert!(bytes[..got].iter().copied().eq(model.drain(..got)));
                    }
                } else {
                    assert!(model.is_none(), "the other side has behaved");
                }
            }
            Step::Producer(index) => vandal.set_producer(index),
            Step::Consumer(index) => vandal.set_consumer(index),
            Step::Scribble(bytes) => vandal.scribble(&bytes),
        }
        if !matches!(step, Step::Write(_) | Step::Read(_)) {
            model = None;
        }
    }
    let mut page = vec![0; PAGE_SIZE];
    ours.copy_out(0, &mut page);
    let is_ours = |at: usize| (DATA..DATA + SIZE).contains(&at) || (256..264).contains(&at);
    assert!(page.iter().enumerate().all(|(at, byte)| is_ours(at) || *byte == 0));
});
