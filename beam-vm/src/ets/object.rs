// SPDX-License-Identifier: Apache-2.0
//! Objects: tuples that belong to a table. Each has one place in the memory of tables: the link of its bucket, its hash, and the words of the tuple, the
//! tuple itself first. What is before the tuple is kept small: with the header and the key it is in one line of the cache, mostly.
//!
//! A copy of an object is one of its words, but for the pointers among them, which point to other words of the object. Where they are is found out
//! when the object is copied first, and kept.
//!
//! A handle is as good as the object, as a term is: it stays good until the table that has it frees it.
#![expect(unsafe_code, reason = "lays objects out in memory of tables")]

use alloc::alloc::{Layout, handle_alloc_error};
use core::ops::Range;
use core::ptr::NonNull;

use super::pages::{self, Pages};
use super::shallow::Shallow;
use crate::copy;
use crate::heap::{BinaryBlock, Heap, OffHeap, build, copy_words};
use crate::term::{Boxed, Cons, Header, Kind, Term, Tuple, layout};

/// Objects refer to nothing outside of themselves, so that literals may go.
const NO_LITERALS: Range<usize> = 0..0;

/// What comes before the words of the tuple.
#[repr(C)]
struct Node {
    /// The next object of the bucket.
    next: Option<Object>,
    /// Which of the words are more than numbers.
    inside: Inside,
    /// The hash of the key.
    hash: u32,
    /// How many words follow, and [`DELETED`].
    words: u32,
}

/// Which words of an object are more than numbers. 0 stands for what nobody has looked for yet; else there are either off-heap objects, of
/// which this is the address of the first, or the lowest bit is set, and each other bit whose word has a pointer.
#[derive(Clone, Copy)]
struct Inside(u64);

impl Inside {
    const UNKNOWN: Self = Self(0);
    /// There is no pointer.
    const FLAT: Self = Self(1);

    /// The address of the first off-heap object.
    fn off_heap(self) -> Option<u64> {
        (self.0 != 0 && self.0 & 1 == 0).then_some(self.0)
    }

    /// The off-heap objects, of which the caller has to give up the list as often as there are references to them.
    fn off_heap_list(self) -> OffHeap {
        OffHeap { first: self.off_heap().unwrap_or(0), words: 0 }
    }

    /// Those of the first words that have pointers, one bit for each; the first word of a tuple never has.
    #[inline]
    fn pointers(self) -> Option<u64> {
        (self.0 & 1 != 0).then_some(self.0 & !1)
    }
}

/// It was deleted while somebody held its place in the table.
const DELETED: u32 = 1 << 31;

/// Words that an object of stock's takes beside its tuple, as `ets:info` tells.
pub const OVERHEAD: usize = 4;

/// An object of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Object(NonNull<Node>);

/// The words of an object that is being made.
struct Words {
    at: NonNull<u64>,
    off_heap: OffHeap,
}

impl Heap for Words {
    fn allocate(&mut self, words: usize) -> NonNull<u64> {
        let at = self.at;
        // SAFETY: the block has as many words as all that is put there takes.
        self.at = unsafe { at.add(words) };
        at
    }

    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.off_heap
    }

    fn give_back(&mut self, at: NonNull<u64>, _: usize) {
        self.at = at;
    }
}

impl Words {
    #[inline(always)]
    fn put(&mut self, tuple: Shallow) -> Inside {
        let at = self.allocate(tuple.words());
        // SAFETY: the words have just been given.
        match unsafe { tuple.copy_to(at) } {
            Some(pointers) => Inside(Inside::FLAT.0 | pointers),
            None => Inside::UNKNOWN,
        }
    }
}

/// The bytes of an object of so many words.
#[inline]
fn bytes_of(words: usize) -> usize {
    size_of::<Node>() + 8 * words
}

impl Object {
    /// A copy of a tuple.
    #[must_use]
    pub fn new(pages: &Pages, tuple: Term, hash: u32) -> Self {
        if let Some(shallow) = Shallow::of(tuple) {
            return Self::make(pages, shallow.words(), hash, |heap| heap.put(shallow));
        }
        let words = copy::size_of(tuple, &NO_LITERALS);
        Self::make(pages, words, hash, |heap| {
            copy::copy_of(tuple, words, heap, &NO_LITERALS);
            Inside::UNKNOWN
        })
    }

