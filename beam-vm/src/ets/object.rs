// SPDX-License-Identifier: Apache-2.0
//! Objects: tuples that belong to a table. Each is one block of memory: the link of its bucket, its hash, and the words of the tuple, the
//! tuple itself first. What is before the tuple is kept small: with the header and the key it is in one line of the cache, mostly.
//!
//! A handle is as good as the object, as a term is: it stays good until the table that has it frees it.
#![expect(unsafe_code, reason = "lays objects out in blocks of its own")]

use alloc::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use core::ops::Range;
use core::ptr::NonNull;

use crate::copy;
use crate::heap::{BinaryBlock, Heap, OffHeap, copy_words};
use crate::term::{Boxed, Cons, Header, Kind, Term, layout};

/// Objects refer to nothing outside of themselves, so that literals may go.
const NO_LITERALS: Range<usize> = 0..0;

/// What comes before the words of the tuple.
#[repr(C)]
struct Node {
    /// The next object of the bucket.
    next: Option<Object>,
    /// The first of the off-heap objects in it.
    off_heap: u64,
    /// The hash of the key.
    hash: u32,
    /// How many words follow, and [`DELETED`].
    words: u32,
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

fn layout_of(words: usize) -> Layout {
    let words = Layout::array::<u64>(words).unwrap_or(Layout::new::<u64>());
    Layout::new::<Node>().extend(words).map_or(Layout::new::<Node>(), |(layout, _)| layout)
}

impl Object {
    /// A copy of a tuple.
    #[must_use]
    pub fn new(tuple: Term, hash: u32) -> Self {
        if let Some(boxed) = copy::flat_tuple(tuple) {
            let words = 1 + boxed.header().arity();
            return Self::make(words, hash, |heap| {
                let at = heap.allocate(words);
                // SAFETY: the words have just been given, as many as the tuple has.
                unsafe { copy_words(boxed.address().as_ptr(), at.as_ptr(), words) };
            });
        }
        let words = copy::size_of(tuple, &NO_LITERALS);
        Self::make(words, hash, |heap| {
            copy::copy_of(tuple, words, heap, &NO_LITERALS);
        })
    }

    /// An object of copies of elements.
    #[must_use]
    pub fn of_elements(elements: &[Term], hash: u32) -> Self {
        let inner: usize = elements.iter().map(|element| copy::size_of(*element, &NO_LITERALS)).sum();
        Self::make(1 + elements.len() + inner, hash, |heap| {
            let at = heap.allocate(1 + elements.len());
            // SAFETY: the words have just been given; each element is written before anybody looks.
            unsafe {
                at.write(Header::new(Kind::Tuple, elements.len()).raw());
                for (index, element) in elements.iter().enumerate() {
                    let element = copy::copy(*element, heap, &NO_LITERALS);
                    at.add(1 + index).write(element.raw());
                }
            }
        })
    }

    fn make(words: usize, hash: u32, fill: impl FnOnce(&mut Words)) -> Self {
        let layout = layout_of(words);
        let size = u32::try_from(words).ok().filter(|size| size & DELETED == 0);
        // SAFETY: the layout has a node's size at least.
        let node = size.and_then(|_| NonNull::new(unsafe { alloc(layout) }.cast::<Node>()));
        let (Some(size), Some(node)) = (size, node) else { handle_alloc_error(layout) };
        let _ = node.expose_provenance();
        // SAFETY: the block has room for a node and the words after it.
        unsafe {
            let mut heap = Words { at: node.add(1).cast(), off_heap: OffHeap::default() };
            fill(&mut heap);
            debug_assert_eq!(heap.at, node.add(1).cast::<u64>().add(words));
            let off_heap = heap.off_heap.into_first();
            node.write(Node { next: None, off_heap, hash, words: size });
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
            drop(OffHeap { first: self.node().off_heap, words: 0 });
            dealloc(self.0.as_ptr().cast(), layout_of(words));
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

    /// Asks for its memory, which is looked at soon: the line that it begins in, and the next, where most small ones end.
    #[inline]
    pub(super) fn prefetch(self) {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let first: *const i8 = self.0.as_ptr().cast();
        // SAFETY: a prefetch changes nothing and does not fail, wherever it leads.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(first);
            _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(64));
        }
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
        let list = core::mem::ManuallyDrop::new(OffHeap { first: self.node().off_heap, words: 0 });
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
            let size = Header::from_raw(tuple.read()).map_or(0, Header::arity);
            (position.wrapping_sub(1) < size).then(|| Term::from_raw(tuple.add(position).read()))
        }
    }

