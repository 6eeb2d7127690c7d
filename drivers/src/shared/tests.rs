// SPDX-License-Identifier: Apache-2.0
//! Tests of shared memory: what one handle writes the other reads, at every alignment.

use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::mock::memory::shared;

#[test]
fn stores_are_seen_through_the_other_handle() {
    let (ours, theirs) = shared(1);
    ours.store_u8(1, 0x12, Ordering::Relaxed);
    ours.store_u16(2, 0x3456, Ordering::Relaxed);
    ours.store_u32(4, 0x789a_bcde, Ordering::Release);
    assert_eq!(theirs.load_u8(1, Ordering::Relaxed), 0x12);
    assert_eq!(theirs.load_u16(2, Ordering::Relaxed), 0x3456);
    assert_eq!(theirs.load_u32(4, Ordering::Acquire), 0x789a_bcde);
    theirs.clear();
    assert_eq!(ours.load_u32(4, Ordering::Relaxed), 0);
}

#[test]
fn several_pages_are_one_range() {
    let (ours, theirs) = shared(3);
    let text = [7u8; 100];
    ours.copy_in(2 * PAGE_SIZE - 50, &text);
    let mut back = [0; 100];
    theirs.copy_out(2 * PAGE_SIZE - 50, &mut back);
    assert_eq!(text, back);
    assert_eq!(ours.len(), 3 * PAGE_SIZE);
}

#[test]
#[should_panic(expected = "access of 4 bytes at offset 4096 of 4096 shared bytes")]
fn an_access_past_the_end_is_a_bug() {
    shared(1).0.load_u32(PAGE_SIZE, Ordering::Relaxed);
}

#[test]
#[should_panic(expected = "access of 4 bytes at offset 2 of 4096 shared bytes")]
fn an_access_across_its_alignment_is_a_bug() {
    shared(1).0.store_u32(2, 0, Ordering::Relaxed);
}

#[test]
#[should_panic(expected = "2 bytes at offset 4095")]
fn a_copy_past_the_end_is_a_bug() {
    shared(1).0.copy_in(PAGE_SIZE - 1, &[0, 0]);
}

#[test]
#[should_panic(expected = "1 bytes at offset 18446744073709551615")]
fn an_offset_that_wraps_is_a_bug() {
    shared(1).0.copy_out(usize::MAX, &mut [0]);
}

proptest! {
    #[test]
    fn copies_touch_exactly_their_range(offset in 0usize..PAGE_SIZE, bytes in prop::collection::vec(1u8.., 0..200)) {
        let count = bytes.len().min(PAGE_SIZE - offset);
        let bytes = &bytes[..count];
        let (ours, theirs) = shared(1);
        ours.copy_in(offset, bytes);
        let mut back = vec![0; count];
        theirs.copy_out(offset, &mut back);
        prop_assert_eq!(&back, bytes);
        let mut all = vec![0; PAGE_SIZE];
        theirs.copy_out(0, &mut all);
        let written: Vec<usize> = (0..PAGE_SIZE).filter(|at| all[*at] != 0).collect();
        prop_assert_eq!(written, (offset..offset + count).collect::<Vec<_>>());
    }
}
