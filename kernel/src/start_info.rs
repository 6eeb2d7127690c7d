// SPDX-License-Identifier: Apache-2.0
//! The page in which Xen tells a domain what it is: `start_info`, Xen's `public/xen.h`.
#![expect(unsafe_code, reason = "reads the page that Xen left at an address in a register")]

use drivers::memory::{EvtchnPort, Mfn, PAGE_SHIFT, VirtAddr};
use xen_hypervisor_sys::xen::{MAX_GUEST_CMDLINE, StartInfo};

/// A copy of what matters in `start_info`.
#[derive(Clone, Debug)]
pub struct StartOfDay {
    /// Frames of the domain.
    pub frames: usize,
    /// Machine frame of the shared info page.
    pub shared_info: Mfn,
    /// Machine frame of the xenstore ring.
    pub xenstore: Mfn,
    /// The port at which xenstored is rung.
    pub xenstore_port: EvtchnPort,
    /// Machine frame of the console ring.
    pub console: Mfn,
    /// The port at which the console daemon is rung.
    pub console_port: EvtchnPort,
    /// Address of the root page table.
    pub root: VirtAddr,
    /// Frames of page tables.
    pub table_frames: usize,
    /// Address of the list of machine frames.
    pub p2m: VirtAddr,
    /// The command line: Xen's `extra=` and what goes with it, a zero after its last byte.
    pub command_line: &'static [u8; MAX_GUEST_CMDLINE],
}

impl StartOfDay {
    /// # Safety
    /// `info` is what Xen passed to the entry point. The page is not written to any more.
    pub unsafe fn read(info: *const StartInfo) -> Self {
        // SAFETY: Xen's domain builder made the page, in mapped memory that nothing else uses.
        let info: &'static StartInfo = unsafe { &*info };
        Self {
            frames: info.nr_pages as usize,
            shared_info: Mfn((info.shared_info >> PAGE_SHIFT) as usize),
            xenstore: Mfn(info.store_mfn as usize),
            xenstore_port: EvtchnPort(info.store_evtchn),
            console: Mfn(info.console_mfn as usize),
            console_port: EvtchnPort(info.console_evtchn),
            root: VirtAddr(info.pt_base as usize),
            table_frames: info.nr_pt_frames as usize,
            p2m: VirtAddr(info.mfn_list as usize),
            command_line: &info.cmd_line,
        }
    }
}
