// SPDX-License-Identifier: Apache-2.0
//! `xen/arch-x86/cpuid.h`: the CPUID leaves in which Xen tells about itself. A PV guest reads them, and CPUID as
//! its domain shall see it, by [`xen_cpuid`](crate::hypercall::xen_cpuid).
//!
//! Sub-leaves of the leaf for time (`xen_cpuid_leaf(3)`): 0 has flags, TSC mode, TSC frequency in kHz and number
//! of migrations; 1 has the TSC offset and the factors of the PV clock; 2 has the TSC frequency of the host.

/// `XEN_CPUID_LEAF(i)`: number of a leaf of Xen.
///
/// A host may show the leaves of another hypervisor's interface here and Xen's at a later multiple of 256, so
/// look for the signature from 0x4000_0000 up to 0x4001_0000.
pub const fn xen_cpuid_leaf(index: u32) -> u32 {
    XEN_CPUID_FIRST_LEAF + index
}

abi! {
    "xen/arch-x86/cpuid.h";

    constants {
        /// First leaf: highest leaf in eax, then the signature.
        XEN_CPUID_FIRST_LEAF: u32 = 0x4000_0000;
        /// Signature in ebx: `XenV`.
        XEN_CPUID_SIGNATURE_EBX: u32 = u32::from_le_bytes(*b"XenV");
        /// Signature in ecx: `MMXe`.
        XEN_CPUID_SIGNATURE_ECX: u32 = u32::from_le_bytes(*b"MMXe");
        /// Signature in edx: `nVMM`.
        XEN_CPUID_SIGNATURE_EDX: u32 = u32::from_le_bytes(*b"nVMM");
        /// Leaf 2, ecx: `MMU_PT_UPDATE_PRESERVE_AD` works.
        XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD: u32 = 1;
        /// Leaf 5, ebx: bits of a machine address, with memory that may be added while running.
        XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK: u32 = 0xff;
        /// Highest leaf, relative to the first.
        XEN_CPUID_MAX_NUM_LEAVES: u32 = 5;
    }

    values {
        xen_cpuid_leaf(3) => "XEN_CPUID_LEAF(3)";
    }
}
