// SPDX-License-Identifier: Apache-2.0
//! Large zeroed blocks that cost what of them is used: addresses are given out at once, a page gets memory when it is first touched.
//!
//! The buffers of ten thousand connections are the reason: each may become long, few are at a time. A block is a slot of a class, whose
//! sizes double, and a class has a range of addresses of its own, so neither giving out nor taking back searches for anything. The list of free
//! slots lies in such memory itself.
#![expect(unsafe_code, reason = "hands out memory by its address")]

use core::alloc::Layout;
use core::ptr::NonNull;

use drivers::memory::{PAGE_SIZE, VirtAddr};

use super::layout::{LAZY_BASE, LAZY_CLASS_RANGE, LAZY_LIMIT};
use super::{MEMORY, decommit, pages_for, zeroed_page_at};
use crate::global::Global;

/// The fewest bytes that are worth it: below, a page that is not touched saves less than its entry in the tables costs.
pub const LEAST: usize = 4 * PAGE_SIZE;
/// Sizes of blocks: [`LEAST`] and its doublings.
pub const CLASSES: usize = 12;
/// Of the range of a class, the part that holds the list of its free slots: a word for each block.
const LIST_SHARE: usize = 16;

/// What a touch of a page that is not there has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touch {
    /// It is there now.
    Done,
    /// There is no free frame for it.
    NoMemory,
    /// The address is in no block.
    NotOurs,
}

/// The slots of one class.
#[derive(Clone, Copy, Default)]
struct Class {
    /// Slots that were given out at some time.
    fresh: usize,
    /// Slots that came back.
    free: usize,
}

static CLASSES_NOW: Global<[Class; CLASSES]> = Global::new([Class { fresh: 0, free: 0 }; CLASSES]);

const fn size_of_class(class: usize) -> usize {
    LEAST << class
}

/// The class whose blocks hold `bytes`, or `None` where the request is too large, or too small to be worth it.
fn class_for(layout: Layout) -> Option<usize> {
    if layout.size() < LEAST || layout.align() > PAGE_SIZE {
        return None;
    }
    let class = layout.size().div_ceil(LEAST).next_power_of_two().trailing_zeros() as usize;
    (class < CLASSES).then_some(class)
}

const fn base(class: usize) -> usize {
    LAZY_BASE + class * LAZY_CLASS_RANGE
}

/// The list of a class lies in front of its slots.
const fn first_slot(class: usize) -> usize {
    base(class) + LAZY_CLASS_RANGE / LIST_SHARE
}

const fn slots(class: usize) -> usize {
    (LAZY_CLASS_RANGE - LAZY_CLASS_RANGE / LIST_SHARE) / size_of_class(class)
}

/// The element of the list of free slots.
fn free_slot(class: usize, index: usize) -> *mut usize {
    debug_assert!(index < slots(class), "a class has no more free slots than slots");
    (base(class) + index * size_of::<usize>()) as *mut usize
}

/// Gives out a block of zeros; `None` when it is none of the sizes of this place.
pub fn allocate(layout: Layout) -> Option<NonNull<u8>> {
    let number = class_for(layout)?;
    let mut classes = CLASSES_NOW.borrow();
    let class = &mut classes[number];
    let slot = if class.free > 0 {
        class.free -= 1;
        // SAFETY: an element that `deallocate` has written, in memory that this list alone uses.
        unsafe { free_slot(number, class.free).read() }
    } else if class.fresh < slots(number) {
        class.fresh += 1;
        class.fresh - 1
    } else {
        return None;
    };
    NonNull::new((first_slot(number) + slot * size_of_class(number)) as *mut u8)
}

/// Whether an address is in a block of this place, and not the kernel heap's.
pub fn owns(address: usize) -> bool {
    (LAZY_BASE..LAZY_LIMIT).contains(&address)
}

/// Takes a block back, and the memory behind it.
///
/// # Safety
/// The block came from [`allocate`] with this layout, is given back once, and is not used any more.
pub unsafe fn deallocate(block: NonNull<u8>, layout: Layout) {
    let Some(number) = class_for(layout) else { unreachable!("the block was given out with this layout") };
    decommit(VirtAddr(block.addr().get()), pages_for(layout.size()));
    let slot = (block.addr().get() - first_slot(number)) / size_of_class(number);
    let mut classes = CLASSES_NOW.borrow();
    let class = &mut classes[number];
    // SAFETY: the element lies in the list's own range, and the list has one for each slot.
    unsafe { free_slot(number, class.free).write(slot) };
    class.free += 1;
}

/// Takes back the memory behind bytes of a block, whose pages are zeros from here on. Bytes that share a page with others, and those of other
/// places, stay as they are.
pub fn discard(bytes: &mut [u8]) {
    let range = bytes.as_mut_ptr_range();
    let (start, end) = (range.start.addr(), range.end.addr());
    if !owns(start) || bytes.len() < PAGE_SIZE {
        return;
    }
    let (first, last) = (start.next_multiple_of(PAGE_SIZE), end & !(PAGE_SIZE - 1));
    if first < last {
        decommit(VirtAddr(first), (last - first) / PAGE_SIZE);
    }
}

/// Puts a page of zeros where one was touched that is not there.
pub fn touch(address: VirtAddr) -> Touch {
    if !owns(address.0) {
        return Touch::NotOurs;
    }
    let page = VirtAddr(address.0 & !(PAGE_SIZE - 1));
    match MEMORY.try_borrow() {
        Some(mut memory) => memory.as_mut().map_or(Touch::NotOurs, |memory| zeroed_page_at(memory, page)),
        // The one who holds the tables has touched it.
        None => Touch::NotOurs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(bytes: usize, align: usize) -> Option<usize> {
        class_for(Layout::from_size_align(bytes, align).expect("valid"))
    }

    #[test]
    fn sizes_have_the_class_that_holds_them() {
        assert_eq!(class(LEAST - 1, 1), None);
        assert_eq!(class(LEAST, 1), Some(0));
        assert_eq!(class(LEAST + 1, 1), Some(1));
        assert_eq!(class(64 * 1024, PAGE_SIZE), Some(2));
        assert_eq!(class(64 * 1024, 2 * PAGE_SIZE), None);
        assert_eq!(class(size_of_class(CLASSES - 1), 8), Some(CLASSES - 1));
        assert_eq!(class(size_of_class(CLASSES - 1) + 1, 8), None);
    }

    #[test]
    fn lists_and_slots_have_room_in_their_range() {
        for number in 0..CLASSES {
            assert!(slots(number) * size_of::<usize>() <= LAZY_CLASS_RANGE / LIST_SHARE);
            assert!(first_slot(number) + slots(number) * size_of_class(number) <= base(number + 1));
            assert_eq!(first_slot(number) % PAGE_SIZE, 0);
        }
        assert!(base(CLASSES) <= LAZY_LIMIT);
    }
}
