// SPDX-License-Identifier: Apache-2.0
//! `xen/elfnote.h`: types of the ELF notes, with owner `Xen`, by which a kernel tells the domain builder what it
//! is and wants. Unless said otherwise the contents are one integer of 4 or 8 bytes.

abi! {
    "xen/elfnote.h";

    constants {
        /// Any text, for people.
        XEN_ELFNOTE_INFO: u32 = 0;
        /// Virtual address of the entry point.
        XEN_ELFNOTE_ENTRY: u32 = 1;
        /// Virtual address of the page for hypercall entries.
        XEN_ELFNOTE_HYPERCALL_PAGE: u32 = 2;
        /// Virtual address of the start of guest memory.
        XEN_ELFNOTE_VIRT_BASE: u32 = 3;
        /// What to subtract from the ELF file's physical addresses to get addresses in guest memory.
        XEN_ELFNOTE_PADDR_OFFSET: u32 = 4;
        /// Text: the interface, `xen-3.0`.
        XEN_ELFNOTE_XEN_VERSION: u32 = 5;
        /// Text: name of the guest system.
        XEN_ELFNOTE_GUEST_OS: u32 = 6;
        /// Text: version of the guest system.
        XEN_ELFNOTE_GUEST_VERSION: u32 = 7;
        /// Text: how to load, `generic`.
        XEN_ELFNOTE_LOADER: u32 = 8;
        /// Text: the kernel is a PAE one, `yes`; so too for 64-bit kernels.
        XEN_ELFNOTE_PAE_MODE: u32 = 9;
        /// Text: features that the kernel knows, separated by `|`, a required one after `!`.
        XEN_ELFNOTE_FEATURES: u32 = 10;
        /// Text: the kernel wants its symbol table loaded, `yes`.
        XEN_ELFNOTE_BSD_SYMTAB: u32 = 11;
        /// Lowest address at which the hypervisor may start (32-bit guests).
        XEN_ELFNOTE_HV_START_LOW: u32 = 12;
        /// Pairs of mask and value that tell a valid page table entry.
        XEN_ELFNOTE_L1_MFN_VALID: u32 = 13;
        /// The kernel can go on after a suspend that did not happen.
        XEN_ELFNOTE_SUSPEND_CANCEL: u32 = 14;
        /// Virtual address at which the P2M shall be mapped at the start.
        XEN_ELFNOTE_INIT_P2M: u32 = 15;
        /// The kernel accepts the boot module by its pfn.
        XEN_ELFNOTE_MOD_START_PFN: u32 = 16;
        /// Bit mask of features (`XENFEAT_`) that the kernel supports.
        XEN_ELFNOTE_SUPPORTED_FEATURES: u32 = 17;
        /// Physical address of the 32-bit entry point of a PVH kernel.
        XEN_ELFNOTE_PHYS32_ENTRY: u32 = 18;
        /// Highest type that a kernel may use.
        XEN_ELFNOTE_MAX: u32 = 18;
        /// Crash dump of a host: the hypervisor.
        XEN_ELFNOTE_CRASH_INFO: u32 = 0x100_0001;
        /// Crash dump of a host: registers.
        XEN_ELFNOTE_CRASH_REGS: u32 = 0x100_0002;
        /// Dump of a domain: empty note that marks the dump.
        XEN_ELFNOTE_DUMPCORE_NONE: u32 = 0x200_0000;
        /// Dump of a domain: header.
        XEN_ELFNOTE_DUMPCORE_HEADER: u32 = 0x200_0001;
        /// Dump of a domain: version of the hypervisor.
        XEN_ELFNOTE_DUMPCORE_XEN_VERSION: u32 = 0x200_0002;
        /// Dump of a domain: version of the format.
        XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION: u32 = 0x200_0003;
    }
}
