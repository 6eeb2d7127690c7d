// SPDX-License-Identifier: Apache-2.0
//! Whole pages of the domain's own memory, as rings and grants need them.
//!
//! Who has the memory (the kernel) says so through [`PageAllocator`]; a [`Page`] is owned, zeroed at first, and goes back when it
//! is dropped. What is shared with another domain is not touched through references but through [`crate::shared`].

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use crate::memory::Mfn;

/// Where pages come from.
pub trait PageAllocator: Sync {
    /// A zeroed page of [`crate::memory::PAGE_SIZE`] bytes, aligned to its size, or `None` when memory is full.
    fn allocate(&self) -> Option<NonNull<u8>>;

    /// Takes a page back that [`Self::allocate`] gave out.
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
