// SPDX-License-Identifier: Apache-2.0
//! The bytes that zlib 1.2.13 makes of the same, given as length and CRC-32; and that all comes back whatever the pieces.

use alloc::vec::Vec;

use proptest::prelude::{Just, ProptestConfig, any, prop};
use proptest::strategy::Strategy as _;
use proptest::{prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Buffers, Deflate, Flush, Level, Options, Progress, Strategy};
use crate::hash::crc32;
use crate::inflate::{self, Inflate};

/// Bytes that are somewhat like a program's.
fn text(len: usize) -> Vec<u8> {
    const WORDS: [&[u8]; 11] =
        [b"receive", b"after", b"term", b" -> ", b"(", b")", b"binary", b"Pid", b",\n", b"0", b"1"];
    let (mut state, mut text) = (1u32, Vec::new());
    while text.len() < len {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7FFF_FFFF;
        if (state >> 16).is_multiple_of(5) {
            text.push((state >> 20) as u8);
        } else {
            text.extend_from_slice(WORDS[(state >> 18) as usize % WORDS.len()]);
        }
    }
    text.truncate(len);
    text
}

/// Gives a stream all of a piece, with so much room and so large a budget at a time.
fn feed(stream: &mut Deflate, piece: &[u8], flush: Flush, room: usize, budget: usize, out: &mut Vec<u8>) {
    let mut rest = piece;
    loop {
        let mut buffer = alloc::vec![0; room];
        let mut io = Buffers::new(rest, &mut buffer);
        let progress = loop {
            let progress = stream.run(&mut io, flush, &mut budget.clone()).expect("a stream that goes on");
            if progress != Progress::Paused {
                break progress;
            }
        };
        out.extend_from_slice(io.output());
        let (read, is_full) = (io.read(), io.room() == 0);
        rest = &rest[read..];
        if !is_full || progress == Progress::End {
            assert!(rest.is_empty());
            return;
        }
    }
}

/// Length, level, bits of the window, memory, strategy; length and sum of what it becomes, with a flush after a third.
type Line = (usize, i64, i64, i64, Strategy, usize, u32);

