// SPDX-License-Identifier: Apache-2.0
//! The off-heap objects after a collection: those that are alive are linked at their new places, the others let go of what they hold.
#![expect(unsafe_code, reason = "follows a list through objects that have moved")]

use core::ptr::NonNull;

use super::Extent;
use super::cheney::Tracer;
use crate::heap::{OffHeap, ProcessHeap, next_word, release};
use crate::term::{Boxed, Header, Kind, layout};

/// Sweeps the list.
///
/// # Safety
/// The copying is over, and from-space is still there.
pub unsafe fn sweep(heap: &mut ProcessHeap, tracer: &Tracer, extent: Extent) {
    let mut at = core::mem::take(&mut heap.off_heap).into_first();
    let mut living = OffHeap::default();
    let mut old_words = 0;
    while at != 0 {
        // SAFETY: the list has the addresses of objects that were live before the collection; each is as it was, or begins with the
        // term of its copy and is otherwise as it was.
        unsafe {
            let object =
                Boxed::new(NonNull::new_unchecked(core::ptr::with_exposed_provenance_mut(at as usize)));
            let first = object.address().read();
            let stays = tracer.kept.contains(&(at as usize));
            let copy = match Header::from_raw(first) {
                Some(_) if stays => Some(object),
                Some(_) => None,
                None => crate::term::Term::from_raw(first).as_boxed(),
            };
            let kind_of = copy.unwrap_or(object);
            let next = object.address().add(next_word(kind_of)).read();
            match copy {
                Some(copy) => {
                    let words = weight(copy);
                    if extent == Extent::Minor && stays {
                        old_words += words;
                    }
                    living.push(copy, words);
                }
                None => release(object),
            }
            at = next;
        }
    }
    heap.old_binary_words = old_words;
    let limit = heap.limits.min_binary_words as usize;
    heap.binary_limit = limit.max(living.words + living.words / 2);
    heap.off_heap = living;
}

/// The words that an off-heap object stands for.
fn weight(object: Boxed) -> usize {
    match object.header().kind() {
        Kind::RefcBinary => object.words()[layout::REFC_BYTES - 1] as usize / 8,
        _ => 0,
    }
}