    /// Makes it one of another tuple with the same key, if that takes as many words.
    #[inline]
    #[must_use]
    pub(super) fn become_copy_of(self, tuple: Term) -> bool {
        if let Some(shallow) = Shallow::of(tuple) {
            return self.overwrite(shallow.words(), |heap| heap.put(shallow));
        }
        let words = copy::size_of(tuple, &NO_LITERALS);
        self.overwrite(words, |heap| {
            copy::copy_of(tuple, words, heap, &NO_LITERALS);
            Inside::UNKNOWN
        })
    }

    /// Writes other words in the place of its own, if they are as many.
    #[inline(always)]
    fn overwrite(self, words: usize, fill: impl FnOnce(&mut Words) -> Inside) -> bool {
        if self.node().words as usize != words {
            return false;
        }
        drop(self.node().inside.off_heap_list());
        // SAFETY: the object is live and has as many words, which nobody has a reference to; nor has anybody one to the field.
        unsafe {
            let inside = write_words(self.0, words, fill);
            (*self.0.as_ptr()).inside = inside;
        }
        true
    }

    /// An object of copies of elements.
    #[must_use]
    pub fn of_elements(pages: &Pages, elements: &[Term], hash: u32) -> Self {
        let inner: usize = elements.iter().map(|element| copy::size_of(*element, &NO_LITERALS)).sum();
        let inside = if inner == 0 { Inside::FLAT } else { Inside::UNKNOWN };
        Self::make(pages, 1 + elements.len() + inner, hash, |heap| {
            let at = heap.allocate(1 + elements.len());
            // SAFETY: the words have just been given; each element is written before anybody looks.
            unsafe {
                at.write(Header::new(Kind::Tuple, elements.len()).raw());
                for (index, element) in elements.iter().enumerate() {
                    let element = copy::copy(*element, heap, &NO_LITERALS);
                    at.add(1 + index).write(element.raw());
                }
            }
            inside
        })
    }

    /// An object of so many words, which `fill` writes. If it has off-heap objects, nobody knows of `inside` yet.
    #[inline]
    fn make(pages: &Pages, words: usize, hash: u32, fill: impl FnOnce(&mut Words) -> Inside) -> Self {
        let size = u32::try_from(words).ok().filter(|size| size & DELETED == 0);
        let Some(size) = size else { handle_alloc_error(Layout::new::<Node>()) };
        let node = pages.take(bytes_of(words)).cast::<Node>();
        // SAFETY: the place has room for a node and the words after it.
        unsafe {
            let inside = write_words(node, words, fill);
            node.write(Node { next: None, inside, hash, words: size });
        }
        Self(node)
    }

    /// Frees it.
    ///
    /// # Safety
    /// Nobody may use the object or terms of it afterwards.
    pub unsafe fn free(self) {
        // SAFETY: the object is live, and nobody uses it afterwards.
        unsafe {
            let words = self.words();
            drop(self.node().inside.off_heap_list());
            pages::free(self.0.cast(), bytes_of(words));
        }
    }

    fn node(&self) -> &Node {
        // SAFETY: the object is live.
        unsafe { self.0.as_ref() }
    }

    /// The tuple.
    #[must_use]
    #[inline]
    pub fn term(self) -> Term {
        // SAFETY: the words after the node are those of a tuple.
        unsafe { Boxed::new(self.0.add(1).cast()).term() }
    }

    /// The hash of the key.
    #[must_use]
    #[inline]
    pub fn hash(self) -> u32 {
        self.node().hash
    }

    /// The next object of the bucket.
    #[must_use]
    #[inline]
    pub fn next(self) -> Option<Self> {
        self.node().next
    }

    /// Links it to the next object of the bucket.
    pub fn set_next(self, next: Option<Self>) {
        // SAFETY: the object is live, and nobody has a reference to the field.
        unsafe { (*self.0.as_ptr()).next = next };
    }

    /// Where it is.
    #[inline]
    pub(super) fn address(self) -> u64 {
        self.0.addr().get() as u64
    }

