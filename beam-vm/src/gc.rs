// SPDX-License-Identifier: Apache-2.0
//! The collector: generational copying, as `erts/emulator/internal_doc/GarbageCollection.md` describes stock's.
//!
//! A minor collection moves what has survived one before to the old generation, and everything else that is alive to a new block. A full
//! one moves all to a new block. Fragments are taken in by both. Literals are told by their addresses and left alone. The list of
//! off-heap objects is swept afterwards.
#![expect(unsafe_code, reason = "moves what terms point to")]

mod cheney;
mod size;
mod sweep;

pub use size::next_size;

use core::ops::Range;
use core::ptr::null_mut;

use crate::heap::RESERVED;
use crate::process::Process;
use crate::term::Term;
use cheney::{Space, Tracer};

/// What a collection has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The words that were asked for are free.
    Done,
    /// The heap is larger than the process may have, and it is to be killed.
    TooLarge,
}

/// How much is collected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// The young generation, unless it is time for all.
    Minor,
    /// All.
    Full,
}

/// Collects the heap of a process so that `need` words are free afterwards.
///
/// # Safety
/// All terms of the process that are used afterwards have to be in `roots`, on its stack or where [`Process::roots`] looks. `literals` are
/// the addresses of all literals.
pub unsafe fn collect(
    process: &mut Process,
    roots: &mut [Term],
    need: usize,
    literals: Range<usize>,
) -> Outcome {
    // SAFETY: as the caller promises.
    unsafe { collect_extent(process, roots, need, literals, Extent::Minor) }
}

/// Collects with a say in how much.
///
/// # Safety
/// As for [`collect`].
pub unsafe fn collect_extent(
    process: &mut Process,
    roots: &mut [Term],
    need: usize,
    literals: Range<usize>,
    extent: Extent,
) -> Outcome {
    let heap = &process.heap;
    let before = heap.used_words() + heap.fragment_words + heap.old_used_words();
    let mature = (heap.high_water.addr() - heap.start.addr()) / 8;
    let is_due = extent == Extent::Full || heap.generations.minor >= heap.limits.fullsweep_after;
    let has_room = heap.old_start.is_null() || (heap.old_end.addr() - heap.old_top.addr()) / 8 >= mature;
    let full = is_due || !has_room;
    // SAFETY: as the caller promises.
    unsafe { copy_living(process, roots, need, literals, if full { Extent::Full } else { Extent::Minor }) };
    let heap = &mut process.heap;
    let after = heap.used_words() + heap.old_used_words();
    heap.generations.collections += 1;
    heap.generations.minor = if full { 0 } else { heap.generations.minor + 1 };
    heap.generations.reclaimed += before.saturating_sub(after) as u64;
    let limit = heap.limits.max_words;
    let total = heap.block_words() + heap.old_block_words();
    if limit > 0 && total > limit && heap.limits.max_kills { Outcome::TooLarge } else { Outcome::Done }
}

unsafe fn copy_living(
    process: &mut Process,
    roots: &mut [Term],
    need: usize,
    literals: Range<usize>,
    extent: Extent,
) {
    let stack_words = process.heap.stack_words();
    let heap = &mut process.heap;
    let young = heap.used_words() + heap.fragment_words;
    let old = if extent == Extent::Full { heap.old_used_words() } else { 0 };
    let bound = young + old + stack_words + need + RESERVED;
    let capacity = next_size(bound.max(heap.limits.min_words as usize));
    let young_space = Space::new(capacity);
    let mature = (heap.high_water.addr() - heap.start.addr()) / 8;
    if extent == Extent::Minor && mature > 0 && heap.old_start.is_null() {
        let words = next_size(heap.block_words().max(2 * mature));
        heap.old_start = crate::heap::allocate_block(words);
        heap.old_top = heap.old_start;
        // SAFETY: the end of the block.
        heap.old_end = unsafe { heap.old_start.add(words) };
    }
    let (old_range, mature_range) = match extent {
        Extent::Minor => {
            (heap.old_start.addr()..heap.old_end.addr(), heap.start.addr()..heap.high_water.addr())
        }
        Extent::Full => (0..0, 0..0),
    };
    let mut tracer = Tracer {
        literals,
        kept: old_range,
        mature: mature_range,
        young: young_space,
        old: Space::resume(heap.old_top, heap.old_end),
    };
    let scan_old = heap.old_top;

    // The stack goes to the end of the new block, for now the end of its capacity.
    // SAFETY: the new block has room for the stack besides all that may be copied; the words of the old stack are terms, handlers and
    // return addresses, and none of the last two looks like a pointer.
    unsafe {
        let new_end = tracer.young.start.add(capacity);
        let new_stack = new_end.sub(stack_words);
        new_stack.copy_from_nonoverlapping(heap.stack, stack_words);
        for index in 0..stack_words {
            tracer.forward(new_stack.add(index).cast());
        }
        for root in roots.iter_mut() {
            tracer.forward(root);
        }
        process.roots(&mut |root| tracer.forward(root));
        tracer.scan(scan_old, extent == Extent::Minor);
        sweep::sweep(&mut process.heap, &tracer, extent);

        let heap = &mut process.heap;
        let living = (tracer.young.top.addr() - tracer.young.start.addr()) / 8;
        let wanted = living + stack_words + need + RESERVED;
        let words = size::choose(heap.block_words(), wanted, heap.limits.min_words as usize).min(capacity);
        let end = tracer.young.start.add(words);
        let stack = end.sub(stack_words);
        stack.copy_from(new_stack, stack_words);

        crate::heap::free_block(heap.start, heap.capacity);
        heap.fragments = None;
        heap.fragment_words = 0;
        heap.start = tracer.young.start;
        heap.top = tracer.young.top;
        heap.high_water = tracer.young.top;
        heap.capacity = capacity;
        heap.end = end;
        heap.stack = stack;
        match extent {
            Extent::Minor => heap.old_top = tracer.old.top,
            Extent::Full => {
                crate::heap::free_block(heap.old_start, heap.old_block_words());
                heap.old_start = null_mut();
                heap.old_top = null_mut();
                heap.old_end = null_mut();
            }
        }
    }
}
