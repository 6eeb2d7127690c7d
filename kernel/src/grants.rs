// SPDX-License-Identifier: Apache-2.0
//! Sets up the domain's grant table: asks Xen for its frames and maps them one after the other.
#![expect(unsafe_code, reason = "makes hypercalls and vouches for the mapped table")]

use alloc::boxed::Box;
use alloc::vec;
use core::ptr::NonNull;

use drivers::error::XenError;
use drivers::grant::{GrantFrames, GrantTable};
use drivers::memory::{Mfn, VirtAddr};
use xen_hypervisor_sys::grant_table::{
    GNTTABOP_QUERY_SIZE, GNTTABOP_SETUP_TABLE, GnttabQuerySize, GnttabSetupTable, GrantEntryV1,
};
use xen_hypervisor_sys::hypercall;
use xen_hypervisor_sys::xen::DOMID_SELF;

use crate::memory;
use crate::memory::PAGE_SIZE;
use crate::memory::layout::{GRANT_TABLE, GRANT_TABLE_FRAMES};

/// The frames of the table, mapped from [`GRANT_TABLE`] on.
struct XenGrantFrames {
    mapped: usize,
    max: usize,
}

impl GrantFrames for XenGrantFrames {
    fn max_frames(&self) -> usize {
        self.max
    }

    fn resize(&mut self, frames: usize) -> Result<NonNull<GrantEntryV1>, XenError> {
        let mut list = vec![0_u64; frames];
        let mut setup = GnttabSetupTable::zeroed();
        setup.dom = DOMID_SELF;
        setup.nr_frames = frames as u32;
        setup.frame_list = list.as_mut_ptr();
        // SAFETY: the structure belongs to the operation, and the list has room for the frames that it announces.
        let result = unsafe { hypercall::grant_table_op(GNTTABOP_SETUP_TABLE, (&raw mut setup).cast(), 1) };
        XenError::check("set up the grant table", result.min(0) + isize::from(setup.status).min(0))?;
        for (index, frame) in list.iter().enumerate().skip(self.mapped) {
            memory::map_foreign(VirtAddr(GRANT_TABLE.0 + index * PAGE_SIZE), Mfn(*frame as usize));
        }
        self.mapped = frames;
        Ok(NonNull::new(GRANT_TABLE.0 as *mut GrantEntryV1).expect("the fixed range does not begin at zero"))
    }
}

/// The domain's grant table, one frame long at first.
///
/// # Errors
/// [`XenError`] when Xen refuses.
pub fn start() -> Result<GrantTable, XenError> {
    let mut query = GnttabQuerySize::zeroed();
    query.dom = DOMID_SELF;
    // SAFETY: the structure belongs to the operation and outlives it.
    let result = unsafe { hypercall::grant_table_op(GNTTABOP_QUERY_SIZE, (&raw mut query).cast(), 1) };
    XenError::check("tell the grant table's size", result.min(0) + isize::from(query.status).min(0))?;
    let frames = XenGrantFrames { mapped: 0, max: GRANT_TABLE_FRAMES.min(query.max_nr_frames as usize) };
    // SAFETY: the frames are those that Xen named for this domain, mapped where nothing else is.
    unsafe { GrantTable::new(Box::new(frames)) }
}