    /// The object at an address.
    ///
    /// # Safety
    /// The address is that of an object that was not freed.
    #[inline]
    pub(super) unsafe fn from_address(address: u64) -> Self {
        // SAFETY: as the caller promises; no object is at 0.
        Self(unsafe { NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(address as usize)) })
    }

    /// Asks for its memory, which is looked at soon.
    #[inline]
    pub fn prefetch(self, lines: Lines) {
        prefetch_at(self.start(), lines);
    }

    /// Where its memory begins.
    #[inline]
    pub(super) fn start(self) -> *const u8 {
        self.0.as_ptr().cast()
    }

    /// Whether it is a tuple of this size with this immediate at a position, counted from 1. Which of both it lacks is not branched on.
    #[inline]
    pub fn is_like(self, size: usize, position: usize, value: Term) -> bool {
        let element = self.element(position);
        (self.term().as_tuple().map_or(0, Tuple::len) == size) & (element == Some(value))
    }

    /// Whether it was deleted and is only kept for its place.
    #[must_use]
    #[inline]
    pub fn is_deleted(self) -> bool {
        self.node().words & DELETED != 0
    }

    /// Marks it as deleted, or as what it was before.
    pub fn mark(self, deleted: Deleted) {
        let mark = if deleted == Deleted::Yes { DELETED } else { 0 };
        // SAFETY: the object is live, and nobody has a reference to the field.
        unsafe { (*self.0.as_ptr()).words = self.words() as u32 | mark };
    }

    /// How many words its tuple takes.
    #[must_use]
    #[inline]
    pub fn words(self) -> usize {
        (self.node().words & !DELETED) as usize
    }

    /// The binaries outside of heaps that it refers to: address, bytes, and how many refer to the same.
    pub fn binaries(self) -> alloc::vec::Vec<(u64, usize, usize)> {
        let list = core::mem::ManuallyDrop::new(self.node().inside.off_heap_list());
        let binaries = list.objects().filter(|object| object.header().kind() == Kind::RefcBinary);
        binaries
            .map(|object| {
                // SAFETY: the word is a reference to a block, which the object keeps.
                let block = unsafe {
                    core::mem::ManuallyDrop::new(BinaryBlock::from_raw(
                        object.address().add(layout::REFC_BLOCK).read(),
                    ))
                };
                let bytes = object.words()[layout::REFC_BYTES - 1] as usize;
                (object.address().addr().get() as u64, bytes, block.references())
            })
            .collect()
    }

    /// The element at a position, counted from 1.
    #[must_use]
    #[inline]
    pub fn element(self, position: usize) -> Option<Term> {
        // SAFETY: the words after the node are those of a tuple: its header, and as many elements as that says.
        unsafe {
            let tuple = self.0.add(1).cast::<u64>();
            let size = Header::from_raw(tuple.read()).unwrap_unchecked().arity();
            (position.wrapping_sub(1) < size).then(|| Term::from_raw(tuple.add(position).read()))
        }
    }

    /// Whether an element is this immediate.
    #[must_use]
    #[inline]
    pub(super) fn has_immediate(self, position: usize, value: Term) -> bool {
        debug_assert!(value.is_immediate(), "other terms may be the same in other words");
        self.element(position) == Some(value)
    }

    /// Puts another small integer in the place of one, if the element is one. Gives what it was and what it is.
    #[inline(always)]
    pub fn change_small(
        self,
        position: usize,
        change: impl FnOnce(i64) -> Option<i64>,
    ) -> Option<(Term, Term)> {
        let before = self.element(position)?;
        let after = Term::small(change(before.as_small()?)?)?;
        // SAFETY: the element is there, and neither it nor the new one refers to anything.
        unsafe { self.0.add(1).cast::<Term>().add(position).write(after) };
        Some((before, after))
    }

    /// Writes an immediate in the place of another.
    ///
    /// # Panics
    /// When one of them is none.
    #[inline]
    pub fn set_element(self, position: usize, value: Term) {
        let before = self.element(position);
        assert!(before.is_some_and(Term::is_immediate) && value.is_immediate(), "two immediates");
        // SAFETY: the element is there, and the new one refers to nothing.
        unsafe { self.0.add(1).cast::<Term>().add(position).write(value) };
    }

    /// A copy of it.
    #[inline]
    pub fn copy_to<H: Heap + ?Sized>(self, heap: &mut H) -> Term {
        let Some(mut pointers) = self.node().inside.pointers() else { return self.copy_unknown(heap) };
        let (at, distance) = self.copy_words_to(heap);
        while pointers != 0 {
            // SAFETY: the bits say which of the words are pointers to others of them.
            unsafe { move_pointer(at.add(pointers.trailing_zeros() as usize), distance) };
            pointers &= pointers - 1;
        }
        // SAFETY: a tuple is at the beginning of the words.
        unsafe { Boxed::new(at).term() }
    }

    /// A list of a copy of it and nothing else.
    #[inline]
    pub fn copy_to_list<H: Heap + ?Sized>(self, heap: &mut H) -> Term {
        if self.node().inside.pointers() != Some(0) {
            let copied = self.copy_to(heap);
            return build::cons(heap, copied, Term::NIL);
        }
        let words = self.words();
        let at = heap.allocate(words + layout::CONS_SIZE);
        // SAFETY: the heap has given as many words, which become a copy of live ones that are no pointers, and a cons cell behind it.
        unsafe {
            copy_words(self.0.add(1).cast::<u64>().as_ptr(), at.as_ptr(), words);
            let cell = at.add(words).cast::<Term>();
            cell.write(Boxed::new(at).term());
            cell.add(1).write(Term::NIL);
            Cons::new(cell).term()
        }
    }

    /// A copy of it if nobody knows where its pointers are, or there are more than bits.
    #[inline(never)]
    fn copy_unknown<H: Heap + ?Sized>(self, heap: &mut H) -> Term {
        if self.node().inside.off_heap().is_some() {
            return copy::copy_of(self.term(), self.words(), heap, &NO_LITERALS);
        }
        let words = self.words();
        let (at, distance) = self.copy_words_to(heap);
        let mut inside = Inside::FLAT;
        // SAFETY: the words are those of a term that refers to nothing else. Nobody has a reference to the field.
        unsafe {
            each_pointer(at, words, |index| {
                move_pointer(at.add(index), distance);
                inside.0 |= 1_u64.unbounded_shl(index as u32);
            });
            if words <= u64::BITS as usize {
                (*self.0.as_ptr()).inside = inside;
            }
            Boxed::new(at).term()
        }
    }

    /// Copies the words as they are. Gives where the copy is, and how far that is from here.
    #[inline(always)]
    fn copy_words_to<H: Heap + ?Sized>(self, heap: &mut H) -> (NonNull<u64>, u64) {
        let words = self.words();
        let at = heap.allocate(words);
        // SAFETY: the heap has given as many words, which become a copy of live ones.
        unsafe {
            let source = self.0.add(1).cast::<u64>();
            copy_words(source.as_ptr(), at.as_ptr(), words);
            (at, (at.addr().get() as u64).wrapping_sub(source.addr().get() as u64))
        }
    }
}

