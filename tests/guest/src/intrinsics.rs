// SPDX-License-Identifier: Apache-2.0
//! `memcpy` and its kin against the obvious loops, for all short lengths, lengths around their thresholds, and all overlaps.
#![expect(unsafe_code, reason = "calls the intrinsics as the compiler does")]

use alloc::vec::Vec;
use core::hint::black_box;
use core::ptr;

use boot::kernel::Machine;

const SIZE: usize = 2560;
const LENGTHS: [usize; 12] = [127, 128, 129, 255, 256, 300, 511, 512, 513, 700, 1000, 1024];

fn pattern() -> Vec<u8> {
    (0..SIZE).map(|index| (index * 31 % 251) as u8).collect()
}

fn lengths() -> impl Iterator<Item = usize> {
    (0..100).chain(LENGTHS)
}

pub fn run(_: &mut Machine) {
    for length in lengths() {
        for (from, to) in [(0, 1024), (1, 1025), (7, 1024), (3, 1031)] {
            copy(length, from, to);
        }
        for distance in [0, 1, 2, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100] {
            copy(length, 0, distance);
            copy(length, distance, 0);
        }
        fill(length);
        compare(length);
    }
}

/// `memmove`, and `memcpy` where the ranges do not overlap.
#[expect(clippy::manual_memcpy, reason = "what the intrinsics are compared with must not call them")]
fn copy(length: usize, from: usize, to: usize) {
    let source = pattern();
    let mut expected = source.clone();
    for index in 0..length {
        expected[to + index] = source[from + index];
    }
    let mut moved = source.clone();
    let base = black_box(moved.as_mut_ptr());
    // SAFETY: both ranges lie within the vector.
    unsafe { ptr::copy(base.add(from), base.add(to), black_box(length)) };
    assert!(moved == expected, "memmove of {length} bytes from {from} to {to}");
    if from.abs_diff(to) >= length {
        let mut copied = source.clone();
        let base = black_box(copied.as_mut_ptr());
        // SAFETY: both ranges lie within the vector and do not overlap.
        unsafe { ptr::copy_nonoverlapping(base.add(from), base.add(to), black_box(length)) };
        assert!(copied == expected, "memcpy of {length} bytes from {from} to {to}");
    }
}

fn fill(length: usize) {
    let mut bytes = pattern();
    bytes[3..3 + black_box(length)].fill(black_box(0xa5));
    let original = pattern();
    let filled = 3..3 + length;
    for (index, byte) in bytes.iter().enumerate() {
        let expected = if filled.contains(&index) { 0xa5 } else { original[index] };
        assert!(*byte == expected, "memset of {length} bytes at {index}");
    }
}

fn compare(length: usize) {
    let one = pattern();
    for difference in [0, length / 2, length.saturating_sub(1)] {
        let mut other = one.clone();
        assert!(black_box(&one[..length]) == black_box(&other[..length]));
        if length > 0 {
            other[difference] = other[difference].wrapping_add(1);
            let expected = one[difference].cmp(&other[difference]);
            assert!(black_box(&one[..length]).cmp(black_box(&other[..length])) == expected);
        }
    }
}
