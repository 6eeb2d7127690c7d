// SPDX-License-Identifier: Apache-2.0
//! The verifier finds each kind of damage.
#![expect(unsafe_code, reason = "damages heaps")]
use super::*;
use crate::heap::{BinaryBlock, build};
use crate::map;

/// A sound heap with one root, of which a word is overwritten.
fn damaged(make: impl Fn(&mut Bench) -> Term, word: usize, with: u64) -> &'static str {
    let mut bench = Bench::new(2586, HeapLimits::default());
    let term = make(&mut bench);
    bench.roots().push(term);
    bench.verify().expect("a sound heap");
    let at = term.raw() as usize & !7;
    let place = core::ptr::with_exposed_provenance_mut::<u64>(at).wrapping_add(word);
    // SAFETY: the word is one of the object, and is put back before anybody but the verifier looks.
    let before = unsafe { place.replace(with) };
    let found = bench.verify().expect_err("damage");
    // SAFETY: as above.
    unsafe { place.write(before) };
    bench.verify().expect("a sound heap again");
    found.what
}

fn pair(bench: &mut Bench) -> Term {
    build::tuple(bench.heap(), &[Term::NIL, Term::NIL])
}

#[test]
fn pointers_lead_to_objects_of_the_process() {
    assert_eq!(damaged(pair, 1, 0x1000 | 2), "it refers to memory of nobody");
    let triple = |bench: &mut Bench| build::tuple(bench.heap(), &[Term::NIL; 3]);
    assert_eq!(damaged(triple, 0, Term::NIL.raw()), "it refers into the middle of an object");
    assert_eq!(damaged(pair, 1, super::super::POISON), "it refers to memory of nobody");
    assert_eq!(damaged(pair, 0, 1 << 20), "an object is longer than the area");
    let cell = |bench: &mut Bench| build::cons(bench.heap(), Term::NIL, Term::NIL);
    assert_eq!(damaged(cell, 1, 8), "a word is no term");
    assert_eq!(damaged(cell, 1, Term::catch(0x1000).raw()), "a handler outside of the stack");
}

#[test]
fn numbers_are_normal() {
    let float = |bench: &mut Bench| build::float(bench.heap(), 1.0);
    assert_eq!(damaged(float, 1, f64::NAN.to_bits()), "a float is not finite");
    let big = |bench: &mut Bench| build::integer(bench.heap(), i64::MAX);
    assert_eq!(damaged(big, 1, 7), "a bignum is a small integer");
    assert_eq!(damaged(big, 1, 0), "a bignum has no limb or one of 0 too many");
}

#[test]
fn binaries_are_within_their_bytes() {
    let refc = |bench: &mut Bench| build::binary(bench.heap(), &[1; 100]);
    assert_eq!(damaged(refc, 1, 101), "a binary is longer than its block");
    assert_eq!(damaged(refc, 3, 5), "a binary has no block");
    assert_eq!(damaged(refc, 4, 0), "a binary has its bytes elsewhere");
    assert_eq!(damaged(refc, 2, 0x1000), "it leads to another's memory, or to no off-heap object");
    let part = |bench: &mut Bench| {
        let whole = build::binary(bench.heap(), &[1; 100]);
        build::sub_bits(bench.heap(), whole, 8, 11)
    };
    assert_eq!(damaged(part, 1, 99), "a part is longer than its original");
    assert_eq!(damaged(part, 3, 9), "a part has more than 7 odd bits");
    let short = |bench: &mut Bench| build::binary(bench.heap(), &[1; 10]);
    assert_eq!(damaged(short, 1, 100), "its size is not its kind's");
}

#[test]
fn maps_are_in_order() {
    let flat = |bench: &mut Bench| {
        let keys = build::tuple(bench.heap(), &[Term::small_cut(1), Term::small_cut(2)]);
        let map = build::flat_map(bench.heap(), keys, &[Term::NIL, Term::NIL]);
        bench.roots().push(map);
        keys
    };
    assert_eq!(damaged(flat, 1, Term::small_cut(3).raw()), "the keys of a map are not in order");
    let large = |bench: &mut Bench| {
        let pairs: Vec<_> = (0..100).map(|key| (Term::small_cut(key), Term::NIL)).collect();
        map::from_pairs(&mut bench.process.heap, &bench.atoms, &pairs)
    };
    assert_eq!(damaged(large, 1, Term::small_cut(99).raw()), "a map has another number of associations");
    let leaf = |bench: &mut Bench| {
        let pairs: Vec<_> = (0..100).map(|key| (Term::small_cut(key), Term::NIL)).collect();
        let map = map::from_pairs(&mut bench.process.heap, &bench.atoms, &pairs);
        bench.roots().push(map);
        let mut node = map.as_map().map(|map| map.root_children()[0]).expect("a large map");
        while let crate::term::View::MapNode(inner) = node.view() {
            node = inner.children()[0];
        }
        node
    };
    assert_eq!(damaged(leaf, 0, Term::small_cut(1000).raw()), "a key of a map is not where it is looked for");
}

#[test]
fn old_objects_refer_to_old_ones() {
    let mut bench = Bench::new(233, HeapLimits::default());
    let old = pair(&mut bench);
    bench.roots().push(old);
    bench.collect(Extent::Minor, 0);
    bench.collect(Extent::Minor, 0);
    let young = pair(&mut bench);
    let old = bench.roots()[0];
    let place = old.as_boxed().expect("a tuple").address();
    // SAFETY: the word is one of the tuple.
    unsafe { place.add(1).write(young.raw()) };
    assert_eq!(bench.verify().expect_err("damage").what, "it refers to memory that it may not refer to");
}

#[test]
fn lists_of_off_heap_objects_are_complete() {
    let mut bench = Bench::new(233, HeapLimits::default());
    let block = BinaryBlock::new(100);
    build::refc_binary(bench.heap(), block.clone(), 100, 0);
    build::refc_binary(bench.heap(), block, 100, 0);
    let first = bench.heap().off_heap.first;
    bench.heap().off_heap.first = 0;
    assert_eq!(bench.verify().expect_err("damage").what, "it lacks objects");
    bench.heap().off_heap.first = first;
    let next = core::ptr::with_exposed_provenance_mut::<u64>(first as usize).wrapping_add(2);
    // SAFETY: the word is that of the next object, and is put back.
    unsafe {
        let before = next.replace(first);
        assert_eq!(bench.verify().expect_err("damage").what, "it has an object twice");
        next.write(before);
    }
}
