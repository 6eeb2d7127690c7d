// SPDX-License-Identifier: Apache-2.0
//! Copying: an object that is reached is copied, its old place says where to, and the copies are scanned for more (C. J. Cheney, 1970).
//!
//! The scan goes word by word: a tuple or map begins with a word that is no term and is followed by terms, so only objects with
//! data in them need a look at their kind. What moves is told by the address alone, and the young block is asked about first,
//! because most pointers of young objects lead there.
#![expect(unsafe_code, reason = "moves what terms point to")]

use core::ops::Range;
use core::ptr::NonNull;

use super::evacuate::Pass;
use crate::heap::copy_words;
use crate::term::{Boxed, Cons, Header, Kind, Term, layout};

/// Where copies go.
#[derive(Clone, Copy)]
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
#[derive(Clone, Copy)]
pub struct Tracer {
    /// What moves where.
    pub pass: Pass,
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

/// The passes as the loop over the copies knows them, each made into code of its own.
const YOUNG: u8 = 0;
const PROMOTE: u8 = 1;
const ALL: u8 = 2;

/// Words of a stack that are looked at together.
const STACK_WORDS: usize = 4;

impl Tracer {
    /// Where the object at an address moves to, if it does.
    #[inline(always)]
    fn space<const PASS: u8>(&mut self, address: usize) -> Option<&mut Space> {
        if PASS == ALL {
            // Both generations and fragments move.
            return if self.literals.contains(address) { None } else { Some(&mut self.to_young) };
        }
        if self.young.contains(address) {
            let is_mature = PASS == PROMOTE && self.mature.contains(address);
            return Some(if is_mature { &mut self.to_old } else { &mut self.to_young });
        }
        if self.literals.contains(address) || self.kept.contains(address) {
            return None;
        }
        Some(&mut self.to_young)
    }

    /// Makes a root refer to the copy of what it refers to.
    ///
    /// # Safety
    /// The place has to have a term that is alive, in from-space or out of it.
    pub unsafe fn forward(&mut self, place: *mut Term) {
        // SAFETY: as the caller promises.
        unsafe {
            match self.pass {
                Pass::Young | Pass::Move => self.forward_in::<YOUNG>(place),
                Pass::Promote => self.forward_in::<PROMOTE>(place),
                Pass::All => self.forward_in::<ALL>(place),
            }
        }
    }

    #[inline(always)]
    unsafe fn forward_in<const PASS: u8>(&mut self, place: *mut Term) {
        // SAFETY: as for the caller.
        unsafe {
            let term = place.read();
            if term.is_cons() {
                self.cons::<PASS>(place, pointer(term));
            } else if term.is_boxed() {
                self.boxed::<PASS>(place, pointer(term));
            }
        }
    }

    #[inline(always)]
    unsafe fn cons<const PASS: u8>(&mut self, place: *mut Term, from: *mut u64) {
        let Some(space) = self.space::<PASS>(from.addr()) else { return };
        let from = from.cast::<Term>();
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
    unsafe fn boxed<const PASS: u8>(&mut self, place: *mut Term, from: *mut u64) {
        let Some(space) = self.space::<PASS>(from.addr()) else { return };
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
            copy_words(from.add(1), to.add(1), arity);
            let moved = Boxed::new(NonNull::new_unchecked(to)).term();
            from.write(moved.raw());
            place.write(moved);
        }
    }

    /// Copies a stack and makes its words refer to copies. Most words of deep stacks are no pointers: return addresses, immediates.
    ///
    /// # Safety
    /// There has to be room for the words, which have to be terms that are alive, or words that do not look like pointers.
    pub unsafe fn copy_stack(&mut self, from: *const u64, to: *mut u64, words: usize) {
        // SAFETY: as the caller promises.
        unsafe {
            match self.pass {
                Pass::Young | Pass::Move => self.copy_stack_in::<YOUNG>(from, to, words),
                Pass::Promote => self.copy_stack_in::<PROMOTE>(from, to, words),
                Pass::All => self.copy_stack_in::<ALL>(from, to, words),
            }
        }
    }

