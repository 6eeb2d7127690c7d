// SPDX-License-Identifier: Apache-2.0
//! Which Xen this is: `XENVER_version`, Xen's `public/version.h`.
#![expect(unsafe_code, reason = "makes a hypercall")]

use core::fmt;
use core::ptr::null_mut;

use xen_hypervisor_sys::hypercall;
use xen_hypervisor_sys::version::XENVER_VERSION;

/// Xen's version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct XenVersion {
    /// As the 4 of 4.17.
    pub major: u16,
    /// As the 17 of 4.17.
    pub minor: u16,
}

impl XenVersion {
    /// Asks Xen.
    #[must_use]
    pub fn query() -> Self {
        // SAFETY: this command takes no argument.
        let version = unsafe { hypercall::xen_version(XENVER_VERSION, null_mut()) };
        Self { major: (version >> 16) as u16, minor: version as u16 }
    }
}

impl fmt::Display for XenVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "xen {}.{}", self.major, self.minor)
    }
}
