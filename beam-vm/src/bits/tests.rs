// SPDX-License-Identifier: Apache-2.0
//! Reading and writing beside a model: a row of single bits.
#![expect(unsafe_code, reason = "makes match states")]

use std::vec::Vec;

use num_bigint::BigInt;
use proptest::prelude::*;

use super::{Cursor, Flags, Writer, copy::copy, half};
use crate::heap::{Heap, HeapLimits, ProcessHeap, build};
use crate::number::integer::{Endian, Signedness};
use crate::term::{Bits, Term, View, layout};

type Row = Vec<bool>;

fn row(bytes: &[u8]) -> Row {
    bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect()
}

fn bytes(row: &[bool]) -> Vec<u8> {
    let byte = |bits: &[bool]| {
        bits.iter().enumerate().fold(0, |byte, (place, bit)| byte | u8::from(*bit) << (7 - place))
    };
    row.chunks(8).map(byte).collect()
}

/// The bits of a field from the most significant one on.
fn ordered(field: &[bool], flags: Flags) -> Row {
    match flags.endian() {
        Endian::Big => field.to_vec(),
        // Whole bytes from the least significant one on; what is left over is the most significant.
        Endian::Little => field.chunks(8).rev().flatten().copied().collect(),
    }
}

/// The integer that a field is.
fn value(field: &[bool], flags: Flags) -> BigInt {
    let ordered = ordered(field, flags);
    let unsigned = ordered.iter().fold(BigInt::ZERO, |value, bit| value * 2 + i32::from(*bit));
    let is_negative = flags.signedness() == Signedness::Signed && ordered.first() == Some(&true);
    if is_negative { unsigned - (BigInt::from(1) << ordered.len()) } else { unsigned }
}

/// The field of an integer.
fn field(value: &BigInt, bits: usize, flags: Flags) -> Row {
    let bit = |place: usize| (value >> place) & BigInt::from(1) == BigInt::from(1);
    match flags.endian() {
        Endian::Big => (0..bits).rev().map(bit).collect(),
        Endian::Little => (0..bits)
            .step_by(8)
            .flat_map(|start| (start..bits.min(start + 8)).rev().collect::<Vec<_>>())
            .map(bit)
            .collect(),
    }
}

fn big(term: Term) -> BigInt {
    match term.view() {
        View::Small(value) => BigInt::from(value),
        View::Big(number) => {
            let integer = number.integer();
            let magnitude =
                integer.limbs().iter().rev().fold(BigInt::ZERO, |value, limb| (value << 64) + *limb);
            if number.is_negative() { -magnitude } else { magnitude }
        }
        other => panic!("{other:?} is no integer"),
    }
}

fn heap() -> ProcessHeap {
    ProcessHeap::new(4000, HeapLimits::default())
}

/// A match of the bits of a row from a bit on.
fn cursor(heap: &mut ProcessHeap, bits: &[bool], from: usize) -> Cursor {
    let whole = build::bitstring(heap, &bytes(bits), bits.len());
    let part = build::sub_bits(heap, whole, from, bits.len() - from);
    let to = heap.allocate(layout::MATCH_SIZE);
    // SAFETY: the heap has given the words.
    let state = unsafe { Cursor::start(to, part) }.expect("a bitstring can be matched");
    Cursor::of(state).expect("a match state")
}

fn flags() -> impl Strategy<Value = Flags> {
    (any::<bool>(), any::<bool>()).prop_map(|(little, signed)| {
        let endian = if little { Flags::LITTLE } else { Flags::default() };
        if signed { endian.with(Flags::SIGNED) } else { endian }
    })
}

/// Sizes near those where a field is read or written in another way.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![0..70_usize, prop::sample::select(&[8, 16, 24, 32, 56, 57, 58, 59, 60, 64][..]), 0..400_usize]
}

fn bits_of(row: &[bool]) -> (Vec<u8>, usize) {
    (bytes(row), row.len())
}

