// SPDX-License-Identifier: Apache-2.0
//! Copying: an object that is reached is copied, its old place says where to, and the copies are scanned for more (C. J. Cheney, 1970).
//!
//! The scan goes word by word: a tuple or map begins with a word that is no term and is followed by terms, so only objects with
//! data in them need a look at their kind. What moves is told by the address alone, and the young block is asked about first,
//! because most pointers of young objects lead there.
#![expect(unsafe_code, reason = "moves what terms point to")]

use core::ops::Range;
use core::ptr::NonNull;

use crate::term::{Boxed, Cons, Header, Kind, Term, layout};

/// Where copies go.
pub struct Space {
    /// The first word that may be a copy.
    pub start: *mut u64,
    /// The word after the last copy.
    pub top: *mut u64,
    end: *mut u64,
}

impl Space {
    /// The free part of a block, up to its end.
    pub fn new(top: *mut u64, end: *mut u64) -> Self {
        Self { start: top, top, end }
    }

    #[inline(always)]
    fn take(&mut self, words: usize) -> *mut u64 {
        let at = self.top;
        debug_assert!(
            words <= (self.end.addr() - at.addr()) / 8,
            "the space has room for all that can be alive"
        );
        // SAFETY: the space was made large enough for all that can be alive.
        self.top = unsafe { at.add(words) };
        at
    }
}

/// Addresses from one up to another.
#[derive(Clone, Copy)]
pub struct Area {
    start: usize,
    bytes: usize,
}

impl Area {
    /// No address.
    pub const NONE: Self = Self { start: 0, bytes: 0 };

    /// From a word up to another.
    pub fn new(from: *mut u64, to: *mut u64) -> Self {
        Self { start: from.addr(), bytes: to.addr() - from.addr() }
    }

    #[inline(always)]
    const fn contains(self, address: usize) -> bool {
        address.wrapping_sub(self.start) < self.bytes
    }
}

impl From<Range<usize>> for Area {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, bytes: range.end - range.start }
    }
}

/// What a collection knows.
pub struct Tracer {
    /// The young block: all in it moves.
    pub young: Area,
    /// The part of it that goes to the old generation.
    pub mature: Area,
    /// The addresses of literals, which stay.
    pub literals: Area,
    /// The old generation, if it stays.
    pub kept: Area,
    /// The new young generation.
    pub to_young: Space,
    /// The old generation.
    pub to_old: Space,
}

impl Tracer {
    /// Where the object at an address moves to, if it does.
    #[inline(always)]
    fn space(&mut self, address: usize) -> Option<&mut Space> {
        if self.young.contains(address) {
            return Some(if self.mature.contains(address) { &mut self.to_old } else { &mut self.to_young });
        }
        if self.literals.contains(address) || self.kept.contains(address) {
            return None;
        }
        Some(&mut self.to_young)
    }

    /// Makes a place refer to the copy of what it refers to.
    ///
    /// # Safety
    /// The place has to have a term that is alive, in from-space or out of it.
    #[inline(always)]
    pub unsafe fn forward(&mut self, place: *mut Term) {
        // SAFETY: as the caller promises.
        unsafe {
            let term = place.read();
            if let Some(cell) = term.as_cons() {
                self.cons(place, cell);
            } else if let Some(boxed) = term.as_boxed() {
                self.boxed(place, boxed);
            }
        }
    }

    #[inline(always)]
    unsafe fn cons(&mut self, place: *mut Term, cell: Cons) {
        let from = cell.address();
        let Some(space) = self.space(from.addr().get()) else { return };
        // SAFETY: the cell is alive, or was moved: then its head is no term, and its tail is the term of the copy.
        unsafe {
            let head = from.read();
            let tail = from.add(1).read();
            if head.is_none() {
                place.write(tail);
                return;
            }
            let to = space.take(layout::CONS_SIZE).cast::<Term>();
            to.write(head);
            to.add(1).write(tail);
            let moved = Cons::new(NonNull::new_unchecked(to)).term();
            from.write(Term::NONE);
            from.add(1).write(moved);
            place.write(moved);
        }
    }

    #[inline(always)]
    unsafe fn boxed(&mut self, place: *mut Term, boxed: Boxed) {
        let from = boxed.address();
        let Some(space) = self.space(from.addr().get()) else { return };
        // SAFETY: the object is alive, or was moved: then it begins with the term of the copy.
        unsafe {
            let first = from.read();
            let Some(header) = Header::from_raw(first) else {
                place.write(Term::from_raw(first));
                return;
            };
            let arity = header.arity();
            let to = space.take(1 + arity);
            to.write(first);
            // Most objects are small: a call to copy them would take longer than the copy.
            if arity <= 8 {
                for index in 1..=arity {
                    to.add(index).write(from.add(index).read());
                }
            } else {
                to.add(1).copy_from_nonoverlapping(from.add(1).as_ptr(), arity);
            }
            let moved = Boxed::new(NonNull::new_unchecked(to)).term();
            from.write(moved.raw());
            place.write(moved);
        }
    }

    /// Scans the copies until there are no more.
    ///
    /// # Safety
    /// From the starts of both spaces up to their tops there are copies only.
    pub unsafe fn scan(&mut self) {
        let mut young = self.to_young.start;
        let mut old = self.to_old.start;
        // SAFETY: between the scanned part and the top are copies of live objects, one after the other.
        unsafe {
            loop {
                while young < self.to_young.top {
                    young = self.scan_one(young);
                }
                if old >= self.to_old.top {
                    break;
                }
                while old < self.to_old.top {
                    old = self.scan_one(old);
                }
            }
        }
    }

    /// Scans a word that is a term, or passes the data at the beginning of an object; gives what comes after it.
    #[inline(always)]
    unsafe fn scan_one(&mut self, at: *mut u64) -> *mut u64 {
        // SAFETY: as for the caller.
        unsafe {
            let Some(header) = Header::from_raw(at.read()) else {
                self.forward(at.cast());
                return at.add(1);
            };
            match header.kind() {
                Kind::Tuple | Kind::Map | Kind::MapNode => at.add(1),
                Kind::MatchState => self.match_state(at),
                kind => {
                    let terms = kind.terms(header.arity());
                    at.add(if terms.is_empty() { 1 + header.arity() } else { terms.start })
                }
            }
        }
    }

    /// A match state has its only term first, and the address of the bytes that the term's binary has.
    #[cold]
    unsafe fn match_state(&mut self, at: *mut u64) -> *mut u64 {
        // SAFETY: as for the caller.
        unsafe {
            let origin = at.add(layout::MATCH_ORIGIN).cast::<Term>();
            self.forward(origin);
            if let Some(bits) = origin.read().as_bits() {
                at.add(layout::MATCH_BASE).write(bits.base().expose_provenance() as u64);
            }
            at.add(layout::MATCH_SIZE)
        }
    }
}
