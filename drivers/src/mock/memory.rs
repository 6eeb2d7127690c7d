// SPDX-License-Identifier: Apache-2.0
//! Pages with two handles, standing for the two domains that map them.
#![expect(unsafe_code, reason = "pages come from the allocator by address")]

use alloc::alloc::{alloc_zeroed, dealloc, handle_alloc_error};
use alloc::rc::Rc;
use core::alloc::Layout;
use core::ptr::NonNull;

use crate::memory::PAGE_SIZE;
use crate::shared::{SharedMemory, SharedPage};

/// Page-aligned memory that is freed when its last handle is gone.
#[derive(Debug)]
pub(crate) struct Pages {
    base: NonNull<u8>,
    layout: Layout,
}

impl Pages {
    fn new(count: usize) -> Self {
        assert!(count > 0, "shared memory has at least one page");
        let layout =
            Layout::from_size_align(count * PAGE_SIZE, PAGE_SIZE).expect("a few pages are a valid layout");
        // SAFETY: the layout's size is not zero.
        let base = unsafe { alloc_zeroed(layout) };
        Self { base: NonNull::new(base).unwrap_or_else(|| handle_alloc_error(layout)), layout }
    }

    pub(crate) fn base(&self) -> NonNull<u8> {
        self.base
    }

    pub(crate) fn count(&self) -> usize {
        self.layout.size() / PAGE_SIZE
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the memory came from `alloc_zeroed` with this layout, and no handle is left.
        unsafe { dealloc(self.base.as_ptr(), self.layout) }
    }
}

/// Two handles to the same zeroed pages: the front end's and the back end's.
pub fn shared(pages: usize) -> (SharedMemory, SharedMemory) {
    let pages = Rc::new(Pages::new(pages));
    (SharedMemory::of_mock(&pages), SharedMemory::of_mock(&pages))
}

/// Two handles to the same zeroed page.
pub fn shared_page() -> (SharedPage, SharedPage) {
    let (ours, theirs) = shared(1);
    (SharedPage::of_mock(ours), SharedPage::of_mock(theirs))
}
