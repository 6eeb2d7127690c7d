// SPDX-License-Identifier: Apache-2.0
//! Ends the domain, and gives the processor away: Xen's `public/sched.h`.
#![expect(unsafe_code, reason = "makes hypercalls")]

use core::ptr::null_mut;

use xen_hypervisor_sys::hypercall;
use xen_hypervisor_sys::sched::{
    SCHEDOP_SHUTDOWN, SCHEDOP_YIELD, SHUTDOWN_CRASH, SHUTDOWN_POWEROFF, SHUTDOWN_REBOOT, SchedShutdown,
};

/// How the domain ends, as the toolstack sees it: `on_poweroff`, `on_reboot` or `on_crash` of its configuration applies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Done.
    Poweroff,
    /// To be started again.
    Reboot,
    /// By a defect.
    Crash,
}

/// Ends the domain. Nothing is flushed; that is for the callers.
pub fn end(end: End) -> ! {
    let reason = match end {
        End::Poweroff => SHUTDOWN_POWEROFF,
        End::Reboot => SHUTDOWN_REBOOT,
        End::Crash => SHUTDOWN_CRASH,
    };
    let mut shutdown = SchedShutdown { reason };
    loop {
        // SAFETY: the argument outlives the call, which does not return.
        unsafe { hypercall::sched_op(SCHEDOP_SHUTDOWN, (&raw mut shutdown).cast()) };
    }
}

/// Lets other domains run for a moment.
pub fn yield_now() {
    // SAFETY: the operation takes no argument and changes no memory.
    let _ = unsafe { hypercall::sched_op(SCHEDOP_YIELD, null_mut()) };
}