#[rustfmt::skip]
const ZLIB: &[Line] = &[
    (0, 1, 15, 8, Strategy::Default, 13, 0x31c8abea),
    (0, 2, 15, 8, Strategy::Default, 13, 0x7f276e97),
    (0, 3, 15, 8, Strategy::Default, 13, 0x7f276e97),
    (0, 4, 15, 8, Strategy::Default, 13, 0x7f276e97),
    (0, 5, 15, 8, Strategy::Default, 13, 0x7f276e97),
    (0, 6, 15, 8, Strategy::Default, 13, 0xc3b82818),
    (0, 7, 15, 8, Strategy::Default, 13, 0x1ce63a08),
    (0, 8, 15, 8, Strategy::Default, 13, 0x1ce63a08),
    (0, 9, 15, 8, Strategy::Default, 13, 0x1ce63a08),
    (0, 6, -15, 8, Strategy::Filtered, 7, 0xd6dcbea1),
    (0, 6, 31, 8, Strategy::HuffmanOnly, 25, 0x0945afd5),
    (0, 6, 15, 8, Strategy::Runs, 13, 0x31c8abea),
    (0, 9, 9, 1, Strategy::Default, 13, 0x8fbcdac7),
    (0, 5, 12, 9, Strategy::Filtered, 13, 0xece51954),
    (0, 2, -9, 1, Strategy::Default, 7, 0xd6dcbea1),
    (1, 1, 15, 8, Strategy::Default, 14, 0xc90a7683),
    (1, 2, 15, 8, Strategy::Default, 14, 0xe7f094c7),
    (1, 3, 15, 8, Strategy::Default, 14, 0xe7f094c7),
    (1, 4, 15, 8, Strategy::Default, 14, 0xe7f094c7),
    (1, 5, 15, 8, Strategy::Default, 14, 0xe7f094c7),
    (1, 6, 15, 8, Strategy::Default, 14, 0x9a4b9530),
    (1, 7, 15, 8, Strategy::Default, 14, 0x8723db46),
    (1, 8, 15, 8, Strategy::Default, 14, 0x8723db46),
    (1, 9, 15, 8, Strategy::Default, 14, 0x8723db46),
    (1, 6, -15, 8, Strategy::Filtered, 8, 0x7d16f1f5),
    (1, 6, 31, 8, Strategy::HuffmanOnly, 26, 0xd7b480e8),
    (1, 6, 15, 8, Strategy::Runs, 14, 0xc90a7683),
    (1, 9, 9, 1, Strategy::Default, 14, 0x8c6b5e87),
    (1, 5, 12, 9, Strategy::Filtered, 14, 0xe50ec5ba),
    (1, 2, -9, 1, Strategy::Default, 8, 0x7d16f1f5),
    (700, 1, 15, 8, Strategy::Default, 355, 0x2bb7bf20),
    (700, 2, 15, 8, Strategy::Default, 353, 0x37c09918),
    (700, 3, 15, 8, Strategy::Default, 353, 0xb5868c32),
    (700, 4, 15, 8, Strategy::Default, 346, 0xdb66023d),
    (700, 5, 15, 8, Strategy::Default, 345, 0xc83d953f),
    (700, 6, 15, 8, Strategy::Default, 345, 0x55742564),
    (700, 7, 15, 8, Strategy::Default, 345, 0x7efaaa19),
    (700, 8, 15, 8, Strategy::Default, 345, 0x7efaaa19),
    (700, 9, 15, 8, Strategy::Default, 345, 0x7efaaa19),
    (700, 6, -15, 8, Strategy::Filtered, 397, 0x2adcf9ea),
    (700, 6, 31, 8, Strategy::HuffmanOnly, 530, 0x4393f8ac),
    (700, 6, 15, 8, Strategy::Runs, 518, 0xc27b2112),
    (700, 9, 9, 1, Strategy::Default, 346, 0xacf9669f),
    (700, 5, 12, 9, Strategy::Filtered, 403, 0x9ee153ea),
    (700, 2, -9, 1, Strategy::Default, 352, 0x21cb9d5b),
    (200000, 1, 15, 8, Strategy::Default, 76592, 0x2c1620aa),
    (200000, 2, 15, 8, Strategy::Default, 74881, 0x1dc2a9ff),
    (200000, 3, 15, 8, Strategy::Default, 71837, 0xd08dfce9),
    (200000, 4, 15, 8, Strategy::Default, 70790, 0x2aa625e4),
    (200000, 5, 15, 8, Strategy::Default, 68359, 0xef1cf235),
    (200000, 6, 15, 8, Strategy::Default, 66395, 0xcc6d3980),
    (200000, 7, 15, 8, Strategy::Default, 65586, 0x6b0e0532),
    (200000, 8, 15, 8, Strategy::Default, 64093, 0xab71c8b4),
    (200000, 9, 15, 8, Strategy::Default, 63955, 0xf980b559),
    (200000, 6, -15, 8, Strategy::Filtered, 70489, 0x3607f212),
    (200000, 6, 31, 8, Strategy::HuffmanOnly, 123211, 0x596a65a8),
    (200000, 6, 15, 8, Strategy::Runs, 123200, 0xb779bf54),
    (200000, 9, 9, 1, Strategy::Default, 88588, 0xcb6afddb),
    (200000, 5, 12, 9, Strategy::Filtered, 74323, 0xa98c12ae),
    (200000, 2, -9, 1, Strategy::Default, 90629, 0xe9eda85c),
];

#[test]
fn bytes_are_those_of_zlib() {
    for (len, level, window, memory, strategy, expected, sum) in ZLIB {
        let options = Options::from_zlib(*level, *window, *memory, *strategy).expect("options");
        let text = text(*len);
        let (first, second) = text.split_at(len / 3);
        for budget in [usize::MAX, 100] {
            let (mut stream, mut out) = (Deflate::new(&options), Vec::new());
            feed(&mut stream, first, Flush::Sync, 1 << 20, budget, &mut out);
            feed(&mut stream, second, Flush::Finish, 1 << 20, budget, &mut out);
            let line = (len, level, window, memory, strategy);
            assert_eq!((out.len(), crc32(0, &out)), (*expected, *sum), "{line:?}");
        }
    }
}