    unsafe fn copy_stack_in<const PASS: u8>(&mut self, from: *const u64, to: *mut u64, words: usize) {
        let mut tracer = *self;
        // SAFETY: as for the caller.
        unsafe {
            let mut at = 0;
            while at + STACK_WORDS <= words {
                let mut pointers = 0;
                for index in at..at + STACK_WORDS {
                    let word = from.add(index).read();
                    to.add(index).write(word);
                    // The two bits of a pointer's tag are not the same.
                    pointers |= word ^ (word >> 1);
                }
                if pointers & 1 != 0 {
                    for index in at..at + STACK_WORDS {
                        tracer.forward_in::<PASS>(to.add(index).cast());
                    }
                }
                at += STACK_WORDS;
            }
            for index in at..words {
                to.add(index).write(from.add(index).read());
                tracer.forward_in::<PASS>(to.add(index).cast());
            }
        }
        *self = tracer;
    }

    /// Scans the copies until there are no more.
    ///
    /// # Safety
    /// From the starts of both spaces up to their tops there are copies only.
    pub unsafe fn scan(&mut self) {
        // SAFETY: as the caller promises.
        unsafe {
            match self.pass {
                Pass::Young | Pass::Move => self.scan_in::<YOUNG>(),
                Pass::Promote => self.scan_in::<PROMOTE>(),
                Pass::All => self.scan_in::<ALL>(),
            }
        }
    }

    unsafe fn scan_in<const PASS: u8>(&mut self) {
        // A copy whose address nobody has is kept in registers.
        let mut tracer = *self;
        let mut young = tracer.to_young.start;
        let mut old = tracer.to_old.start;
        // SAFETY: between the scanned part and the top are copies of live objects, one after the other.
        unsafe {
            loop {
                while young < tracer.to_young.top {
                    young = tracer.scan_one::<PASS>(young);
                }
                if PASS != PROMOTE || old >= tracer.to_old.top {
                    break;
                }
                while old < tracer.to_old.top {
                    old = tracer.scan_one::<PASS>(old);
                }
            }
        }
        *self = tracer;
    }

    /// Scans a word that is a term, or passes the data at the beginning of an object; gives what comes after it.
    #[inline(always)]
    unsafe fn scan_one<const PASS: u8>(&mut self, at: *mut u64) -> *mut u64 {
        // SAFETY: as for the caller.
        unsafe {
            let Some(header) = Header::from_raw(at.read()) else {
                self.forward_in::<PASS>(at.cast());
                return at.add(1);
            };
            if header.kind() == Kind::Tuple {
                return at.add(1);
            }
            match header.kind() {
                Kind::Tuple | Kind::Map | Kind::MapNode => at.add(1),
                Kind::Fun => at.add(layout::FUN_CREATOR),
                Kind::SubBinary => at.add(layout::SUB_ORIGIN),
                Kind::MatchState => {
                    self.forward_in::<PASS>(at.add(layout::MATCH_ORIGIN).cast());
                    point_to_bytes(at);
                    at.add(layout::MATCH_SIZE)
                }
                _ => at.add(1 + header.arity()),
            }
        }
    }
}

/// Where a term leads that points.
#[inline(always)]
fn pointer(term: Term) -> *mut u64 {
    core::ptr::with_exposed_provenance_mut((term.raw() & !7) as usize)
}

/// Gives a match state the address of the bytes of its original, which may have moved.
///
/// # Safety
/// There has to be a match state whose original is alive.
#[cold]
#[inline(never)]
pub unsafe fn point_to_bytes(state: *mut u64) {
    // SAFETY: as for the caller, who has a match state.
    unsafe {
        if let Some(bits) = state.add(layout::MATCH_ORIGIN).cast::<Term>().read().as_bits() {
            state.add(layout::MATCH_BASE).write(bits.base().expose_provenance() as u64);
        }
    }
}

const _: () = {
    // What the scan passes of each kind ends where its terms begin.
    assert!(Kind::Fun.terms(layout::FUN_CREATOR).start == layout::FUN_CREATOR);
    assert!(Kind::SubBinary.terms(layout::SUB_SIZE - 1).start == layout::SUB_ORIGIN);
    assert!(Kind::SubBinary.terms(layout::SUB_SIZE - 1).end == layout::SUB_SIZE);
};
