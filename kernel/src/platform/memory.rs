// SPDX-License-Identifier: Apache-2.0
//! Memory at fixed addresses for the virtual machine: the areas of [`area`]. There is one machine in a guest, so each range is free.
#![expect(unsafe_code, reason = "hands out memory by its address")]

use core::ops::Range;
use core::ptr::NonNull;

use beam_vm::platform::{CodeAccess, FixedRange, Reservation};
use drivers::memory::VirtAddr;
use log::warn;

use crate::memory::area::{self, AreaError, Protection};

/// Addresses that have memory when they are committed.
pub fn reserve(range: FixedRange) -> Option<Reservation> {
    let start = NonNull::new(range.start as *mut u64)?;
    // SAFETY: the range is one of the areas, which nothing else of the guest uses, and the machine asks for each once; committed pages are zeroed
    // and writable.
    Some(unsafe { Reservation::of_platform(start, range.bytes / 8) })
}

/// The same for machine code, which has a range of its own.
pub fn reserve_code(range: FixedRange) -> Option<Reservation> {
    reserve(range)
}

/// Commits pages.
pub fn commit(pages: Range<usize>) -> bool {
    is_done("literals", area::commit(VirtAddr(pages.start), pages.len()))
}

/// Lets pages for machine code be written or executed. Before they are written they are committed anew, so that nothing of what was there can be
/// executed.
pub fn protect_code(pages: Range<usize>, access: CodeAccess) -> bool {
    let start = VirtAddr(pages.start);
    is_done(
        "machine code",
        match access {
            CodeAccess::Write => area::commit(start, pages.len()),
            CodeAccess::Execute => area::protect(start, pages.len(), Protection::ReadExecute),
        },
    )
}

fn is_done(what: &str, result: Result<(), AreaError>) -> bool {
    if let Err(error) = &result {
        warn!("no memory for {what}: {error}");
    }
    result.is_ok()
}