/// Lets the words of a node be written, and tells what is in them: what is said of that if they have no off-heap objects.
///
/// # Safety
/// The words are there, and nobody has a reference to them.
#[inline(always)]
unsafe fn write_words(node: NonNull<Node>, words: usize, fill: impl FnOnce(&mut Words) -> Inside) -> Inside {
    // SAFETY: as the caller promises.
    let first = unsafe { node.add(1).cast::<u64>() };
    let mut heap = Words { at: first, off_heap: OffHeap::default() };
    let inside = fill(&mut heap);
    // SAFETY: as the caller promises.
    debug_assert_eq!(heap.at, unsafe { first.add(words) });
    let off_heap = heap.off_heap.into_first();
    if off_heap == 0 { inside } else { Inside(off_heap) }
}

/// Asks for memory that is looked at soon.
#[inline]
pub(super) fn prefetch_at(first: *const u8, lines: Lines) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    let first: *const i8 = first.cast();
    // SAFETY: a prefetch changes nothing and does not fail, wherever it leads.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(first);
        if lines == Lines::Two {
            _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(64));
        }
    }
}

/// How many lines of the cache objects are in, as far as it is worth to ask for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lines {
    /// One.
    One,
    /// Two.
    Two,
}

impl Lines {
    /// Those of objects of so many words.
    #[must_use]
    pub fn of(words: usize) -> Self {
        if bytes_of(words) > 64 { Self::Two } else { Self::One }
    }
}

