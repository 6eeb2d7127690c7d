// SPDX-License-Identifier: Apache-2.0
//! The kernel heap: Rust's global allocator over a range of virtual addresses that grows with use.
//!
//! The range lies at [`HEAP_BASE`], far from everything, and its pages are committed as the heap grows; so the heap never has to ask
//! for contiguous frames. Large blocks of the VM do not come from here but from [`super::area`], and large ones that begin as zeros from
//! [`super::lazy`].
#![expect(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]

mod core;
pub mod size_class;
pub mod statistics;

use ::core::alloc::{GlobalAlloc, Layout};
use ::core::ptr::{NonNull, null_mut};

use drivers::memory::{PAGE_SIZE, VirtAddr};

use self::core::{Backing, HeapCore};
use self::statistics::HeapStatistics;
use super::layout::{HEAP_BASE, HEAP_LIMIT};
use super::{Contents, lazy};
use crate::global::Global;

/// Commits pages behind the heap's end.
struct HeapRange {
    end: usize,
}

impl Backing for HeapRange {
    fn grow(&mut self, bytes: usize) -> Option<()> {
        if bytes > HEAP_LIMIT - self.end {
            return None;
        }
        super::commit(VirtAddr(self.end), bytes / PAGE_SIZE, Contents::Undefined).ok()?;
        self.end += bytes;
        Some(())
    }

    fn left(&self) -> usize {
        super::statistics().map_or(0, |statistics| statistics.available * PAGE_SIZE)
    }
}

/// The allocator to declare as `#[global_allocator]`. It serves from the moment that [`super::start`] has run.
pub struct KernelHeap {
    core: Global<HeapCore<HeapRange>>,
}

impl KernelHeap {
    /// A heap that has taken nothing yet.
    ///
    /// # Safety
    /// There may be one only, since each would use the same range.
    #[must_use]
    pub const unsafe fn new() -> Self {
        let base = match NonNull::new(HEAP_BASE as *mut u8) {
            Some(base) => base,
            None => unreachable!(),
        };
        // SAFETY: the range from HEAP_BASE is page-aligned, belongs to the one heap that the caller promises, and `HeapRange`
        // reports only pages that it has committed there.
        Self { core: Global::new(unsafe { HeapCore::new(base, HeapRange { end: HEAP_BASE }) }) }
    }

    /// What the heap holds.
    pub fn statistics(&self) -> HeapStatistics {
        self.core.borrow().statistics()
    }
}

// SAFETY: blocks are disjoint, of the size and alignment asked for, and stay in place until given back: `HeapCore` keeps to that,
// and `Global` lets no two calls overlap.
unsafe impl GlobalAlloc for KernelHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.core.borrow().allocate(layout).map_or(null_mut(), NonNull::as_ptr)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if let Some(block) = lazy::allocate(layout) {
            return block.as_ptr();
        }
        // SAFETY: what is promised here is what `alloc` wants.
        let block = unsafe { self.alloc(layout) };
        if !block.is_null() {
            // SAFETY: a block of this size that was just given out.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if let Some(there) = NonNull::new(block)
            && !lazy::owns(there.addr().get())
            // SAFETY: what is promised here is what `resize` wants; the address says that the block is the heap's.
            && unsafe { self.core.borrow().resize(there, layout, size) }
        {
            return block;
        }
        let Ok(wanted) = Layout::from_size_align(size, layout.align()) else { return null_mut() };
        // SAFETY: the size is not 0, as the caller promises.
        let moved = unsafe { self.alloc(wanted) };
        if !moved.is_null() {
            // SAFETY: two blocks that do not overlap, each at least as long as the shorter of both sizes.
            unsafe { moved.copy_from_nonoverlapping(block, layout.size().min(size)) };
            // SAFETY: the caller's promise.
            unsafe { self.dealloc(block, layout) };
        }
        moved
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match NonNull::new(block) {
            // SAFETY: the caller of `dealloc` promises what `deallocate` wants; the address says where the block came from.
            Some(block) if lazy::owns(block.addr().get()) => unsafe { lazy::deallocate(block, layout) },
            // SAFETY: as above.
            Some(block) => unsafe { self.core.borrow().deallocate(block, layout) },
            None => {}
        }
    }
}
