// SPDX-License-Identifier: Apache-2.0
//! Tests of the console against a daemon that reads and types, and one that scribbles.

use std::vec;

use super::*;
use crate::mock::byte_ring::Vandal;
use crate::mock::doorbell::CountingBell;
use crate::mock::memory::shared_page;

#[test]
fn what_is_printed_arrives_and_what_is_typed_is_read() {
    let (ours, theirs) = shared_page();
    let bell = CountingBell::default();
    let mut console = Console::new(ours, &bell);
    let mut screen = Reader::new(OUTPUT, &theirs);
    let mut keyboard = Writer::new(INPUT, &theirs);

    assert_eq!(console.write(b"login: "), Ok(7));
    assert_eq!(bell.take(), 1);
    assert_eq!(console.is_drained(), Ok(false));
    let mut text = [0; 7];
    assert_eq!(screen.read(&theirs, &mut text), Ok(7));
    assert_eq!(&text, b"login: ");
    assert_eq!(console.is_drained(), Ok(true));

    keyboard.write(&theirs, b"root\n").unwrap();
    assert_eq!(console.available(), Ok(5));
    let mut line = [0; 16];
    assert_eq!(console.read(&mut line), Ok(5));
    assert_eq!(&line[..5], b"root\n");
    assert_eq!(bell.take(), 1);
}

#[test]
fn a_full_ring_takes_nothing_and_rings_nobody() {
    let (ours, _theirs) = shared_page();
    let bell = CountingBell::default();
    let mut console = Console::new(ours, &bell);
    assert_eq!(console.write(&[b'x'; 3000]), Ok(2048));
    assert_eq!(bell.take(), 1);
    assert_eq!(console.write(b"y"), Ok(0));
    assert_eq!(console.read(&mut [0; 8]), Ok(0));
    assert_eq!(bell.take(), 0);
}

#[test]
fn a_megabyte_passes_both_ways_intact() {
    let (ours, theirs) = shared_page();
    let mut console = Console::new(ours, CountingBell::default());
    let mut screen = Reader::new(OUTPUT, &theirs);
    let mut keyboard = Writer::new(INPUT, &theirs);
    let text: vec::Vec<u8> = (0..1u32 << 20).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (mut typed, mut echoed) = (0, vec::Vec::new());
    let mut pending = vec::Vec::new();
    let mut chunk = [0; 777];
    while echoed.len() < text.len() {
        typed += keyboard.write(&theirs, &text[typed..]).unwrap();
        let got = console.read(&mut chunk).unwrap();
        pending.extend_from_slice(&chunk[..got]);
        let accepted = console.write(&pending).unwrap();
        pending.drain(..accepted);
        let seen = screen.read(&theirs, &mut chunk).unwrap();
        echoed.extend_from_slice(&chunk[..seen]);
    }
    assert!(echoed == text);
}

#[test]
fn a_daemon_that_scribbles_is_an_error_until_it_stops() {
    let (ours, theirs) = shared_page();
    let mut console = Console::new(ours, CountingBell::default());
    let vandal = Vandal::new(OUTPUT, theirs.into());
    vandal.set_consumer(5);
    let corrupt = RingError::Corrupt { producer: 0, consumer: 5, limit: 2048 };
    assert_eq!(console.write(b"x"), Err(corrupt));
    assert_eq!(console.space(), Err(corrupt));
    assert_eq!(console.read(&mut [0; 4]), Ok(0), "the other direction is not affected");
    vandal.set_consumer(0);
    assert_eq!(console.write(b"x"), Ok(1));
}
