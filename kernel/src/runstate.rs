// SPDX-License-Identifier: Apache-2.0
//! Where the time of the virtual processor goes, as Xen counts it: `VCPUOP_get_runstate_info`, Xen's `public/vcpu.h`.
#![expect(unsafe_code, reason = "makes a hypercall")]

use core::time::Duration;

use xen_hypervisor_sys::hypercall;
use xen_hypervisor_sys::vcpu::{
    RUNSTATE_BLOCKED, RUNSTATE_RUNNABLE, RUNSTATE_RUNNING, VCPUOP_GET_RUNSTATE_INFO, VcpuRunstateInfo,
};

/// Time spent in each state since the domain was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RunState {
    /// On a physical processor.
    pub running: Duration,
    /// Ready, while others had the physical processor: what Linux calls steal.
    pub stolen: Duration,
    /// Asleep.
    pub idle: Duration,
}

impl RunState {
    /// Asks Xen. None if it does not say.
    #[must_use]
    pub fn query() -> Option<Self> {
        let mut info = VcpuRunstateInfo { state: 0, state_entry_time: 0, time: [0; 4] };
        // SAFETY: the command fills the structure that it is given and keeps no pointer to it; the domain has this one processor.
        let result = unsafe { hypercall::vcpu_op(VCPUOP_GET_RUNSTATE_INFO, 0, (&raw mut info).cast()) };
        let time = |state: i32| Duration::from_nanos(info.time[state as usize]);
        (result == 0).then(|| Self {
            running: time(RUNSTATE_RUNNING),
            stolen: time(RUNSTATE_RUNNABLE),
            idle: time(RUNSTATE_BLOCKED),
        })
    }
}
