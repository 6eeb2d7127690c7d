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
    let mut places: Vec<NonNull<Term>> = Vec::new();
    let mut visit = |place: &mut Term| {
        if refers(*place, area) {
            places.push(NonNull::from(place));
        }
    };
    process.roots(&mut visit);
    let heap = &mut process.heap;
    // SAFETY: these are the words of the heap that are in use, objects one after the other, and those of the stack, which are terms,
    // handlers and return addresses.
    unsafe {
        for index in 0..heap.stack_words() {
            visit(&mut *heap.stack.add(index).cast::<Term>());
        }
        visit_block(heap.start, heap.used_words(), &mut visit);
        visit_block(heap.old_start, heap.old_used_words(), &mut visit);
        let fragments = heap.fragments.iter().flat_map(|fragment| fragment.used());
        for (start, words) in fragments {
            visit_block(start.as_ptr(), words, &mut visit);
        }
    }
    if places.is_empty() {
        return false;
    }
    let (mut list, mut copies) = (Fragment::default(), Fragment::default());
    // SAFETY: nothing has moved since.
    let terms: Vec<Term> = places.iter().map(|place| unsafe { place.read() }).collect();
    // What is there once for all places stays so.
    let list = build::list(&mut list, &terms);
    let mut rest = copy::copy_shared(list, &mut copies, &NO_LITERALS).0;
    for place in places {
        let Some(cell) = rest.as_cons() else { break };
        // SAFETY: as above.
        unsafe { place.write(cell.head()) };
        rest = cell.tail();
    }
    process.heap.absorb(copies);
    // What is old may refer to what is new until then.
    process.heap.generations.full_is_due = true;
    true
}

fn refers(term: Term, area: &Range<usize>) -> bool {
    let address = match (term.as_cons(), term.as_boxed()) {
        (Some(cell), _) => cell.address().addr().get(),
        (_, Some(boxed)) => boxed.address().addr().get(),
        _ => return false,
    };
    area.contains(&address)
}

/// Shows the places of terms in objects that lie one after the other.
///
/// # Safety
/// There have to be `words` words of complete objects.
unsafe fn visit_block(start: *mut u64, words: usize, visit: &mut dyn FnMut(&mut Term)) {
    let mut at = 0;
    while at < words {
        // SAFETY: the word begins an object, or is a word of a cons cell.
        unsafe {
            let place = start.add(at);
            match Header::from_raw(place.read()) {
                None => {
                    visit(&mut *place.cast::<Term>());
                    at += 1;
                }
                Some(header) => {
                    for index in header.kind().terms(header.arity()) {
                        visit(&mut *place.add(index).cast::<Term>());
                    }
                    if header.kind() == Kind::MatchState {
                        crate::gc::point_to_bytes(place);
                    }
                    at += 1 + header.arity();
                }
            }
        }
    }
}