    /// Writes an immediate in the place of another.
    ///
    /// # Panics
    /// When one of them is none.
    pub fn set_element(self, position: usize, value: Term) {
        let before = self.element(position);
        assert!(before.is_some_and(Term::is_immediate) && value.is_immediate(), "two immediates");
        // SAFETY: the element is there, and the new one refers to nothing.
        unsafe { self.0.add(1).cast::<Term>().add(position).write(value) };
    }

    /// A copy of it.
    pub fn copy_to<H: Heap + ?Sized>(self, heap: &mut H) -> Term {
        let node = self.node();
        if node.off_heap != 0 {
            return copy::copy_of(self.term(), self.words(), heap, &NO_LITERALS);
        }
        let words = self.words();
        let at = heap.allocate(words);
        // SAFETY: the heap has given as many words, which become a copy of live ones; all that they refer to is among them.
        unsafe {
            let source = self.0.add(1).cast::<u64>();
            copy_words(source.as_ptr(), at.as_ptr(), words);
            let distance = (at.addr().get() as u64).wrapping_sub(source.addr().get() as u64);
            if words > 1 + Header::from_raw(source.read()).map_or(0, Header::arity) {
                relocate(at, words, distance);
            }
            Boxed::new(at).term()
        }
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

/// Makes the terms in words that were moved as a whole point to where they are now.
///
/// # Safety
/// The words are objects and cons cells one after the other, whose pointers point among the words as they were `distance` before.
unsafe fn relocate(at: NonNull<u64>, words: usize, distance: u64) {
    let mut index = 0;
    // SAFETY: as the caller promises.
    unsafe {
        while index < words {
            let raw = at.add(index).read();
            match Header::from_raw(raw) {
                Some(header) => {
                    for place in header.kind().terms(header.arity()) {
                        move_term(at.add(index + place), distance);
                    }
                    index += 1 + header.arity();
                }
                None => {
                    move_term(at.add(index), distance);
                    index += 1;
                }
            }
        }
    }
}

/// # Safety
/// The word is a term whose pointer, if it is one, points `distance` before what it has to.
unsafe fn move_term(place: NonNull<u64>, distance: u64) {
    // SAFETY: as the caller promises.
    unsafe {
        let term = Term::from_raw(place.read());
        let moved = |address: usize| {
            let address = (address as u64).wrapping_add(distance) as usize;
            NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(address))
        };
        if let Some(cell) = term.as_cons() {
            place.write(Cons::new(moved(cell.address().addr().get()).cast()).term().raw());
        } else if let Some(boxed) = term.as_boxed() {
            place.write(Boxed::new(moved(boxed.address().addr().get())).term().raw());
        }
    }
}

const _: () = assert!(size_of::<Node>() == 24 && layout::CONS_SIZE == 2);

#[cfg(test)]
mod tests {
    use super::{OVERHEAD, Object};
    use crate::compare;
    use crate::heap::{Fragment, build};
    use crate::term::Term;

    #[test]
    fn copies_are_the_same_and_stand_alone() {
        let mut block = Fragment::default();
        let inner = build::list(&mut block, &[Term::small_cut(1), Term::small_cut(2)]);
        let float = build::float(&mut block, 1.5);
        let big = build::unsigned(&mut block, u64::MAX);
        let text = build::binary(&mut block, b"a text");
        let long = build::binary(&mut block, &[7; 100]);
        let pair = build::tuple(&mut block, &[inner, float]);
        for elements in [&[pair, big, text][..], &[pair, long, inner], &[Term::NIL]] {
            let tuple = build::tuple(&mut block, elements);
            let object = Object::new(tuple, 5);
            let other = Object::of_elements(elements, 5);
            assert!(compare::same(object.term(), tuple) && compare::same(other.term(), tuple));
            assert_eq!((object.words(), OVERHEAD), (other.words(), 4));
            let mut heap = Fragment::default();
            let copied = object.copy_to(&mut heap);
            #[expect(unsafe_code, reason = "frees what nobody looks at")]
            // SAFETY: only the copy is looked at afterwards.
            unsafe {
                object.free();
                other.free();
            }
            assert!(compare::same(copied, tuple));
        }
    }
}
