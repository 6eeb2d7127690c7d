// SPDX-License-Identifier: Apache-2.0
//! Memory that another domain reads and writes at the same time.
//!
//! No reference to such memory may ever exist: the compiler would be free to assume that a value behind a
//! reference stays what it was. [`SharedMemory`] holds an address and offers loads, stores and copies instead,
//! each of which touches memory exactly once, by an atomic operation or, for many bytes, the processor's string instructions. A value that was loaded is ours and
//! cannot change any more; to check it and then load it again would be the caller's mistake, so callers load
//! once, copy, and check the copy.
//!
//! A [`SharedPage`] is the usual case of one page. Larger ranges serve rings of several pages, which must be
//! contiguous in virtual memory and need not be in machine memory.
//!
//! Handles are neither copied nor shared: a ring owns its memory, or whatever grants it (`AsRef<SharedMemory>`), and
//! gives it back when it is taken apart, so that the layer below knows when a page may be revoked. Slots of structures go through byte buffers
//! (`ring::Slot`) rather than through casts, so nothing here needs to know which types are plain data.
#![expect(
    unsafe_code,
    reason = "the one place that turns an address shared with another domain into accesses"
)]

use core::ops::Deref;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering};

use crate::memory::PAGE_SIZE;

mod string;

/// A range of whole pages that another domain may read and write at any time.
#[derive(Debug)]
pub struct SharedMemory {
    base: NonNull<u8>,
    len: usize,
    /// Keeps the memory of a mock alive that has no pages of its own.
    #[cfg(any(test, feature = "mock"))]
    _keeper: Option<alloc::rc::Rc<crate::mock::memory::Pages>>,
}

impl SharedMemory {
    /// Takes charge of `pages` pages from `base` on.
    ///
    /// # Panics
    /// When there are no pages or `base` is not the start of one.
    ///
    /// # Safety
    /// The range must be mapped readable and writable until the handle is gone, and this program must access it
    /// through this handle only. Whether and how another domain accesses it does not matter.
    pub unsafe fn new(base: NonNull<u8>, pages: usize) -> Self {
        assert!(pages > 0 && base.addr().get().is_multiple_of(PAGE_SIZE), "shared memory is whole pages");
        Self {
            base,
            len: pages * PAGE_SIZE,
            #[cfg(any(test, feature = "mock"))]
            _keeper: None,
        }
    }

    /// A handle to memory of a mock, which lives until its last handle is gone.
    #[cfg(any(test, feature = "mock"))]
    pub(crate) fn of_mock(pages: &alloc::rc::Rc<crate::mock::memory::Pages>) -> Self {
        // SAFETY: the pages are page-aligned, live as long as `keeper`, and are reached through handles only.
        // Two handles on one thread stand for the two domains; all of their accesses are atomic.
        let memory = unsafe { Self::new(pages.base(), pages.count()) };
        Self { _keeper: Some(pages.clone()), ..memory }
    }

    /// The number of bytes.
    #[expect(clippy::len_without_is_empty, reason = "a mapping is never empty in any useful sense")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The address of the first byte, for page tables and grants.
    pub fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// The address of `size` bytes at `offset`, which must lie inside and be aligned to `size`.
    ///
    /// Offsets come from layouts that were checked when a ring was made. One that is out of range is a bug of
    /// ours, like an index out of a slice's range, whatever the other domain does.
    #[inline]
    #[track_caller]
    fn at(&self, offset: usize, size: usize) -> *mut u8 {
        let end = offset.checked_add(size);
        assert!(
            end.is_some_and(|end| end <= self.len) && offset.is_multiple_of(size),
            "access of {size} bytes at offset {offset} of {} shared bytes",
            self.len
        );
        // SAFETY: offset + size is at most the length of the range.
        unsafe { self.base.as_ptr().add(offset) }
    }

    /// Loads a byte.
    ///
    /// # Panics
    /// When the offset is out of range. The same holds, here and below, for one that is not aligned.
    #[inline]
    pub fn load_u8(&self, offset: usize, order: Ordering) -> u8 {
        // SAFETY: `at` has checked the range, which stays mapped; atomics tolerate the other side's accesses.
        unsafe { AtomicU8::from_ptr(self.at(offset, 1)) }.load(order)
    }

    /// Loads 16 bits.
    #[inline]
    pub fn load_u16(&self, offset: usize, order: Ordering) -> u16 {
        // SAFETY: as for `load_u8`; `at` has checked the alignment, too.
        unsafe { AtomicU16::from_ptr(self.at(offset, 2).cast()) }.load(order)
    }

