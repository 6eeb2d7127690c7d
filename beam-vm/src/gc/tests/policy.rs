// SPDX-License-Identifier: Apache-2.0
//! When a collection is full, how large the heap is afterwards, and what a process is killed for. The numbers are what stock has after the
//! same allocations.
use super::*;
use crate::heap::{BinaryBlock, Heap, build};

fn list(bench: &mut Bench, cells: usize) -> Term {
    build::byte_list(bench.heap(), &std::vec![1; cells])
}

#[test]
fn the_first_block_grows_to_the_smallest_heap_and_nothing_ages() {
    let mut bench = Bench::new(40, HeapLimits::default());
    let kept = list(&mut bench, 10);
    bench.roots().push(kept);
    assert_eq!(bench.collect(Extent::Minor, 5), Outcome::Done);
    assert_eq!((bench.heap().block_words(), bench.heap().mature_words()), (233, 0));
    assert_eq!(bench.heap().used_words(), 20);
    assert_eq!(bench.heap().generations().minor, 0);
}

#[test]
fn what_survives_twice_is_old() {
    let mut bench = Bench::new(233, HeapLimits::default());
    let kept = list(&mut bench, 50);
    bench.roots().push(kept);
    // Nothing is mature yet, so this one is full.
    bench.collect(Extent::Minor, 0);
    assert_eq!((bench.heap().mature_words(), bench.heap().old_used_words()), (100, 0));
    assert_eq!(bench.heap().generations().minor, 0);
    bench.collect(Extent::Minor, 0);
    assert_eq!((bench.heap().used_words(), bench.heap().old_used_words()), (0, 100));
    // The size after that for the 100 words that were in use.
    assert_eq!(bench.heap().old_block_words(), 233);
    assert_eq!(bench.heap().generations().minor, 1);
    bench.collect(Extent::Full, 0);
    assert_eq!((bench.heap().used_words(), bench.heap().old_block_words()), (100, 0));
    assert_eq!(bench.heap().generations().minor, 0);
}

#[test]
fn fullsweep_after_counts_minor_collections() {
    let mut bench = Bench::new(233, HeapLimits { fullsweep_after: 2, ..HeapLimits::default() });
    let kept = list(&mut bench, 20);
    bench.roots().push(kept);
    let mut minors = Vec::new();
    for _ in 0..6 {
        bench.collect(Extent::Minor, 0);
        minors.push(bench.heap().generations().minor);
    }
    assert_eq!(minors, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn heaps_grow_for_what_is_asked_and_shrink_when_they_are_empty() {
    let mut bench = Bench::new(233, HeapLimits::default());
    bench.collect(Extent::Full, 20_000);
    assert_eq!(bench.heap().block_words(), 28_690);
    assert!(bench.heap().free_words() >= 20_000);
    for _ in 0..20_000 {
        let _ = bench.heap().allocate(1);
        bench.heap().top = bench.process.heap.start;
    }
    bench.collect(Extent::Full, 0);
    assert_eq!(bench.heap().block_words(), 233);
    assert_eq!(bench.heap().capacity, 233);
}

#[test]
fn a_hibernated_heap_has_nothing_to_spare() {
    let mut bench = Bench::new(610, HeapLimits::default());
    let kept = list(&mut bench, 20);
    bench.roots().push(kept);
    let _ = list(&mut bench, 100);
    bench.collect(Extent::Hibernate, 0);
    // The list, the return address, and room for another.
    assert_eq!((bench.heap().used_words(), bench.heap().capacity), (40, 40 + 1 + crate::heap::RESERVED));
    bench.collect(Extent::Minor, 0);
    assert_eq!(bench.heap().block_words(), 233);
}

#[test]
fn a_heap_beyond_its_limit_is_left_alone() {
    let limits = HeapLimits { max_words: 2000, ..HeapLimits::default() };
    let mut bench = Bench::new(1598, limits);
    let kept = list(&mut bench, 700);
    bench.roots().push(kept);
    assert_eq!(bench.collect(Extent::Full, 0), Outcome::TooLarge);
    assert_eq!(bench.heap().used_words(), 1400);
    bench.heap().limits_mut().max_kills = false;
    assert_eq!(bench.collect(Extent::Full, 0), Outcome::Done);
}

#[test]
fn binaries_alone_make_a_collection_due() {
    let mut bench = Bench::new(2586, HeapLimits::default());
    let block = BinaryBlock::new(50_000);
    for _ in 0..8 {
        assert!(!bench.heap().is_collection_due());
        build::refc_binary(bench.heap(), block.clone(), 50_000, 0);
    }
    assert!(bench.heap().is_collection_due());
    assert_eq!(block.references(), 9);
    bench.collect(Extent::Minor, 0);
    assert_eq!(block.references(), 1);
    assert!(!bench.heap().is_collection_due());
}

#[test]
fn room_for_appending_goes_when_nobody_appends() {
    let mut bench = Bench::new(233, HeapLimits::default());
    let first = crate::bits::init_writable(bench.heap(), 0).expect("memory");
    let append = |bench: &mut Bench, to: Term| {
        let bits = to.as_bits().expect("a binary");
        let (term, building) = crate::bits::append(bench.heap(), to, &bits, 800).expect("memory");
        // SAFETY: nobody looks at the new bytes yet.
        #[expect(unsafe_code, reason = "writes to a binary that is being built")]
        unsafe { building.writer() }.bytes(&[7; 100], 800);
        term
    };
    let capacity =
        |bench: &mut Bench| bench.heap().binaries().map(|binary| binary.capacity).collect::<Vec<_>>();
    let mut term = first;
    for _ in 0..5 {
        term = append(&mut bench, term);
    }
    bench.roots().push(term);
    bench.collect(Extent::Full, 0);
    assert_eq!(capacity(&mut bench), [600], "it was appended to before the first collection");
    bench.collect(Extent::Full, 0);
    assert_eq!(capacity(&mut bench), [600], "one alone keeps five times its size");
    let other = crate::bits::init_writable(bench.heap(), 1000).expect("memory");
    let other = append(&mut bench, other);
    bench.roots().push(other);
    bench.collect(Extent::Full, 0);
    let mut left = capacity(&mut bench);
    left.sort_unstable();
    assert_eq!(left, [500, 1000], "there is another to which is appended");
    bench.collect(Extent::Full, 0);
    let mut left = capacity(&mut bench);
    left.sort_unstable();
    assert_eq!(left, [500, 600]);
    let term = bench.roots()[0];
    let longer = append(&mut bench, term);
    assert!(longer.as_bits().is_some_and(|bits| bits.bytes().all(|byte| byte == 7) && bits.len() == 4800));
}

#[test]
fn fragments_are_taken_in() {
    let mut bench = Bench::new(40, HeapLimits::default());
    let kept = list(&mut bench, 1000);
    bench.roots().push(kept);
    assert!(bench.heap().fragment_words > 1900 && bench.heap().is_collection_due());
    bench.collect(Extent::Minor, 0);
    assert_eq!((bench.heap().fragment_words, bench.heap().used_words()), (0, 2000));
}
