// SPDX-License-Identifier: Apache-2.0
//! Matches any bits in any way, and builds what was read again: reading and writing are each other's inverse.
#![no_main]

use beam_vm::bits::{Cursor, Flags, Writer};
use beam_vm::heap::{Heap, HeapLimits, ProcessHeap, build};
use beam_vm::term::layout;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Field {
    Integer(u16, u8),
    Float(u8, u8),
    Part(u16),
    Skip(u16),
    Utf8,
    Utf16(u8),
    Utf32(u8),
    String(Vec<u8>, u8),
    Small(u8, u8),
    Byte,
}

#[derive(Arbitrary, Debug)]
struct Input {
    bytes: Vec<u8>,
    from: u8,
    short: u8,
    fields: Vec<Field>,
}

/// The flags that there are.
fn flags(bits: u8) -> Flags {
    [Flags::LITTLE, Flags::SIGNED, Flags::NATIVE]
        .into_iter()
        .enumerate()
        .filter(|(place, _)| bits >> place & 1 == 1)
        .fold(Flags::default(), |flags, (_, flag)| flags.with(flag))
}

fuzz_target!(|input: Input| {
    let mut heap = ProcessHeap::new(1000, HeapLimits::default());
    let size = 8 * input.bytes.len() - usize::from(input.short % 8).min(8 * input.bytes.len());
    let from = usize::from(input.from).min(size);
    let whole = build::bitstring(&mut heap, &input.bytes, size);
    let bits = build::sub_bits(&mut heap, whole, from, size - from);
    let to = heap.allocate(layout::MATCH_SIZE);
    // SAFETY: the heap has given the words.
    let state = unsafe { Cursor::start(to, bits) }.expect("a bitstring can be matched");
    let cursor = Cursor::of(state).expect("a match state");
    let mut place = vec![0; input.bytes.len() + 16];
    for field in &input.fields {
        let (at, left) = (cursor.position(), cursor.left());
        let mut writer = Writer::new(&mut place, at);
        let read = match field {
            Field::Integer(bits, f) => cursor.integer(&mut heap, usize::from(*bits), flags(*f)).map(|term| {
                writer.integer(term, usize::from(*bits), flags(*f)).expect("an integer");
            }),
            Field::Float(size, f) => {
                let bits = [16, 32, 64, 24][usize::from(*size % 4)];
                cursor.float(&mut heap, bits, flags(*f)).map(|term| {
                    writer.float(term, bits, flags(*f)).expect("a float");
                })
            }
            Field::Part(bits) => cursor.part(&mut heap, usize::from(*bits)).map(|term| {
                writer.bitstring(term, usize::from(*bits)).expect("a bitstring");
            }),
            Field::Skip(bits) => cursor.skip(usize::from(*bits)),
            Field::Utf8 => cursor.utf8().map(|value| {
                writer.utf8(build::unsigned(&mut heap, value.into())).expect("a code point");
            }),
            Field::Utf16(f) => cursor.utf16(flags(*f)).map(|value| {
                writer.utf16(build::unsigned(&mut heap, value.into()), flags(*f)).expect("a code point");
            }),
            Field::Utf32(f) => cursor.utf32(flags(*f)).map(|value| {
                writer.utf32(build::unsigned(&mut heap, value.into()), flags(*f)).expect("a code point");
            }),
            Field::String(bytes, short) => {
                let bits = (8 * bytes.len()).saturating_sub(usize::from(*short % 8));
                cursor.string(bytes, bits)
            }
            Field::Small(bits, f) => {
                let bits = 1 + usize::from(*bits) % Cursor::SMALL_MOST;
                let flags = if bits % 8 == 0 { flags(*f) } else { Flags::default() };
                let quick = cursor.small_before_the_last(bits, flags);
                let moved = cursor.position();
                cursor.set_position(at);
                let plain = cursor.small(bits, flags);
                if let Some(quick) = quick {
                    assert_eq!(plain, Some(quick));
                    assert_eq!(cursor.position(), moved);
                }
                plain.map(|_| ())
            }
            Field::Byte => {
                let quick = cursor.whole_byte();
                cursor.set_position(at);
                let plain = cursor.byte();
                assert!(quick.is_none() || quick == plain);
                plain.map(|_| ())
            }
        };
        if read.is_none() {
            assert_eq!((cursor.position(), cursor.left()), (at, left), "what fails moves nothing");
        } else {
            assert_eq!(cursor.position() + cursor.left(), at + left);
        }
        let written = writer.len();
        if written > at {
            assert_eq!(written, cursor.position());
            // The origin may be a copy of the part, so bits are compared from the position that the match began with.
            let origin = beam_vm::term::Bits::slice(
                bits.as_bits().expect("a bitstring"),
                size - from - left,
                written - at,
            );
            // SAFETY: the place has as many bits.
            let copy = unsafe { beam_vm::term::Bits::new(place.as_ptr(), at, written - at) };
            assert!(origin.bytes().eq(copy.bytes()), "what was read is written again");
        }
    }
});
