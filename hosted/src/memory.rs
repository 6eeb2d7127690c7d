// SPDX-License-Identifier: Apache-2.0
//! Address space of the process for what the machine has at fixed places.
#![expect(unsafe_code, reason = "maps memory")]

use std::ptr::{NonNull, null_mut};

use beam_vm::platform::{FixedRange, Reservation};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// What was mapped for a machine; it is given back with this.
#[derive(Debug, Default)]
pub struct Mappings(Vec<(NonNull<u64>, usize)>);

impl Mappings {
    /// Maps a range: at its place, or wherever there is room if another machine of this process is there.
    pub fn reserve(&mut self, range: FixedRange) -> Option<Reservation> {
        let place = std::ptr::without_provenance_mut(range.start);
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let map = |at, flags| {
            // SAFETY: a new mapping takes nothing away from anybody: it never replaces another.
            unsafe { mmap_anonymous(at, range.bytes, access, flags) }
        };
        let memory =
            map(place, flags | MapFlags::FIXED_NOREPLACE).or_else(|_| map(null_mut(), flags)).ok()?;
        let start = NonNull::new(memory.cast::<u64>())?;
        self.0.push((start, range.bytes));
        // SAFETY: the mapping is new, and stays until this is dropped.
        Some(unsafe { Reservation::of_platform(start, range.bytes / 8) })
    }
}

impl Drop for Mappings {
    fn drop(&mut self) {
        for (start, bytes) in &self.0 {
            // SAFETY: the mapping was made above; the platform outlives the machine, so nobody uses it any more.
            let unmapped = unsafe { munmap(start.as_ptr().cast(), *bytes) };
            debug_assert!(unmapped.is_ok(), "the mapping was made with this length");
        }
    }
}
