// SPDX-License-Identifier: Apache-2.0
//! The off-heap objects after a pass of copying: those that are alive are linked at their new places, the others let go of what they hold.
//! Each generation has a list of its own, so that a minor collection does not look at the old one's.
#![expect(unsafe_code, reason = "follows a list through objects that have moved")]

use core::ptr::NonNull;

use super::cheney::Space;
use super::evacuate::Pass;
use crate::heap::{OffHeap, ProcessHeap, next_word, release};
use crate::term::{Boxed, Header, Kind, Term, layout};

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

/// The words that an off-heap object stands for.
pub(super) fn weight(object: Boxed) -> usize {
    match object.header().kind() {
        Kind::RefcBinary => object.words()[layout::REFC_BYTES - 1] as usize / 8,
        _ => 0,
    }
}
