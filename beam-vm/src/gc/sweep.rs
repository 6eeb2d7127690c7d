// SPDX-License-Identifier: Apache-2.0
//! The off-heap objects after a pass of copying: those that are alive are linked at their new places, the others let go of what they hold.
//! Each generation has a list of its own, so that a minor collection does not look at the old one's. Binaries that are not appended to any more lose their room by the rules of
//! stock's `sweep_off_heap`, because `binary:referenced_byte_size/1` tells how much it is.
#![expect(unsafe_code, reason = "follows a list through objects that have moved")]

use alloc::vec::Vec;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::cheney::Space;
use super::evacuate::Pass;
use crate::heap::{ACTIVE, BinaryBlock, OffHeap, ProcessHeap, WRITABLE, next_word, release};
use crate::term::{Boxed, Header, Kind, Term, layout};

/// Allocators would give nothing back for fewer bytes.
const LEAST_TRIMMED: usize = 8;

/// Sweeps the lists.
///
/// # Safety
/// The copying is over, and from-space is still there.
pub(super) unsafe fn sweep(heap: &mut ProcessHeap, young: &Space, pass: Pass) {
    let mut lists = [core::mem::take(&mut heap.off_heap), OffHeap::default()];
    if pass == Pass::All {
        lists[1] = core::mem::take(&mut heap.old_off_heap);
    }
    let young = young.start.addr()..young.top.addr();
    let mut writable = Writable::default();
    for list in lists {
        let mut at = list.into_first();
        while at != 0 {
            // SAFETY: the list has the addresses of objects that were live before the collection; each is as it was, or begins with the
            // term of its copy and is otherwise as it was.
            unsafe {
                let object =
                    Boxed::new(NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(at as usize)));
                let first = object.address().read();
                let copy = match Header::from_raw(first) {
                    Some(_) => None,
                    None => Term::from_raw(first).as_boxed(),
                };
                at = object.address().add(next_word(copy.unwrap_or(object))).read();
                match copy {
                    Some(copy) => {
                        if pass != Pass::Move {
                            writable.add(copy);
                        }
                        let is_young = young.contains(&copy.address().addr().get());
                        let to = if is_young { &mut heap.off_heap } else { &mut heap.old_off_heap };
                        to.push(copy, weight(copy));
                    }
                    None => release(object),
                }
            }
        }
    }
    writable.trim();
}

/// The binaries of a heap that may be appended to, by what was done to them since the last collection.
#[derive(Default)]
struct Writable {
    /// How many were appended to.
    active: usize,
    /// Those that were not and have room.
    idle: Vec<Boxed>,
}

impl Writable {
    /// Looks at an object.
    fn add(&mut self, object: Boxed) {
        if object.header().kind() != Kind::RefcBinary {
            return;
        }
        let words = object.words();
        let flags = words[layout::REFC_FLAGS - 1];
        if flags & WRITABLE == 0 {
            return;
        }
        if flags & ACTIVE != 0 {
            self.active += 1;
            // SAFETY: a live refc binary has this word.
            unsafe { object.address().add(layout::REFC_FLAGS).write(flags & !ACTIVE) };
        } else if room(object).is_some_and(|room| room >= LEAST_TRIMMED) {
            self.idle.push(object);
        }
    }

    /// Takes room away from the idle ones: all of it, if others are in use or they are many, else what is more than some times their size.
    fn trim(self) {
        let times = match (self.active, self.idle.len()) {
            (0, 1) => Some(5),
            (0, 2..=10) => Some(10),
            _ => None,
        };
        for object in self.idle {
            let bytes = object.words()[layout::REFC_BYTES - 1] as usize;
            let wanted = times.map_or(bytes, |times: usize| bytes.saturating_mul(times + 1));
            let left = wanted.saturating_sub(bytes);
            if times.is_none() || room(object).is_some_and(|room| room > left + LEAST_TRIMMED) {
                resize(object, wanted);
            }
        }
    }
}

/// The bytes that a writable binary has room for behind its own.
fn room(object: Boxed) -> Option<usize> {
    let words = object.words();
    // SAFETY: the word of a live refc binary, which keeps its reference.
    let block = ManuallyDrop::new(unsafe { BinaryBlock::from_raw(words[layout::REFC_BLOCK - 1]) });
    block.capacity().checked_sub(words[layout::REFC_BYTES - 1] as usize)
}

/// Gives the block of a binary another size, if nobody else refers to it. Nobody has an address of its bytes: who matches on a binary takes away the right
/// to append first.
fn resize(object: Boxed, bytes: usize) {
    // SAFETY: the words are those of a live refc binary, which keeps its reference; the bytes in use stay.
    unsafe {
        let place = object.address().add(layout::REFC_BLOCK);
        let mut block = BinaryBlock::from_raw(place.read());
        if block.set_capacity(bytes) {
            let data = block.data().as_ptr().expose_provenance() as u64;
            object.address().add(layout::REFC_DATA).write(data);
        }
        place.write(block.into_raw());
    }
}

/// The words that an off-heap object stands for.
pub(super) fn weight(object: Boxed) -> usize {
    match object.header().kind() {
        Kind::RefcBinary => object.words()[layout::REFC_BYTES - 1] as usize / 8,
        _ => 0,
    }
}
