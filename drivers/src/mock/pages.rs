// SPDX-License-Identifier: Apache-2.0
//! A domain's pages and grant table, and what another domain sees of them.
#![expect(unsafe_code, reason = "hands out memory by page")]

use alloc::alloc::{Layout, alloc_zeroed};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use xen_hypervisor_sys::grant_table::GrantEntryV1;

use crate::error::XenError;
use crate::grant::{Access, ENTRIES_PER_FRAME, GrantFrames, GrantTable};
use crate::memory::{GrantRef, Mfn, PAGE_SIZE};
use crate::page::{Page, PageAllocator};
use crate::shared::SharedMemory;

/// The machine frame of the first page.
const FIRST_FRAME: usize = 0x1000;

/// Some pages, which live as long as the program: handles to them are given out freely.
pub struct MockPages {
    base: AtomicPtr<u8>,
    used: Box<[AtomicBool]>,
    out: AtomicUsize,
}

impl MockPages {
    /// So many pages.
    pub fn new(count: usize) -> &'static Self {
        let layout = Layout::from_size_align(count * PAGE_SIZE, PAGE_SIZE).expect("a size of some pages");
        // SAFETY: the layout is not empty; a count of zero makes pages of no use, and the pointer is checked.
        let base = unsafe { alloc_zeroed(layout) };
        assert!(count > 0 && !base.is_null(), "the host has memory");
        let used = (0..count).map(|_| AtomicBool::new(false)).collect();
        Box::leak(Box::new(Self { base: AtomicPtr::new(base), used, out: AtomicUsize::new(0) }))
    }

    /// How many pages are given out.
    pub fn out(&self) -> usize {
        self.out.load(Ordering::Relaxed)
    }

    fn address(&self, index: usize) -> NonNull<u8> {
        assert!(index < self.used.len());
        // SAFETY: the page lies in the memory that `new` has allocated.
        let address = unsafe { self.base.load(Ordering::Relaxed).add(index * PAGE_SIZE) };
        NonNull::new(address).expect("checked when it was allocated")
    }

    fn index(&self, page: NonNull<u8>) -> usize {
        (page.addr().get() - self.base.load(Ordering::Relaxed).addr()) / PAGE_SIZE
    }

    /// A page of a grant as the other domain maps it, if it may.
    pub fn map(&self, table: &GrantTable, reference: GrantRef) -> Option<(SharedMemory, Access)> {
        let (Mfn(frame), access) = table.granted(reference)?;
        // SAFETY: the page lives as long as the program. Two handles stand for the two domains, whose accesses are atomic.
        let memory = unsafe { SharedMemory::new(self.address(frame.checked_sub(FIRST_FRAME)?), 1) };
        Some((memory, access))
    }
}

impl MockPages {
    /// The pages of several grants as the other domain maps them, if it may and they follow each other.
    pub fn map_run(&self, table: &GrantTable, references: &[GrantRef]) -> Option<SharedMemory> {
        let frames: Option<Vec<_>> = references.iter().map(|one| Some(table.granted(*one)?.0.0)).collect();
        let frames = frames?;
        let first = frames.first()?.checked_sub(FIRST_FRAME)?;
        frames.iter().enumerate().all(|(index, frame)| *frame == first + FIRST_FRAME + index).then_some(())?;
        // SAFETY: as for `map`.
        Some(unsafe { SharedMemory::new(self.address(first), frames.len()) })
    }
}

impl PageAllocator for MockPages {
    fn allocate_run(&self, pages: usize) -> Option<NonNull<u8>> {
        let is_free = |index: usize| !self.used[index].load(Ordering::Relaxed);
        let last = self.used.len().checked_sub(pages)?;
        let first = (0..=last).find(|first| (*first..first + pages).all(is_free))?;
        for index in first..first + pages {
            self.used[index].store(true, Ordering::Relaxed);
        }
        self.out.fetch_add(pages, Ordering::Relaxed);
        let run = self.address(first);
        // SAFETY: the pages are given out to one caller.
        unsafe { run.as_ptr().write_bytes(0, pages * PAGE_SIZE) };
        Some(run)
    }

    fn allocate(&self) -> Option<NonNull<u8>> {
        let index = self.used.iter().position(|used| !used.swap(true, Ordering::Relaxed))?;
        self.out.fetch_add(1, Ordering::Relaxed);
        let page = self.address(index);
        // SAFETY: the page is given out to one caller.
        unsafe { page.as_ptr().write_bytes(0, PAGE_SIZE) };
        Some(page)
    }

    fn release(&self, page: NonNull<u8>) {
        self.used[self.index(page)].store(false, Ordering::Relaxed);
        self.out.fetch_sub(1, Ordering::Relaxed);
    }

    fn mfn(&self, page: NonNull<u8>) -> Mfn {
        Mfn(FIRST_FRAME + self.index(page))
    }
}

/// A table of the greatest length from the beginning, leaked so that it outlives every handle.
struct MockFrames(&'static mut [GrantEntryV1]);

impl GrantFrames for MockFrames {
    fn max_frames(&self) -> usize {
        self.0.len() / ENTRIES_PER_FRAME
    }

    fn resize(&mut self, _frames: usize) -> Result<NonNull<GrantEntryV1>, XenError> {
        NonNull::new(self.0.as_mut_ptr()).ok_or(XenError::TooManyChannels)
    }
}

/// A grant table that can have so many frames.
pub fn grant_table(frames: usize) -> GrantTable {
    let entries = vec![GrantEntryV1::zeroed(); frames * ENTRIES_PER_FRAME].leak();
    // SAFETY: the memory is the table's alone.
    unsafe { GrantTable::new(Box::new(MockFrames(entries))) }.expect("the first frame is there")
}

/// A zeroed page.
pub fn page(pages: &'static MockPages) -> Page {
    Page::allocate(pages).expect("the mock has pages")
}