/// Whether an object is deleted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deleted {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Shows which words are pointers.
///
/// # Safety
/// The words are objects and cons cells one after the other.
unsafe fn each_pointer(at: NonNull<u64>, words: usize, mut visit: impl FnMut(usize)) {
    let mut index = 0;
    // SAFETY: as the caller promises.
    unsafe {
        let is_pointer = |index: usize| !Term::from_raw(at.add(index).read()).is_immediate();
        while index < words {
            let Some(header) = Header::from_raw(at.add(index).read()) else {
                if is_pointer(index) {
                    visit(index);
                }
                index += 1;
                continue;
            };
            for place in header.kind().terms(header.arity()) {
                if is_pointer(index + place) {
                    visit(index + place);
                }
            }
            index += 1 + header.arity();
        }
    }
}

/// # Safety
/// The word is a pointer that points `distance` before what it has to.
#[inline]
unsafe fn move_pointer(place: NonNull<u64>, distance: u64) {
    // SAFETY: as the caller promises. Both addresses are multiples of a word, so that the tag stays.
    unsafe { place.write(place.read().wrapping_add(distance)) };
}

const _: () = assert!(size_of::<Node>() == 24 && layout::CONS_SIZE == 2);

#[cfg(test)]
mod tests {
    use super::{OVERHEAD, Object, Pages};
    use crate::compare;
    use crate::heap::{Fragment, build};
    use crate::term::Term;

    #[test]
    fn an_object_becomes_another_of_as_many_words() {
        let pages = Pages::default();
        let mut block = Fragment::default();
        let (one, two) = (Term::small_cut(1), Term::small_cut(2));
        let list = build::list(&mut block, &[one, two]);
        let deep = build::list(&mut block, &[list, list]);
        let (float, text) = (build::float(&mut block, 1.5), build::binary(&mut block, b"a text"));
        let long = build::binary(&mut block, &[7; 100]);
        let pair = build::tuple(&mut block, &[one, two]);
        let nested = build::tuple(&mut block, &[pair, one]);
        let many = build::list(&mut block, &[one; 70]);
        let parts = [one, list, deep, float, text, long, pair, nested, many];
        for (first, second) in
            parts.iter().flat_map(|first| parts.iter().map(move |second| (*first, *second)))
        {
            let [before, after] =
                [[first, second], [second, first]].map(|elements| build::tuple(&mut block, &elements));
            let object = Object::new(&pages, before, 5);
            let mut heap = Fragment::default();
            assert!(compare::same(object.copy_to(&mut heap), before));
            assert!(object.become_copy_of(after), "it takes as many words");
            let copies = [object.copy_to(&mut heap), object.copy_to(&mut heap)];
            let listed = object.copy_to_list(&mut heap).as_cons().expect("it is a list");
            let larger = build::tuple(&mut block, &[first, second, one]);
            assert!(!object.become_copy_of(larger) && listed.tail().is_nil());
            #[expect(unsafe_code, reason = "frees what nobody looks at")]
            // SAFETY: only copies are looked at afterwards.
            unsafe {
                object.free();
            }
            assert!(copies.iter().chain([&listed.head()]).all(|copy| compare::same(*copy, after)));
        }
    }

    #[test]
    fn copies_are_the_same_and_stand_alone() {
        let pages = Pages::default();
        let mut block = Fragment::default();
        let inner = build::list(&mut block, &[Term::small_cut(1), Term::small_cut(2)]);
        let float = build::float(&mut block, 1.5);
        let big = build::unsigned(&mut block, u64::MAX);
        let text = build::binary(&mut block, b"a text");
        let long = build::binary(&mut block, &[7; 100]);
        let pair = build::tuple(&mut block, &[inner, float]);
        for elements in [&[pair, big, text][..], &[pair, long, inner], &[Term::NIL]] {
            let tuple = build::tuple(&mut block, elements);
            let object = Object::new(&pages, tuple, 5);
            let other = Object::of_elements(&pages, elements, 5);
            assert!(compare::same(object.term(), tuple) && compare::same(other.term(), tuple));
            assert_eq!((object.words(), OVERHEAD), (other.words(), 4));
            let mut heap = Fragment::default();
            let first = object.copy_to(&mut heap);
            let copied = object.copy_to(&mut heap);
            #[expect(unsafe_code, reason = "frees what nobody looks at")]
            // SAFETY: only the copy is looked at afterwards.
            unsafe {
                object.free();
                other.free();
            }
            assert!(compare::same(first, tuple) && compare::same(copied, tuple));
        }
    }
}
