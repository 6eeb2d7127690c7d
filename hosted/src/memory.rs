// SPDX-License-Identifier: Apache-2.0
//! Address space of the process for what the machine has at fixed places.
#![expect(unsafe_code, reason = "maps memory")]

use std::ops::Range;
use std::ptr::{NonNull, null_mut};

use beam_vm::platform::{CodeAccess, FixedRange, Reservation};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// Machine code has to be below.
const REACH: usize = 1 << 31;

/// What was mapped for a machine; it is given back with this.
#[derive(Debug, Default)]
pub struct Mappings(Vec<(NonNull<u64>, usize)>);

impl Mappings {
    /// Maps a range: at its place, or wherever there is room if another machine of this process is there.
    pub fn reserve(&mut self, range: FixedRange) -> Option<Reservation> {
        let place = std::ptr::without_provenance_mut(range.start);
        self.map(place, range.bytes, MapFlags::FIXED_NOREPLACE)
            .or_else(|| self.map(null_mut(), range.bytes, MapFlags::empty()))
    }

    /// Maps a range for machine code: at its place, or behind it where other machines of this process have left room.
    pub fn reserve_code(&mut self, range: FixedRange) -> Option<Reservation> {
        let places = (range.start..=REACH - range.bytes).step_by(range.bytes);
        places
            .map(std::ptr::without_provenance_mut)
            .find_map(|place| self.map(place, range.bytes, MapFlags::FIXED_NOREPLACE))
    }

    /// Says what may be done with pages of a range for machine code. Gives whether the system agrees.
    pub fn protect_code(&mut self, pages: Range<usize>, access: CodeAccess) -> bool {
        let inside = |(start, bytes): &(NonNull<u64>, usize)| {
            let start = start.addr().get();
            start <= pages.start && pages.start <= pages.end && pages.end <= start + bytes
        };
        let Some((start, _)) = self.0.iter().find(|mapping| inside(mapping)) else { return false };
        let flags = match access {
            CodeAccess::Write => MprotectFlags::READ | MprotectFlags::WRITE,
            CodeAccess::Execute => MprotectFlags::READ | MprotectFlags::EXEC,
        };
        let first = start.as_ptr().with_addr(pages.start).cast();
        // SAFETY: the pages are of a mapping made here, and who has it asks for this.
        unsafe { mprotect(first, pages.len(), flags) }.is_ok()
    }

    fn map(&mut self, place: *mut std::ffi::c_void, bytes: usize, flags: MapFlags) -> Option<Reservation> {
        let flags = flags | MapFlags::PRIVATE | MapFlags::NORESERVE;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping takes nothing away from anybody: it never replaces another.
        let memory = unsafe { mmap_anonymous(place, bytes, access, flags) }.ok()?;
        let start = NonNull::new(memory.cast::<u64>())?;
        self.0.push((start, bytes));
        // SAFETY: the mapping is new, and stays until this is dropped.
        Some(unsafe { Reservation::of_platform(start, bytes / 8) })
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