#[test]
fn options_are_checked() {
    let options =
        |level, window, memory| Options::from_zlib(level, window, memory, Strategy::Default).is_ok();
    assert!(options(-1, 15, 8) && options(0, 8, 1) && options(9, -9, 9) && options(1, 25, 8));
    assert!(!options(10, 15, 8) && !options(6, -8, 8) && !options(6, 24, 8) && !options(6, 32, 8));
    assert!(!options(6, 15, 0) && !options(6, 15, 10) && !options(6, -16, 8) && !options(6, 16, 8));
}

#[test]
fn nothing_comes_after_the_end() {
    let mut stream = Deflate::new(&Options::zlib(Level::DEFAULT));
    let mut out = Vec::new();
    feed(&mut stream, b"abc", Flush::Finish, 100, usize::MAX, &mut out);
    let mut buffer = [0; 10];
    let mut budget = usize::MAX;
    let mut run = |flush| stream.run(&mut Buffers::new(&[], &mut buffer), flush, &mut budget);
    assert_eq!(run(Flush::Finish), Ok(Progress::End));
    assert!(run(Flush::Sync).is_err());
}

/// Expands a stream in pieces, and gives the bytes and how much of it was read.
fn expand(
    stream: &mut Inflate,
    packed: &[u8],
    piece: usize,
    room: usize,
    dictionary: &[u8],
) -> (Vec<u8>, usize) {
    let (mut at, mut out) = (0, Vec::new());
    loop {
        let mut buffer = alloc::vec![0; room];
        let mut io = Buffers::new(&packed[at..packed.len().min(at + piece)], &mut buffer);
        let progress = stream.run(&mut io).expect("a stream");
        at += io.read();
        out.extend_from_slice(io.output());
        match progress {
            inflate::Progress::End => return (out, at),
            inflate::Progress::NeedsDictionary(_) => stream.set_dictionary(dictionary).expect("its sum"),
            _ => assert!(at < packed.len() || io.room() == 0),
        }
    }
}

fn data() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    let run = (any::<u8>(), 1..600usize).prop_map(|(byte, times)| alloc::vec![byte; times]);
    let noise = prop::collection::vec(any::<u8>(), 0..3000);
    let few = prop::collection::vec(0..3u8, 0..3000);
    let words = (0..40_000usize).prop_map(text);
    let part = prop_oneof![run, noise, few, words];
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn all_comes_back(
        level in 0..=9i64,
        window in prop_oneof![9..=15i64, -15..=-9i64, 25..=31i64],
        memory in 1..=9i64,
        strategy in prop_oneof![
            Just(Strategy::Default), Just(Strategy::Filtered), Just(Strategy::HuffmanOnly), Just(Strategy::Runs),
        ],
        pieces in prop::collection::vec((data(), prop_oneof![Just(Flush::None), Just(Flush::Sync), Just(Flush::Full)]), 0..4),
        dictionary in data(),
        room in prop_oneof![Just(7usize), 20..3000usize],
        piece in 1..3000usize,
        budget in 1..5000usize,
    ) {
        let options = Options::from_zlib(level, window, memory, strategy).expect("options");
        let mut stream = Deflate::new(&options);
        let mut reader = Inflate::from_zlib(window).expect("bits");
        if window < 16 {
            stream.set_dictionary(&dictionary).expect("a new stream");
            if window < 0 {
                reader.set_dictionary(&dictionary).expect("a bare stream");
            }
        }
        let mut out = Vec::new();
        for (bytes, flush) in &pieces {
            feed(&mut stream, bytes, *flush, room, budget, &mut out);
        }
        feed(&mut stream, &[], Flush::Finish, room, budget, &mut out);
        let end = out.len();
        out.extend_from_slice(b"more");
        let plain: Vec<u8> = pieces.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let (back, read) = expand(&mut reader, &out, piece, room, &dictionary);
        prop_assert_eq!(read, end);
        prop_assert!(back == plain);
    }
}
