// SPDX-License-Identifier: Apache-2.0
//! How much memory heaps and binaries hold, for `erlang:memory/0`. One count for all machines of a program: blocks know no machine.

use core::sync::atomic::{AtomicUsize, Ordering};

/// A number of bytes. One thread runs a machine, so plain loads and stores count; machines in several threads may lose some.
pub(super) struct Usage(AtomicUsize);

impl Usage {
    const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    pub(super) fn add(&self, bytes: usize) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(bytes), Ordering::Relaxed);
    }

    pub(super) fn remove(&self, bytes: usize) {
        self.0.store(self.0.load(Ordering::Relaxed).saturating_sub(bytes), Ordering::Relaxed);
    }
}

/// Blocks of heaps and fragments.
pub(super) static HEAPS: Usage = Usage::new();
/// Blocks of binaries.
pub(super) static BINARIES: Usage = Usage::new();

/// Bytes of all heaps and fragments.
#[must_use]
pub fn heap_bytes() -> usize {
    HEAPS.0.load(Ordering::Relaxed)
}

/// Bytes of all binaries outside of heaps.
#[must_use]
pub fn binary_bytes() -> usize {
    BINARIES.0.load(Ordering::Relaxed)
}
