// SPDX-License-Identifier: Apache-2.0
//! Copying: an object that is reached is copied, its old place says where to, and the copies are scanned for more (C. J. Cheney, 1970).
#![expect(unsafe_code, reason = "moves what terms point to")]

use core::ops::Range;
use core::ptr::NonNull;

use crate::heap::allocate_block;
use crate::term::{Boxed, Cons, Header, Kind, Term, layout};

/// Where copies go.
pub struct Space {
    pub start: *mut u64,
    pub top: *mut u64,
    end: *mut u64,
}

impl Space {
    /// A new block.
    pub fn new(words: usize) -> Self {
        let start = allocate_block(words);
        // SAFETY: the end of the block.
        Self { start, top: start, end: unsafe { start.add(words) } }
    }

    /// The free part of a block.
    pub fn resume(top: *mut u64, end: *mut u64) -> Self {
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

/// What a collection knows.
pub struct Tracer {
    /// The addresses of literals, which stay.
    pub literals: Range<usize>,
    /// The addresses of the old generation if it stays.
    pub kept: Range<usize>,
    /// The addresses of what goes to the old generation.
    pub mature: Range<usize>,
    /// The new young generation.
    pub young: Space,
    /// The old generation.
    pub old: Space,
}

impl Tracer {
    #[inline(always)]
    fn stays(&self, address: usize) -> bool {
        self.literals.contains(&address) || self.kept.contains(&address)
    }

    #[inline(always)]
    fn space(&mut self, address: usize) -> &mut Space {
        if self.mature.contains(&address) { &mut self.old } else { &mut self.young }
    }

    /// Makes a place refer to the copy of what it refers to.
    ///
    /// # Safety
    /// The place has to have a term that is alive, in from-space or out of it.
    #[inline(always)]
    pub unsafe fn forward(&mut self, place: *mut Term) {
        // SAFETY: a term's pointer is to a live object, or to what the copy of one has left.
        unsafe {
            let term = place.read();
            if let Some(cell) = term.as_cons() {
                let from = cell.address();
                let address = from.addr().get();
                if self.stays(address) {
                    return;
                }
                let head = from.read();
                if head.is_none() {
                    place.write(from.add(1).read());
                    return;
                }
                let to = self.space(address).take(layout::CONS_SIZE).cast::<Term>();
                to.write(head);
                to.add(1).write(from.add(1).read());
                let moved = Cons::new(NonNull::new_unchecked(to)).term();
                from.write(Term::NONE);
                from.add(1).write(moved);
                place.write(moved);
            } else if let Some(boxed) = term.as_boxed() {
                let from = boxed.address();
                let address = from.addr().get();
                if self.stays(address) {
                    return;
                }
                let first = from.read();
                let Some(header) = Header::from_raw(first) else {
                    place.write(Term::from_raw(first));
                    return;
                };
                let words = 1 + header.arity();
                let to = self.space(address).take(words);
                to.copy_from_nonoverlapping(from.as_ptr(), words);
                let moved = Boxed::new(NonNull::new_unchecked(to)).term();
                from.write(moved.raw());
                place.write(moved);
            }
        }
    }

    /// Scans the copies until there are no more.
    ///
    /// # Safety
    /// From `old` and from the young space's start on there are copies only.
    pub unsafe fn scan(&mut self, old: *mut u64, with_old: bool) {
        let mut young = self.young.start;
        let mut old = old;
        // SAFETY: between the scanned part and the top are copies of live objects, one after the other.
        unsafe {
            loop {
                while young < self.young.top {
                    young = self.scan_one(young);
                }
                if !with_old || old >= self.old.top {
                    break;
                }
                while old < self.old.top {
                    old = self.scan_one(old);
                }
            }
        }
    }

    /// Scans a word that is a term, or an object that begins there; gives what comes after it.
    #[inline(always)]
    unsafe fn scan_one(&mut self, at: *mut u64) -> *mut u64 {
        // SAFETY: as for the caller.
        unsafe {
            let Some(header) = Header::from_raw(at.read()) else {
                self.forward(at.cast());
                return at.add(1);
            };
            let arity = header.arity();
            for index in header.kind().terms(arity) {
                self.forward(at.add(index).cast());
            }
            if header.kind() == Kind::MatchState {
                let origin = Term::from_raw(at.add(layout::MATCH_ORIGIN).read());
                if let Some(bits) = origin.as_bits() {
                    at.add(layout::MATCH_BASE).write(bits.base().expose_provenance() as u64);
                }
            }
            at.add(1 + arity)
        }
    }
}
