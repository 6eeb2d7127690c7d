// SPDX-License-Identifier: Apache-2.0
//! Memory of objects: pages of places of one size. Objects of a table that are made one after the other lie side by side, none takes more lines of the
//! cache than it must, and neither taking nor giving back a place touches the memory of any other.
//!
//! A page begins at a multiple of its size, so the page of an object is known by its address, and an object can be freed by whoever has it.
//! Pages without objects are given back, but for one of each size. Large objects have memory of their own.
#![expect(unsafe_code, reason = "divides pages into places")]

use alloc::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use alloc::rc::Rc;
use core::cell::Cell;
use core::ptr::NonNull;

use crate::last_words::{self, Exhausted};

/// Places are multiples of this, and begin at multiples of it.
const GRANULE: usize = 32;
/// The largest places.
const LARGEST: usize = 512;
/// How many sizes there are.
const SIZES: usize = LARGEST / GRANULE;
/// Pages begin at multiples of this.
const ALIGNMENT: usize = 4096;
/// Bytes of a page. What is left is for allocators that have a header before each block, so that pages lie side by side.
const BYTES: usize = ALIGNMENT - 16;
/// Bytes of a page before its first place.
const HEADER: usize = 64;

const PAGE: Layout = match Layout::from_size_align(BYTES, ALIGNMENT) {
    Ok(layout) => layout,
    Err(_) => panic!("a page has a layout"),
};

/// The memory of some tables.
#[derive(Debug, Default)]
pub struct Pages(Rc<Home>);

/// What the pages belong to. It is there as long as there are pages.
#[derive(Debug, Default)]
struct Home {
    /// For each size the first of the pages that have room.
    first: [Cell<Option<NonNull<Page>>>; SIZES],
    /// Whether pages without objects are given back at once, as no objects are made any more.
    is_left: Cell<bool>,
}

/// The beginning of a page.
#[repr(C)]
struct Page {
    home: Rc<Home>,
    /// The neighbours among the pages of the size that have room.
    next: Cell<Option<NonNull<Page>>>,
    previous: Cell<Option<NonNull<Page>>>,
    /// The free places: a bit for the granule at which each begins.
    free: Cell<u128>,
    /// Places in use.
    used: Cell<u32>,
    /// Which size.
    size: u32,
}

const _: () = assert!(size_of::<Page>() <= HEADER && BYTES / GRANULE < u128::BITS as usize);

/// The size that a number of bytes has, if it is not too large: the places have this many granules, less one.
#[inline]
fn size_of_place(bytes: usize) -> Option<usize> {
    (bytes <= LARGEST).then(|| bytes.saturating_sub(1) / GRANULE)
}

fn large(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, GRANULE).unwrap_or(PAGE)
}

impl Pages {
    /// A place for so many bytes.
    #[inline]
    pub(super) fn take(&self, bytes: usize) -> NonNull<u8> {
        let Some(size) = size_of_place(bytes) else { return take_large(bytes) };
        let page = self.0.first[size].get().unwrap_or_else(|| self.new_page(size));
        // SAFETY: the first page of a size is there, and has a free place.
        unsafe { take_of(page) }
    }

    #[cold]
    #[inline(never)]
    fn new_page(&self, size: usize) -> NonNull<Page> {
        // SAFETY: the layout is not empty.
        let Some(page) = NonNull::new(unsafe { alloc(PAGE) }.cast::<Page>()) else { out_of_memory(PAGE) };
        let _ = page.expose_provenance();
        let step = size + 1;
        let places = (BYTES - HEADER) / (step * GRANULE);
        let free = (0..places).fold(0, |free, place| free | 1 << (HEADER / GRANULE + place * step));
        // SAFETY: the page has room for its header.
        unsafe {
            page.write(Page {
                home: Rc::clone(&self.0),
                next: Cell::new(None),
                previous: Cell::new(None),
                free: Cell::new(free),
                used: Cell::new(0),
                size: size as u32,
            });
            link(page);
        }
        page
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.0.is_left.set(true);
        for first in &self.0.first {
            let mut next = first.get();
            while let Some(page) = next {
                // SAFETY: the pages of the list are there until they are given back, here.
                unsafe {
                    next = page.as_ref().next.get();
                    if page.as_ref().used.get() == 0 {
                        give_back(page);
                    }
                }
            }
        }
    }
}

/// # Safety
/// The page is there and has a free place.
#[inline]
unsafe fn take_of(page: NonNull<Page>) -> NonNull<u8> {
    // SAFETY: as the caller promises; a place is within its page.
    unsafe {
        let header = page.as_ref();
        let free = header.free.get();
        let place = page.cast::<u8>().add(GRANULE * free.trailing_zeros() as usize);
        let rest = free & (free - 1);
        header.free.set(rest);
        header.used.set(header.used.get() + 1);
        if rest == 0 {
            unlink(page);
        }
        place
    }
}