    /// Loads 32 bits.
    #[inline]
    pub fn load_u32(&self, offset: usize, order: Ordering) -> u32 {
        // SAFETY: as for `load_u16`.
        unsafe { AtomicU32::from_ptr(self.at(offset, 4).cast()) }.load(order)
    }

    /// Stores a byte.
    #[inline]
    pub fn store_u8(&self, offset: usize, value: u8, order: Ordering) {
        // SAFETY: as for `load_u8`.
        unsafe { AtomicU8::from_ptr(self.at(offset, 1)) }.store(value, order);
    }

    /// Stores 16 bits.
    #[inline]
    pub fn store_u16(&self, offset: usize, value: u16, order: Ordering) {
        // SAFETY: as for `load_u16`.
        unsafe { AtomicU16::from_ptr(self.at(offset, 2).cast()) }.store(value, order);
    }

    /// Stores 32 bits.
    #[inline]
    pub fn store_u32(&self, offset: usize, value: u32, order: Ordering) {
        // SAFETY: as for `load_u16`.
        unsafe { AtomicU32::from_ptr(self.at(offset, 4).cast()) }.store(value, order);
    }

    /// The address of `size` bytes at `offset`, which must lie inside.
    #[track_caller]
    fn range(&self, offset: usize, size: usize) -> *mut u8 {
        let end = offset.checked_add(size);
        assert!(
            end.is_some_and(|end| end <= self.len),
            "{size} bytes at offset {offset} of {} shared bytes",
            self.len
        );
        // SAFETY: offset + size is at most the length of the range.
        unsafe { self.base.as_ptr().add(offset) }
    }

    /// Copies `into.len()` bytes from `offset` on into private memory.
    ///
    /// Each byte is read once. The order in which bytes are read is not defined; an acquiring load of an index must come before.
    ///
    /// # Panics
    /// When the range leaves the memory.
    pub fn copy_out(&self, offset: usize, into: &mut [u8]) {
        let from = self.range(offset, into.len());
        // SAFETY: `range` has checked what is read, `into` is ours alone, and shared pages are no part of any slice.
        unsafe { string::copy(from, into.as_mut_ptr(), into.len()) };
    }

    /// Copies private bytes to `offset`, with the same freedom of order as [`copy_out`](Self::copy_out); a
    /// releasing store of an index must come after.
    ///
    /// # Panics
    /// When the range leaves the memory.
    pub fn copy_in(&self, offset: usize, from: &[u8]) {
        let into = self.range(offset, from.len());
        // SAFETY: `range` has checked what is written, nobody changes `from` meanwhile, and shared pages are no part of any slice.
        unsafe { string::copy(from.as_ptr(), into, from.len()) };
    }

    /// Sets every byte to zero, so that nothing of ours is shown to the other side by accident.
    pub fn clear(&self) {
        // SAFETY: it is all of the memory, whole pages.
        unsafe { string::clear(self.base.as_ptr(), self.len / size_of::<u64>()) };
    }
}

/// One page that another domain may read and write at any time.
#[derive(Debug)]
pub struct SharedPage(SharedMemory);

impl SharedPage {
    /// Takes charge of the page at `base`.
    ///
    /// # Panics
    /// When `base` is not the start of a page.
    ///
    /// # Safety
    /// As for [`SharedMemory::new`].
    pub unsafe fn new(base: NonNull<u8>) -> Self {
        // SAFETY: the caller vouches for the page.
        Self(unsafe { SharedMemory::new(base, 1) })
    }

    /// Wraps a mock's memory, which must be one page.
    #[cfg(any(test, feature = "mock"))]
    pub(crate) fn of_mock(memory: SharedMemory) -> Self {
        assert_eq!(memory.len(), PAGE_SIZE);
        Self(memory)
    }
}

impl Deref for SharedPage {
    type Target = SharedMemory;

    fn deref(&self) -> &SharedMemory {
        &self.0
    }
}

impl AsRef<SharedMemory> for SharedMemory {
    fn as_ref(&self) -> &SharedMemory {
        self
    }
}

impl AsRef<SharedMemory> for SharedPage {
    fn as_ref(&self) -> &SharedMemory {
        &self.0
    }
}

impl From<SharedPage> for SharedMemory {
    fn from(page: SharedPage) -> Self {
        page.0
    }
}

#[cfg(test)]
mod tests;
