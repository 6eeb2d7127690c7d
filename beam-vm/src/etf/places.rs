// SPDX-License-Identifier: Apache-2.0
//! Objects that are made before what is in them: the places of their terms are filled in order.
//!
//! So a term needs no stack of its elements, and is written once. Whoever has such an object sees that all its places are filled before
//! anybody looks into it, and that its heap lasts and is not collected until then.
#![expect(unsafe_code, reason = "writes to words of objects that it has allocated")]

use core::ptr::NonNull;

use crate::heap::Heap;
use crate::term::{Boxed, Cons, Header, Kind, Term, layout};

/// The elements of a tuple that are still to come.
#[derive(Debug)]
pub struct Elements {
    next: NonNull<Term>,
    left: usize,
}

impl Elements {
    /// A tuple of `count` elements.
    #[inline]
    pub fn tuple<H: Heap + ?Sized>(heap: &mut H, count: usize) -> (Term, Self) {
        let at = heap.allocate(1 + count);
        // SAFETY: the heap has given the words of a header and of the elements.
        unsafe {
            at.write(Header::new(Kind::Tuple, count).raw());
            (Boxed::new(at).term(), Self { next: at.add(1).cast(), left: count })
        }
    }

    /// Whether all are there.
    #[inline]
    pub const fn is_full(&self) -> bool {
        self.left == 0
    }

    /// The next one.
    #[inline]
    pub fn put(&mut self, term: Term) {
        assert!(self.left > 0, "a tuple has places for its elements");
        // SAFETY: the tuple has as many places as are left, from here on; see the head of this file for its words.
        unsafe {
            self.next.write(term);
            self.next = self.next.add(1);
        }
        self.left -= 1;
    }
}

/// The elements of a list that are still to come, and its tail.
#[derive(Debug)]
pub struct Cells {
    /// The cell of the next element; without one, the last cell.
    cell: NonNull<Term>,
    left: usize,
    tail: Tail,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tail {
    ToCome,
    There,
}

impl Cells {
    /// A list of `count` elements, one at least.
    #[inline]
    pub fn list<H: Heap + ?Sized>(heap: &mut H, count: usize) -> (Term, Self) {
        assert!(count > 0, "an empty list has no cells");
        let at = heap.allocate(layout::CONS_SIZE * count).cast();
        // SAFETY: the heap has given the words of the cells.
        let list = unsafe { Cons::new(at).term() };
        (list, Self { cell: at, left: count, tail: Tail::ToCome })
    }

    /// Whether all are there, and the tail.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.tail == Tail::There
    }

    /// The next element, or the tail when all are there.
    #[inline]
    pub fn put(&mut self, term: Term) {
        assert!(self.tail == Tail::ToCome, "a list has one tail");
        // SAFETY: there are as many cells as elements are left, from here on, or the last one without its tail; see the head of this file for
        // their words.
        unsafe {
            if self.left == 0 {
                self.cell.add(1).write(term);
                self.tail = Tail::There;
                return;
            }
            self.cell.write(term);
            self.left -= 1;
            if self.left > 0 {
                let next = self.cell.add(layout::CONS_SIZE);
                self.cell.add(1).write(Cons::new(next).term());
                self.cell = next;
            }
        }
    }
}
