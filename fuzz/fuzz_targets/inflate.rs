// SPDX-License-Identifier: Apache-2.0
//! Bytes that claim to be compressed.
//!
//! What they expand to does not depend on how they are fed and how much room there is, and can be compressed and expanded again.
#![no_main]

use beam_vm::deflate::{self, Buffers, Deflate, Flush, Level, Options};
use beam_vm::inflate::{Inflate, Progress};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    format: u8,
    piece: u8,
    room: u16,
    level: u8,
    dictionary: &'a [u8],
    bytes: &'a [u8],
}

/// More than this is not looked at.
const MOST: usize = 1 << 20;

fn expand(input: &Input<'_>, bits: i64, bytes: &[u8], piece: usize, room: usize) -> Option<(Vec<u8>, usize)> {
    let mut stream = Inflate::from_zlib(bits).ok()?;
    let (mut at, mut out) = (0, Vec::new());
    let mut buffer = vec![0; room];
    while out.len() < MOST {
        let end = bytes.len().min(at + piece);
        let mut io = Buffers::new(&bytes[at..end], &mut buffer);
        let progress = stream.run(&mut io).ok()?;
        at += io.read();
        out.extend_from_slice(io.output());
        match progress {
            Progress::End => return Some((out, at)),
            Progress::NeedsDictionary(_) => stream.set_dictionary(input.dictionary).ok()?,
            Progress::Stuck if end == bytes.len() => return None,
            Progress::Done | Progress::Stuck => {}
        }
    }
    None
}

fuzz_target!(|input: Input<'_>| {
    let bits = [15, 31, 47, -15, 0, 16, 32][usize::from(input.format) % 7];
    let whole = expand(&input, bits, input.bytes, usize::MAX / 2, MOST);
    let room = usize::from(input.room) + 1;
    let in_pieces = expand(&input, bits, input.bytes, usize::from(input.piece) + 1, room);
    let (Some((plain, used)), Some((same, same_used))) = (whole, in_pieces) else { return };
    assert!(used <= input.bytes.len() && used == same_used);
    assert_eq!(plain, same);
    let mut stream = Deflate::new(&Options::zlib(Level(input.level % 10)));
    let (mut at, mut packed, mut buffer) = (0, Vec::new(), vec![0; room.max(8)]);
    loop {
        let mut io = Buffers::new(&plain[at..], &mut buffer);
        let progress = stream.run(&mut io, Flush::Finish, &mut (room + 1)).expect("a stream that goes on");
        at += io.read();
        packed.extend_from_slice(io.output());
        if progress == deflate::Progress::End {
            break;
        }
    }
    assert_eq!(expand(&input, 15, &packed, usize::MAX / 2, MOST), Some((plain, packed.len())));
});
