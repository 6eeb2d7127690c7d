// SPDX-License-Identifier: Apache-2.0
//! Literals that go: the constants of a module that is purged, a persistent term that is erased or replaced. Whoever still refers to them
//! gets copies of its own first, as stock's literal area collector sees to.
//!
//! An area refers to nothing but itself, so what is copied out of it is copied whole.
#![expect(unsafe_code, reason = "rewrites words of heaps that refer to the area")]

use alloc::vec::Vec;
use core::ops::Range;
use core::ptr::NonNull;

use crate::copy;
use crate::gc::Extent;
use crate::heap::{Fragment, LiteralArea, build};
use crate::process::Process;
use crate::term::{Header, Kind, LocalPid, Term};
use crate::vm::Vm;

/// Nothing stays where it is.
const NO_LITERALS: Range<usize> = 0..0;

impl Vm {
    /// Gives an area back. `running` is the process that runs, which is outside of the table.
    ///
    /// # Safety
    /// Nobody but processes may refer to the area, and the running process may not use terms of it that are not on its heap or stack.
    pub unsafe fn retire_literals(&mut self, area: LiteralArea, running: &mut Process) {
        let addresses = area.addresses();
        rehome(running, &addresses);
        let pids: Vec<LocalPid> = self.processes.pids().collect();
        for pid in pids {
            let Some(mut process) = self.processes.take(pid) else { continue };
            let has_copies = rehome(&mut process, &addresses);
            self.processes.park(process);
            if has_copies {
                self.collect_parked(pid, Extent::Full);
            }
        }
        // SAFETY: no process refers to it any more, and nobody else does.
        unsafe { self.literals.release(area) };
    }
}

/// Gives a process copies of all that it refers to in an area; tells whether there was anything.
fn rehome(process: &mut Process, area: &Range<usize>) -> bool {
    process.mailbox.take_in_all(&mut process.heap);
    let mut references = References { area, places: Vec::new(), matches: Vec::new() };
    process.roots(&mut |place| references.add(place));
    let heap = &mut process.heap;
    // SAFETY: these are the words of the heap that are in use, objects one after the other, and those of the stack, which are terms,
    // handlers and return addresses.
    unsafe {
        for index in 0..heap.stack_words() {
            references.add(&mut *heap.stack.add(index).cast::<Term>());
        }
        references.add_block(heap.start, heap.used_words());
        references.add_block(heap.old_start, heap.old_used_words());
        let fragments = heap.fragments.iter().flat_map(|fragment| fragment.used());
        for (start, words) in fragments {
            references.add_block(start.as_ptr(), words);
        }
    }
    if references.places.is_empty() {
        return false;
    }
    let mut copies = Fragment::default();
    // SAFETY: nothing has moved since.
    unsafe { references.become_copies(&mut copies) };
    process.heap.absorb(copies);
    // What is old may refer to what is new until then.
    process.heap.generations.full_is_due = true;
    true
}

/// What of a process refers to an area.
struct References<'a> {
    area: &'a Range<usize>,
    places: Vec<NonNull<Term>>,
    /// All states of matching: they have the address of bytes besides the term, of which the area may have those, be it by another term.
    matches: Vec<NonNull<u64>>,
}

impl References<'_> {
    fn add(&mut self, place: &mut Term) {
        let address = match (place.as_cons(), place.as_boxed()) {
            (Some(cell), _) => cell.address().addr().get(),
            (_, Some(boxed)) => boxed.address().addr().get(),
            _ => return,
        };
        if self.area.contains(&address) {
            self.places.push(NonNull::from(place));
        }
    }

    /// Adds the places of terms in objects that lie one after the other.
    ///
    /// # Safety
    /// There have to be `words` words of complete objects.
    unsafe fn add_block(&mut self, start: *mut u64, words: usize) {
        let mut at = 0;
        while at < words {
            // SAFETY: the word begins an object, or is a word of a cons cell.
            unsafe {
                let place = start.add(at);
                match Header::from_raw(place.read()) {
                    None => {
                        self.add(&mut *place.cast::<Term>());
                        at += 1;
                    }
                    Some(header) => {
                        for index in header.kind().terms(header.arity()) {
                            self.add(&mut *place.add(index).cast::<Term>());
                        }
                        if header.kind() == Kind::MatchState {
                            self.matches.extend(NonNull::new(place));
                        }
                        at += 1 + header.arity();
                    }
                }
            }
        }
    }

    /// Makes them refer to copies. What is there once for all of them stays so.
    ///
    /// # Safety
    /// The places have to be where they were, and what they refer to as well.
    unsafe fn become_copies(self, copies: &mut Fragment) {
        // SAFETY: as the caller promises.
        let terms: Vec<Term> = self.places.iter().map(|place| unsafe { place.read() }).collect();
        let mut list = Fragment::default();
        let list = build::list(&mut list, &terms);
        let mut rest = copy::copy_shared(list, copies, &NO_LITERALS).0;
        for place in self.places {
            let Some(cell) = rest.as_cons() else { break };
            // SAFETY: as the caller promises.
            unsafe { place.write(cell.head()) };
            rest = cell.tail();
        }
        for state in self.matches {
            // SAFETY: the state is complete again.
            unsafe { crate::gc::point_to_bytes(state.as_ptr()) };
        }
    }
}
