// SPDX-License-Identifier: Apache-2.0
//! CPUID as Xen presents it to the domain.
//!
//! The plain instruction may show a PV guest the bare processor, with features that Xen does not let it use; so the
//! instruction is prefixed in the way that makes Xen emulate it (`XEN_EMULATE_PREFIX`, Xen's `public/arch-x86/xen.h`).
#![cfg_attr(not(test), expect(unsafe_code, reason = "executes an instruction that Xen intercepts"))]

use core::arch::x86_64::CpuidResult;

/// What CPUID says for `leaf` and `sub_leaf`.
#[cfg(not(test))]
pub fn query(leaf: u32, sub_leaf: u32) -> CpuidResult {
    // SAFETY: the program runs as a PV guest.
    unsafe { xen_hypervisor_sys::hypercall::xen_cpuid(leaf, sub_leaf) }
}

/// On a host there is no Xen to emulate it.
#[cfg(test)]
pub fn query(leaf: u32, sub_leaf: u32) -> CpuidResult {
    core::arch::x86_64::__cpuid_count(leaf, sub_leaf)
}