proptest! {
    #[test]
    fn bits_are_copied_and_others_stay(
        place in prop::collection::vec(any::<u8>(), 40..60),
        source in prop::collection::vec(any::<u8>(), 40..60),
        at in 0..100_usize,
        from in 0..100_usize,
        len in 0..220_usize,
    ) {
        let mut wanted = row(&place);
        wanted[at..at + len].copy_from_slice(&row(&source)[from..from + len]);
        let mut place = place;
        // SAFETY: the source is there while the bits are used.
        copy(&mut place, at, &unsafe { Bits::new(source.as_ptr(), from, len) });
        prop_assert_eq!(row(&place), wanted);
    }

    #[test]
    fn integers_are_read_as_their_bits_say(
        data in prop::collection::vec(any::<u8>(), 1..80),
        from in 0..40_usize,
        sizes in prop::collection::vec((size(), flags()), 1..6),
    ) {
        let all = row(&data);
        let from = from.min(all.len());
        let mut heap = heap();
        let cursor = cursor(&mut heap, &all, from);
        let mut rest = &all[from..];
        for (size, flags) in sizes {
            let left = cursor.left();
            prop_assert_eq!(left, rest.len());
            let read = cursor.integer(&mut heap, size, flags);
            if size > rest.len() {
                prop_assert!(read.is_none());
                prop_assert_eq!(cursor.left(), left, "what fails moves nothing");
            } else {
                prop_assert_eq!(big(read.expect("there are enough bits")), value(&rest[..size], flags));
                rest = &rest[size..];
            }
        }
    }

    #[test]
    fn parts_and_strings_are_the_bits_that_come_next(
        data in prop::collection::vec(any::<u8>(), 1..150),
        from in 0..20_usize,
        size in 0..1200_usize,
        changed in any::<prop::sample::Index>(),
    ) {
        let all = row(&data);
        let from = from.min(all.len());
        let size = size.min(all.len() - from);
        let mut heap = heap();
        let cursor = cursor(&mut heap, &all, from);
        let at = cursor.position();
        let part = cursor.part(&mut heap, size).expect("there are enough bits").as_bits().expect("a bitstring");
        let wanted = &all[from..from + size];
        prop_assert_eq!(part.bytes().collect::<Vec<_>>(), bytes(wanted));
        prop_assert_eq!(part.len(), size);
        cursor.set_position(at);
        let (string, len) = bits_of(wanted);
        prop_assert!(cursor.string(&string, len).is_some());
        prop_assert_eq!(cursor.position(), at + size);
        if size > 0 {
            let mut other = wanted.to_vec();
            let place = changed.index(size);
            other[place] = !other[place];
            cursor.set_position(at);
            prop_assert!(cursor.string(&bytes(&other), size).is_none());
            prop_assert_eq!(cursor.position(), at);
        }
    }

    #[test]
    fn integers_are_written_as_their_bits(
        start in 0..20_usize,
        segments in prop::collection::vec((any::<i128>(), any::<u8>(), size(), flags()), 1..6),
    ) {
        let mut heap = heap();
        let mut wanted: Row = std::vec![true; start];
        let mut place = std::vec![0_u8; 400];
        for bit in 0..start {
            place[bit / 8] |= 0x80 >> (bit % 8);
        }
        let mut writer = Writer::new(&mut place, start);
        for (number, shift, size, flags) in segments {
            let number = number >> (shift % 128);
            writer.integer(build::wide(&mut heap, number), size, flags).expect("an integer");
            wanted.extend(field(&BigInt::from(number), size, flags));
        }
        prop_assert_eq!(writer.len(), wanted.len());
        prop_assert_eq!(&row(&place)[..wanted.len()], &wanted[..]);
    }

    #[test]
    fn code_points_come_back(char in any::<char>(), start in 0..8_usize, little in any::<bool>()) {
        let flags = if little { Flags::LITTLE } else { Flags::default() };
        let term = Term::small_cut(i64::from(u32::from(char)));
        for form in 0..3 {
            let mut place = [0; 6];
            let mut writer = Writer::new(&mut place, start);
            match form {
                0 => writer.utf8(term),
                1 => writer.utf16(term, flags),
                _ => writer.utf32(term, flags),
            }
            .expect("a code point");
            let len = writer.len();
            let mut heap = heap();
            let cursor = cursor(&mut heap, &row(&place)[..len], start);
            let read = match form {
                0 => cursor.utf8(),
                1 => cursor.utf16(flags),
                _ => cursor.utf32(flags),
            };
            prop_assert_eq!(read, Some(char.into()));
            prop_assert_eq!(cursor.left(), 0);
        }
    }

    #[test]
    fn utf8_is_what_the_core_library_takes(data in prop::collection::vec(any::<u8>(), 0..6)) {
        let mut heap = heap();
        let cursor = cursor(&mut heap, &row(&data), 0);
        let longest = (1..=data.len().min(4)).find_map(|len| core::str::from_utf8(&data[..len]).ok()?.chars().next());
        prop_assert_eq!(cursor.utf8(), longest.map(u32::from));
    }
}

#[test]
fn halves_come_back() {
    for bits in 0..=u16::MAX {
        match half::from_bits(bits) {
            Some(value) => assert_eq!(half::to_bits(value), bits),
            None => assert_eq!(bits & 0x7C00, 0x7C00, "{bits:#x} is infinite or no number"),
        }
    }
}
