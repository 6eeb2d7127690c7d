// SPDX-License-Identifier: Apache-2.0
//! Whole pages of the domain's own memory, as rings and grants need them.
//!
//! Who has the memory (the kernel) says so through [`PageAllocator`]; a [`Page`] is owned, zeroed at first, and goes back when it
//! is dropped. What is shared with another domain is not touched through references but through [`crate::shared`].

use alloc::vec::Vec;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use crate::memory::{Mfn, PAGE_SIZE};

/// Where pages come from.
pub trait PageAllocator: Sync {
    /// A zeroed page of [`crate::memory::PAGE_SIZE`] bytes, aligned to its size, or `None` when memory is full.
    fn allocate(&self) -> Option<NonNull<u8>>;

    /// So many zeroed pages at addresses that follow each other, or `None` when there are none. Each goes back by itself.
    fn allocate_run(&self, pages: usize) -> Option<NonNull<u8>> {
        if pages == 1 { self.allocate() } else { None }
    }

    /// Takes a page back that [`Self::allocate`] or [`Self::allocate_run`] gave out.
    fn release(&self, page: NonNull<u8>);

    /// The machine frame of such a page.
    fn mfn(&self, page: NonNull<u8>) -> Mfn;
}

/// A page of the domain's own memory.
pub struct Page {
    address: NonNull<u8>,
    allocator: &'static dyn PageAllocator,
}

impl Page {
    /// A zeroed page, or `None` when memory is full.
    #[must_use]
    pub fn allocate(allocator: &'static dyn PageAllocator) -> Option<Self> {
        Some(Self { address: allocator.allocate()?, allocator })
    }

    /// So many zeroed pages at addresses that follow each other, or `None` when there are none.
    #[must_use]
    pub fn allocate_run(allocator: &'static dyn PageAllocator, pages: usize) -> Option<Vec<Self>> {
        let first = allocator.allocate_run(pages)?;
        let addresses = (0..pages).map(|index| NonNull::new(first.as_ptr().wrapping_add(index * PAGE_SIZE)));
        addresses.map(|address| Some(Self { address: address?, allocator })).collect()
    }

    /// Where the page is.
    #[must_use]
    pub const fn address(&self) -> NonNull<u8> {
        self.address
    }

    /// Its machine frame.
    #[must_use]
    pub fn mfn(&self) -> Mfn {
        self.allocator.mfn(self.address)
    }

    /// Gives the page up for ever: another domain may go on using it.
    pub fn leak(self) {
        let _ = ManuallyDrop::new(self);
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.allocator.release(self.address);
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({:p})", self.address)
    }
}