/// Gives back a place for so many bytes.
///
/// # Safety
/// It was taken for as many, and nobody uses it afterwards.
#[inline]
pub(super) unsafe fn free(place: NonNull<u8>, bytes: usize) {
    // SAFETY: as the caller promises; a place that is not large is in a page, which begins at the multiple before.
    unsafe {
        if size_of_place(bytes).is_none() {
            dealloc(place.as_ptr(), large(bytes));
            return;
        }
        let address = place.addr().get();
        let page = core::ptr::with_exposed_provenance_mut(address & !(ALIGNMENT - 1));
        let page = NonNull::<Page>::new_unchecked(page);
        let header = page.as_ref();
        let free = header.free.get();
        header.free.set(free | 1 << (address % ALIGNMENT / GRANULE));
        header.used.set(header.used.get() - 1);
        if free == 0 {
            link(page);
        }
        if header.used.get() == 0 {
            settle(page);
        }
    }
}

/// The end of the machine: there is no memory for objects.
#[cold]
fn out_of_memory(layout: Layout) -> ! {
    last_words::say(Exhausted::Table(layout.size() as u128));
    handle_alloc_error(layout)
}

fn take_large(bytes: usize) -> NonNull<u8> {
    let layout = large(bytes);
    // SAFETY: the layout is not empty.
    let Some(place) = NonNull::new(unsafe { alloc(layout) }) else { out_of_memory(layout) };
    let _ = place.expose_provenance();
    place
}

/// Puts a page in front of those that have room.
///
/// # Safety
/// The page is there, and is not among them.
unsafe fn link(page: NonNull<Page>) {
    // SAFETY: as the caller promises; the pages of the list are there.
    unsafe {
        let header = page.as_ref();
        let first = &header.home.first[header.size as usize];
        header.previous.set(None);
        header.next.set(first.get());
        if let Some(next) = first.get() {
            next.as_ref().previous.set(Some(page));
        }
        first.set(Some(page));
    }
}

/// Takes a page out of those that have room.
///
/// # Safety
/// The page is there, and is among them.
unsafe fn unlink(page: NonNull<Page>) {
    // SAFETY: as the caller promises; the pages of the list are there.
    unsafe {
        let header = page.as_ref();
        let (next, previous) = (header.next.get(), header.previous.get());
        match previous {
            Some(previous) => previous.as_ref().next.set(next),
            None => header.home.first[header.size as usize].set(next),
        }
        if let Some(next) = next {
            next.as_ref().previous.set(previous);
        }
    }
}

/// Gives a page without objects back, unless it is the only one of its size that has room.
///
/// # Safety
/// The page is there, has room, and nobody uses its places.
#[cold]
#[inline(never)]
unsafe fn settle(page: NonNull<Page>) {
    // SAFETY: as the caller promises.
    unsafe {
        let header = page.as_ref();
        let is_only = header.next.get().is_none() && header.previous.get().is_none();
        if header.home.is_left.get() || !is_only {
            give_back(page);
        }
    }
}

/// # Safety
/// The page is there, has room, and nobody uses it or its places afterwards.
unsafe fn give_back(page: NonNull<Page>) {
    // SAFETY: as the caller promises; the page was allocated with this layout.
    unsafe {
        unlink(page);
        page.drop_in_place();
        dealloc(page.as_ptr().cast(), PAGE);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{GRANULE, NonNull, Pages, free};

    /// Fills a place with its own bytes.
    fn fill(place: NonNull<u8>, bytes: usize, with: u8) {
        // SAFETY: the place was taken for as many bytes.
        unsafe { place.write_bytes(with, bytes) };
    }

    fn is_filled(place: NonNull<u8>, bytes: usize, with: u8) -> bool {
        // SAFETY: the place was taken for as many bytes, and filled.
        let bytes = unsafe { core::slice::from_raw_parts(place.as_ptr(), bytes) };
        bytes.iter().all(|byte| *byte == with)
    }

    proptest! {
        #[test]
        fn places_are_apart(
            steps in prop::collection::vec((prop::option::of(1_usize..700), any::<prop::sample::Index>()), 0..500),
            leaves_early: bool,
        ) {
            let mut pages = Some(Pages::default());
            let mut taken: Vec<(NonNull<u8>, usize, u8)> = Vec::new();
            for (number, (bytes, index)) in steps.into_iter().enumerate() {
                match (bytes, &pages) {
                    (Some(bytes), Some(pages)) => {
                        let place = pages.take(bytes);
                        prop_assert!(place.addr().get().is_multiple_of(GRANULE));
                        fill(place, bytes, number as u8);
                        taken.push((place, bytes, number as u8));
                    }
                    _ if !taken.is_empty() => {
                        let (place, bytes, with) = taken.swap_remove(index.index(taken.len()));
                        prop_assert!(is_filled(place, bytes, with));
                        // SAFETY: it was taken for as many bytes, and is not looked at any more.
                        unsafe { free(place, bytes) };
                    }
                    _ => {}
                }
                if leaves_early && number == 300 {
                    pages = None;
                }
            }
            let places: BTreeMap<_, _> = taken.iter().map(|(place, bytes, _)| (place.addr(), *bytes)).collect();
            let ends = places.iter().map(|(place, bytes)| place.get() + bytes);
            prop_assert!(ends.zip(places.keys().skip(1)).all(|(end, next)| end <= next.get()));
            for (place, bytes, with) in taken {
                prop_assert!(is_filled(place, bytes, with));
                // SAFETY: as above.
                unsafe { free(place, bytes) };
            }
        }
    }
}
