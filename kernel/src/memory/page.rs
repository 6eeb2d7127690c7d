// SPDX-License-Identifier: Apache-2.0
//! Pages for the drivers: frames, used where the direct map shows them.

use core::ptr::NonNull;

use drivers::memory::{Mfn, VirtAddr};
use drivers::page::PageAllocator;

use super::layout::{direct_map_address, direct_map_frame};
use super::mapper::Mmu;
use super::{Memory, allocate_frame, allocate_run, with_memory};

/// The frame allocator as the drivers see it.
pub struct FramePages;

impl PageAllocator for FramePages {
    fn allocate(&self) -> Option<NonNull<u8>> {
        NonNull::new(direct_map_address(allocate_frame()?).0 as *mut u8)
    }

    fn allocate_run(&self, pages: usize) -> Option<NonNull<u8>> {
        NonNull::new(direct_map_address(allocate_run(pages)?).0 as *mut u8)
    }

    fn release(&self, page: NonNull<u8>) {
        let frame = direct_map_frame(VirtAddr(page.as_ptr() as usize)).expect("a page of the direct map");
        with_memory(|Memory { frames, .. }| frames.release(frame)).expect("the page is in use");
    }

    fn mfn(&self, page: NonNull<u8>) -> Mfn {
        let frame = direct_map_frame(VirtAddr(page.as_ptr() as usize)).expect("a page of the direct map");
        with_memory(|Memory { mapper, .. }| mapper.mmu().mfn(frame))
    }
}
