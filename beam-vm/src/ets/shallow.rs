// SPDX-License-Identifier: Apache-2.0
//! Copies of tuples that are not deep, as most objects are: their elements are immediates, numbers, short binaries, lists and tuples of immediates. Such a
//! tuple needs no stack to be counted or copied, and where the pointers of the copy are is known at once.
#![expect(unsafe_code, reason = "writes words of objects")]

use core::ptr::NonNull;

use crate::heap::copy_new_words;
use crate::term::{Boxed, Cons, Kind, Term, layout};

/// A tuple that is not deep.
#[derive(Clone, Copy)]
pub(super) struct Shallow {
    tuple: Boxed,
    words: usize,
    is_flat: bool,
}

impl Shallow {
    /// A tuple as such a one, if it is.
    #[inline]
    pub(super) fn of(tuple: Term) -> Option<Self> {
        let elements = tuple.as_tuple()?;
        let mut inner = 0;
        for element in elements.elements() {
            if !element.is_immediate() {
                inner += words_of(*element)?;
            }
        }
        Some(Self { tuple: elements.boxed(), words: 1 + elements.len() + inner, is_flat: inner == 0 })
    }

    /// The words that a copy takes.
    #[inline]
    pub(super) fn words(self) -> usize {
        self.words
    }

    /// Makes a copy. Gives which of the first words are pointers, one bit for each, if all are among those.
    ///
    /// # Safety
    /// There has to be room for as many words as it takes.
    #[inline]
    pub(super) unsafe fn copy_to(self, at: NonNull<u64>) -> Option<u64> {
        let mut copy = Copy { start: at, top: at, pointers: 0 };
        // SAFETY: as the caller promises, and the words were counted.
        unsafe {
            let first = copy.words(self.tuple, 1 + self.tuple.header().arity());
            if self.is_flat {
                return Some(0);
            }
            for index in 1..=self.tuple.header().arity() {
                let place = first.add(index).cast::<Term>();
                let element = place.read();
                if let Some(cell) = element.as_cons() {
                    copy.list(place, cell);
                } else if let Some(boxed) = element.as_boxed() {
                    let copied = copy.words(boxed, 1 + boxed.header().arity());
                    copy.point(place, Boxed::new(copied).term());
                }
            }
        }
        (self.words <= u64::BITS as usize).then_some(copy.pointers)
    }
}

/// The words of an element that is no immediate, if it is not deep.
#[inline]
fn words_of(element: Term) -> Option<usize> {
    if let Some(mut cell) = element.as_cons() {
        let mut words = layout::CONS_SIZE;
        loop {
            let tail = cell.tail();
            if !cell.head().is_immediate() {
                return None;
            }
            match tail.as_cons() {
                Some(next) => cell = next,
                None => return tail.is_immediate().then_some(words),
            }
            words += layout::CONS_SIZE;
        }
    }
    let boxed = element.as_boxed()?;
    let is_whole = match boxed.header().kind() {
        Kind::HeapBinary | Kind::Float | Kind::BigPositive | Kind::BigNegative => true,
        Kind::Tuple => element.as_tuple()?.elements().iter().all(|element| element.is_immediate()),
        _ => false,
    };
    is_whole.then(|| 1 + boxed.header().arity())
}

/// A copy in the making.
struct Copy {
    start: NonNull<u64>,
    top: NonNull<u64>,
    /// Which words are pointers.
    pointers: u64,
}

impl Copy {
    /// # Safety
    /// There has to be room for the words, which are those of an object.
    #[inline(always)]
    unsafe fn words(&mut self, boxed: Boxed, words: usize) -> NonNull<u64> {
        let at = self.top;
        // SAFETY: as the caller promises.
        unsafe {
            copy_new_words(boxed.address().as_ptr(), at.as_ptr(), words);
            self.top = at.add(words);
        }
        at
    }

    /// Makes a word of the copy a pointer.
    ///
    /// # Safety
    /// The place is one of the copy's words.
    #[inline(always)]
    unsafe fn point(&mut self, place: NonNull<Term>, to: Term) {
        // SAFETY: as the caller promises.
        unsafe {
            place.write(to);
            let index = place.cast::<u64>().offset_from(self.start) as u32;
            self.pointers |= 1_u64.unbounded_shl(index);
        }
    }

    /// # Safety
    /// As for [`words`](Self::words) and [`point`](Self::point).
    #[inline(always)]
    unsafe fn list(&mut self, mut place: NonNull<Term>, mut cell: Cons) {
        loop {
            let at = self.top.cast::<Term>();
            let tail = cell.tail();
            // SAFETY: as the caller promises.
            unsafe {
                self.top = self.top.add(layout::CONS_SIZE);
                at.write(cell.head());
                at.add(1).write(tail);
                self.point(place, Cons::new(at).term());
                place = at.add(1);
            }
            match tail.as_cons() {
                Some(next) => cell = next,
                None => return,
            }
        }
    }
}
