// SPDX-License-Identifier: Apache-2.0
//! The off-heap objects after a pass of copying: those that are alive are linked at their new places, the others let go of what they hold.
//! Each generation has a list of its own, so that a minor collection does not look at the old one's.
#![expect(unsafe_code, reason = "follows a list through objects that have moved")]

use core::ptr::NonNull;

use super::cheney::Space;
use super::evacuate::Pass;
use crate::heap::{ACTIVE, BinaryBlock, OffHeap, ProcessHeap, WRITABLE, next_word, release};
use crate::term::{Boxed, Header, Kind, Term, layout};

/// Allocators would give nothing back for fewer bytes.
const LEAST_TRIMMED: usize = 16;

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
                        trim(copy);
                        let is_young = young.contains(&copy.address().addr().get());
                        let to = if is_young { &mut heap.off_heap } else { &mut heap.old_off_heap };
                        to.push(copy, weight(copy));
                    }
                    None => release(object),
                }
            }
        }
    }
}

/// Takes the room for appending away from a binary to which nothing was appended since the last collection.
///
/// # Safety
/// Nobody has an address of the binary's bytes: who matches on a binary takes away the right to append first.
unsafe fn trim(object: Boxed) {
    if object.header().kind() != Kind::RefcBinary {
        return;
    }
    let words = object.words();
    let (flags, bytes) = (words[layout::REFC_FLAGS - 1], words[layout::REFC_BYTES - 1] as usize);
    if flags & WRITABLE == 0 {
        return;
    }
    // SAFETY: the words are those of a live refc binary, which keeps its reference; the bytes in use stay.
    unsafe {
        object.address().add(layout::REFC_FLAGS).write(flags & !ACTIVE);
        let place = object.address().add(layout::REFC_BLOCK);
        let mut block = BinaryBlock::from_raw(place.read());
        let is_idle = flags & ACTIVE == 0 && block.references() == 1;
        if is_idle && block.capacity() - bytes >= LEAST_TRIMMED && block.resize(bytes) {
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
