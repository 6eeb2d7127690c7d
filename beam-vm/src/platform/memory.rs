// SPDX-License-Identifier: Apache-2.0
//! Memory at fixed addresses. What the machine keeps there is at the same place on every platform and in every run, so that it can be frozen
//! into an image and found again.
#![expect(unsafe_code, reason = "owns memory that is given out by its address")]

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::ptr::NonNull;

/// Addresses with a purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FixedRange {
    /// The first address, a multiple of the largest page (1 GiB).
    pub start: usize,
    /// How many bytes there are.
    pub bytes: usize,
}

/// The literals of modules and persistent terms. Nothing else is in this part of the address space: Linux puts programs below it and
/// mappings above, the kernel its heap below and its areas above (`kernel/src/memory/layout.rs`).
pub const LITERALS: FixedRange =
    FixedRange { start: 0x0A00_0000_0000, bytes: if cfg!(miri) { 1 << 20 } else { 8 << 30 } };

/// The machine code of modules, below 2 GiB: a jump says how far by 32 bits with a sign. Programs are linked far below.
pub const MACHINE_CODE: FixedRange = FixedRange { start: 0x4000_0000, bytes: 64 << 20 };

/// Memory that was reserved.
#[derive(Debug)]
pub struct Reservation {
    start: NonNull<u64>,
    words: usize,
    /// How it was allocated, unless the platform takes it back.
    allocated: Option<Layout>,
}

impl Reservation {
    /// Memory that the platform has reserved, and takes back after the machine is gone.
    ///
    /// # Safety
    /// Once it is committed ([`Platform::commit`](super::Platform::commit)), the memory has to be readable and writable, all 0, and used by nobody
    /// else as long as the platform lives.
    #[must_use]
    pub unsafe fn of_platform(start: NonNull<u64>, words: usize) -> Self {
        let _ = start.expose_provenance();
        Self { start, words, allocated: None }
    }

    /// Memory of the global allocator, wherever it is.
    #[must_use]
    pub fn allocate(bytes: usize) -> Option<Self> {
        let words = bytes / 8;
        let layout = Layout::array::<u64>(words).ok().filter(|layout| layout.size() > 0)?;
        // SAFETY: the layout is not empty.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) }.cast::<u64>())?;
        let _ = start.expose_provenance();
        Some(Self { start, words, allocated: Some(layout) })
    }

    /// Its first word.
    #[must_use]
    pub const fn start(&self) -> NonNull<u64> {
        self.start
    }

    /// How many words there are.
    #[must_use]
    pub const fn words(&self) -> usize {
        self.words
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(layout) = self.allocated {
            // SAFETY: the memory was allocated with this layout, and the machine that used it is gone.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}
