// SPDX-License-Identifier: Apache-2.0
//! Objects built on each kind of heap, and what the heaps own.
use super::{BinaryBlock, Fragment, Heap, HeapLimits, LiteralSpace, ProcessHeap, build};
use crate::platform::{NoPlatform, Platform, Reservation};
use crate::term::{Term, View};

#[test]
fn what_is_built_reads_back() {
    let mut heap = ProcessHeap::new(64, HeapLimits::default());
    let one = Term::small_cut(1);
    let pair = build::tuple(&mut heap, &[one, Term::NIL]);
    let list = build::list(&mut heap, &[pair, one]);
    let cell = list.as_cons().expect("a list");
    assert_eq!(cell.head(), pair);
    assert_eq!(cell.tail().as_cons().map(|cell| (cell.head(), cell.tail())), Some((one, Term::NIL)));
    assert_eq!(pair.as_tuple().map(|tuple| tuple.elements().to_vec()), Some(vec![one, Term::NIL]));
    assert_eq!(build::float(&mut heap, 1.5).as_float(), Some(1.5));
    let big = build::integer(&mut heap, i64::MIN);
    assert_eq!(big.as_big().and_then(|big| big.integer().to_i64()), Some(i64::MIN));
}

#[test]
fn a_full_heap_goes_on_in_fragments() {
    let mut heap = ProcessHeap::new(16, HeapLimits::default());
    let list = build::byte_list(&mut heap, &[7; 100]);
    assert!(heap.fragment_words >= 180);
    let mut rest = list;
    let mut count = 0;
    while let Some(cell) = rest.as_cons() {
        assert_eq!(cell.head().as_small(), Some(7));
        rest = cell.tail();
        count += 1;
    }
    assert_eq!((count, rest), (100, Term::NIL));
}

#[test]
fn binaries_are_counted() {
    let block = BinaryBlock::from_bytes(&[9; 100]);
    let mut fragment = Fragment::with_capacity(10);
    let term = build::refc_binary(&mut fragment, block.clone(), 100, 0);
    assert_eq!(block.references(), 2);
    let part = build::sub_bits(&mut fragment, term, 12, 9);
    let View::Bits(bits) = part.view() else { panic!("a bitstring") };
    assert_eq!((bits.offset(), bits.len()), (4, 9));
    assert_eq!(bits.bytes().collect::<Vec<_>>(), [0x90, 0x80]);
    let mut heap = ProcessHeap::new(16, HeapLimits::default());
    heap.absorb(fragment);
    assert_eq!(block.references(), 2);
    drop(heap);
    assert_eq!(block.references(), 1);
}

#[test]
fn literals_have_memory_that_the_platform_has_committed() {
    /// A platform that has memory for so many bytes.
    struct Scarce(usize, usize);

    impl Platform for Scarce {
        fn monotonic(&mut self) -> u64 {
            0
        }

        fn system_time(&mut self) -> i64 {
            0
        }

        fn entropy(&mut self, _: &mut [u8]) {}

        fn write(&mut self, _: &[u8]) {}

        fn warn(&mut self, _: &str) {}

        fn commit(&mut self, pages: core::ops::Range<usize>) -> bool {
            assert_eq!(pages.start, self.1, "no page is committed twice, and none is left out");
            let has_room = pages.len() <= self.0;
            if has_room {
                self.0 -= pages.len();
                self.1 = pages.end;
            }
            has_room
        }

        fn park(&mut self, _: Option<u64>) {}

        fn module(&mut self, _: &str) -> Option<Vec<u8>> {
            None
        }
    }

    let mut space = LiteralSpace::new(Reservation::allocate(4 << 20).expect("memory"));
    let mut platform = Scarce(1 << 20, space.addresses().start);
    let area = space.area(100_000, &mut platform).expect("room");
    assert!(space.area(100, &mut platform).is_some());
    assert!(space.area(100_000, &mut platform).is_none());
    // SAFETY: the test looks at no term.
    #[expect(unsafe_code, reason = "gives an area back")]
    unsafe {
        space.release(area);
    }
    assert!(space.area(100_000, &mut platform).is_some());
}

#[test]
fn literal_areas_are_within_their_space_and_reused() {
    let mut space = LiteralSpace::new(Reservation::allocate(800).expect("memory"));
    let mut first = space.area(40, &mut NoPlatform).expect("room");
    let second = space.area(60, &mut NoPlatform).expect("room");
    assert!(space.area(1, &mut NoPlatform).is_none());
    let term = build::tuple(&mut first, &[Term::NIL; 3]);
    assert!(space.addresses().contains(&(term.raw() as usize)));
    // SAFETY: the test looks at no term afterwards.
    #[expect(unsafe_code, reason = "gives areas back")]
    unsafe {
        space.release(first);
        space.release(second);
    }
    assert!(space.area(100, &mut NoPlatform).is_some());
}

#[test]
fn words_are_given_back() {
    let mut heap = ProcessHeap::new(64, HeapLimits::default());
    let at = heap.allocate(10);
    heap.give_back(at, 10);
    assert_eq!(heap.used_words(), 0);
}
use std::vec;
use std::vec::Vec;
