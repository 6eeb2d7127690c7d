// SPDX-License-Identifier: Apache-2.0
//! The page that Xen shares with the domain: event bits, clock, and the address of the last page fault (`public/xen.h`).
#![expect(unsafe_code, reason = "reads a page that Xen writes to")]

use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};

use drivers::memory::{Mfn, VirtAddr};
use xen_hypervisor_sys::xen::SharedInfo;

use crate::memory;
use crate::memory::layout::SHARED_INFO;

/// Whether the page is mapped. An atomic only because statics must be `Sync`.
static MAPPED: AtomicBool = AtomicBool::new(false);

/// Maps the page at its fixed address.
pub fn map(frame: Mfn) {
    memory::map_foreign(SHARED_INFO, frame);
    MAPPED.store(true, Ordering::Relaxed);
}

/// The page, once it is mapped.
pub fn get() -> Option<NonNull<SharedInfo>> {
    if MAPPED.load(Ordering::Relaxed) { NonNull::new(SHARED_INFO.0 as *mut SharedInfo) } else { None }
}

/// The address that the last page fault was about.
pub fn fault_address() -> Option<VirtAddr> {
    let info = get()?;
    // SAFETY: the page is mapped for good; Xen writes the field, hence volatile.
    Some(VirtAddr(unsafe { (&raw const (*info.as_ptr()).vcpu_info[0].arch.cr2).read_volatile() } as usize))
}
