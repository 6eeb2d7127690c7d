// SPDX-License-Identifier: Apache-2.0
//! `xen/features.h`: the features that Xen reports by `XENVER_GET_FEATURES` and that a kernel names in its ELF
//! notes. Each constant is a bit number.

abi! {
    "xen/features.h";

    constants {
        /// The guest may write its page tables directly.
        XENFEAT_WRITABLE_PAGE_TABLES: u32 = 0 => "XENFEAT_writable_page_tables";
        /// The guest may write its descriptor tables directly.
        XENFEAT_WRITABLE_DESCRIPTOR_TABLES: u32 = 1 => "XENFEAT_writable_descriptor_tables";
        /// Xen translates pfns: the guest sees no machine frames.
        XENFEAT_AUTO_TRANSLATED_PHYSMAP: u32 = 2 => "XENFEAT_auto_translated_physmap";
        /// The guest's kernel runs in ring 0.
        XENFEAT_SUPERVISOR_MODE_KERNEL: u32 = 3 => "XENFEAT_supervisor_mode_kernel";
        /// The top page table of a 32-bit guest may lie above 4 GB.
        XENFEAT_PAE_PGDIR_ABOVE_4GB: u32 = 4 => "XENFEAT_pae_pgdir_above_4gb";
        /// `MMU_PT_UPDATE_PRESERVE_AD` works.
        XENFEAT_MMU_PT_UPDATE_PRESERVE_AD: u32 = 5 => "XENFEAT_mmu_pt_update_preserve_ad";
        /// `MMUEXT_CLEAR_PAGE` and `MMUEXT_COPY_PAGE` work.
        XENFEAT_HIGHMEM_ASSIST: u32 = 6 => "XENFEAT_highmem_assist";
        /// `GNTMAP_GUEST_AVAIL_MASK` works.
        XENFEAT_GNTTAB_MAP_AVAIL_BITS: u32 = 7 => "XENFEAT_gnttab_map_avail_bits";
        /// HVM guests may take events by a vector.
        XENFEAT_HVM_CALLBACK_VECTOR: u32 = 8 => "XENFEAT_hvm_callback_vector";
        /// HVM guests may use the PV clock.
        XENFEAT_HVM_SAFE_PVCLOCK: u32 = 9 => "XENFEAT_hvm_safe_pvclock";
        /// HVM guests may take physical interrupts as events.
        XENFEAT_HVM_PIRQS: u32 = 10 => "XENFEAT_hvm_pirqs";
        /// The guest is, or can be, the first domain.
        XENFEAT_DOM0: u32 = 11 => "XENFEAT_dom0";
        /// `memory_op` knows virtual NUMA nodes.
        XENFEAT_MEMORY_OP_VNODE_SUPPORTED: u32 = 13 => "XENFEAT_memory_op_vnode_supported";
        /// Arm: hypercalls after the SMC calling convention.
        XENFEAT_ARM_SMCCC_SUPPORTED: u32 = 14 => "XENFEAT_ARM_SMCCC_supported";
        /// The ACPI root pointer of a PVH guest may lie anywhere.
        XENFEAT_LINUX_RSDP_UNRESTRICTED: u32 = 15 => "XENFEAT_linux_rsdp_unrestricted";
        /// The domain's physical addresses differ from the machine's.
        XENFEAT_NOT_DIRECT_MAPPED: u32 = 16 => "XENFEAT_not_direct_mapped";
        /// The domain's physical addresses are the machine's.
        XENFEAT_DIRECT_MAPPED: u32 = 17 => "XENFEAT_direct_mapped";
        /// Number of maps of 32 features.
        XENFEAT_NR_SUBMAPS: u32 = 1;
    }
}
