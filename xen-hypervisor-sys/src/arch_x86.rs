// SPDX-License-Identifier: Apache-2.0
//! `xen/arch-x86/xen.h` and `xen/arch-x86/xen-x86_64.h`: segments, the address range of Xen, trap tables,
//! register frames, and the parts of the shared page that belong to x86.

/// `xen_pfn_to_cr3(pfn)`: a frame number in the form that cr3 holds.
pub const fn xen_pfn_to_cr3(pfn: u64) -> u64 {
    pfn << 12
}

/// `xen_cr3_to_pfn(cr3)`: the frame number in cr3.
pub const fn xen_cr3_to_pfn(cr3: u64) -> u64 {
    cr3 >> 12
}

abi! {
    "xen/arch-x86/xen.h";

    // Segment selectors that Xen provides. A 64-bit PV kernel runs in ring 3.
    constants {
        /// 32-bit code in ring 3.
        FLAT_RING3_CS32: u16 = 0xe023;
        /// 64-bit code in ring 3.
        FLAT_RING3_CS64: u16 = 0xe033;
        /// 32-bit data in ring 3.
        FLAT_RING3_DS32: u16 = 0xe02b;
        /// 64-bit data in ring 3: the null selector.
        FLAT_RING3_DS64: u16 = 0;
        /// 32-bit stack in ring 3.
        FLAT_RING3_SS32: u16 = 0xe02b;
        /// 64-bit stack in ring 3.
        FLAT_RING3_SS64: u16 = 0xe02b;
        /// Kernel data.
        FLAT_KERNEL_DS: u16 = FLAT_RING3_DS64;
        /// Kernel data, 64-bit.
        FLAT_KERNEL_DS64: u16 = FLAT_RING3_DS64;
        /// Kernel data, 32-bit.
        FLAT_KERNEL_DS32: u16 = FLAT_RING3_DS32;
        /// Kernel code.
        FLAT_KERNEL_CS: u16 = FLAT_RING3_CS64;
        /// Kernel code, 64-bit.
        FLAT_KERNEL_CS64: u16 = FLAT_RING3_CS64;
        /// Kernel code, 32-bit.
        FLAT_KERNEL_CS32: u16 = FLAT_RING3_CS32;
        /// Kernel stack.
        FLAT_KERNEL_SS: u16 = FLAT_RING3_SS64;
        /// Kernel stack, 64-bit.
        FLAT_KERNEL_SS64: u16 = FLAT_RING3_SS64;
        /// Kernel stack, 32-bit.
        FLAT_KERNEL_SS32: u16 = FLAT_RING3_SS32;
        /// User data.
        FLAT_USER_DS: u16 = FLAT_RING3_DS64;
        /// User data, 64-bit.
        FLAT_USER_DS64: u16 = FLAT_RING3_DS64;
        /// User data, 32-bit.
        FLAT_USER_DS32: u16 = FLAT_RING3_DS32;
        /// User code.
        FLAT_USER_CS: u16 = FLAT_RING3_CS64;
        /// User code, 64-bit.
        FLAT_USER_CS64: u16 = FLAT_RING3_CS64;
        /// User code, 32-bit.
        FLAT_USER_CS32: u16 = FLAT_RING3_CS32;
        /// User stack.
        FLAT_USER_SS: u16 = FLAT_RING3_SS64;
        /// User stack, 64-bit.
        FLAT_USER_SS64: u16 = FLAT_RING3_SS64;
        /// User stack, 32-bit.
        FLAT_USER_SS32: u16 = FLAT_RING3_SS32;
    }

    // Where Xen lies in the guest's address space.
    constants {
        /// First address that belongs to Xen.
        HYPERVISOR_VIRT_START: u64 = 0xffff_8000_0000_0000;
        /// Address after the last that belongs to Xen.
        HYPERVISOR_VIRT_END: u64 = 0xffff_8800_0000_0000;
        /// Start of the M2P, the read-only array of pfns by machine frame number.
        MACH2PHYS_VIRT_START: u64 = 0xffff_8000_0000_0000;
        /// End of the space that the M2P may take.
        MACH2PHYS_VIRT_END: u64 = 0xffff_8040_0000_0000;
        /// Number of entries for which there is space.
        MACH2PHYS_NR_ENTRIES: u64 = (MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3;
    }

    constants {
        /// Base of fs, for `set_segment_base`.
        SEGBASE_FS: u32 = 0;
        /// Base of gs in user mode.
        SEGBASE_GS_USER: u32 = 1;
        /// Base of gs in kernel mode.
        SEGBASE_GS_KERNEL: u32 = 2;
        /// Selector of gs in user mode; the base argument is the selector.
        SEGBASE_GS_USER_SEL: u32 = 3;
        /// First page of the GDT that belongs to Xen.
        FIRST_RESERVED_GDT_PAGE: u32 = 14;
        /// First byte of the GDT that belongs to Xen.
        FIRST_RESERVED_GDT_BYTE: u32 = FIRST_RESERVED_GDT_PAGE * 4096;
        /// First descriptor of the GDT that belongs to Xen.
        FIRST_RESERVED_GDT_ENTRY: u32 = FIRST_RESERVED_GDT_BYTE / 8;
        /// Number of virtual CPUs with a place in `SharedInfo`.
        XEN_LEGACY_MAX_VCPUS: usize = 32;
        /// Bits of `TrapInfo::flags`: least privileged level that may raise the trap by `int`.
        TRAP_FLAGS_DPL: u8 = 3 => "TI_GET_DPL(&(struct trap_info){ .flags = 0xff })";
        /// Bit of `TrapInfo::flags`: events are masked when the handler starts.
        TRAP_FLAGS_IF: u8 = 4 => "TI_GET_IF(&(struct trap_info){ .flags = 0xff })";
    }

    // VcpuGuestContext::flags; the last one is also IretContext::flags.
    constants {
        /// `fpu_ctxt` is valid.
        VGCF_I387_VALID: u64 = 1;
        /// The virtual CPU starts in kernel mode.
        VGCF_IN_KERNEL: u64 = 1 << 2;
        /// The failsafe callback starts with events masked.
        VGCF_FAILSAFE_DISABLES_EVENTS: u64 = 1 << 3 => "VGCF_failsafe_disables_events";
        /// The syscall callback starts with events masked.
        VGCF_SYSCALL_DISABLES_EVENTS: u64 = 1 << 4 => "VGCF_syscall_disables_events";
        /// The virtual CPU starts at once.
        VGCF_ONLINE: u64 = 1 << 5 => "VGCF_online";
        /// The frame came from `syscall`: returning by `sysret`, rcx and r11 need not be restored.
        VGCF_IN_SYSCALL: u64 = 1 << 8;
    }

    values {
        xen_pfn_to_cr3(0x1234_5678_9abc) => "xen_pfn_to_cr3(0x123456789abc)";
        xen_cr3_to_pfn(0x1234_5678_9abc_d018) => "xen_cr3_to_pfn(0x123456789abcd018)";
    }

    texts {
        /// Assembly that, in front of `cpuid`, has Xen emulate it for the domain.
        XEN_EMULATE_PREFIX = emulate_prefix!();
    }

    structs {
        /// One handler in the table of `set_trap_table`.
        TrapInfo = "struct trap_info" {
            /// Exception number.
            vector: u8,
            /// `TRAP_FLAGS_` bits.
            flags: u8,
            /// Code segment of the handler.
            cs: u16,
            /// Address of the handler; zero ends the table.
            address: u64,
        }

        /// The frame that `iret` takes from the stack.
        IretContext = "struct iret_context" {
            /// Loaded into rax.
            rax: u64,
            /// Loaded into r11.
            r11: u64,
            /// Loaded into rcx.
            rcx: u64,
            /// Zero or `VGCF_IN_SYSCALL`.
            flags: u64,
            /// Where to go on.
            rip: u64,
            /// Code segment; its low two bits tell user mode (3) from kernel mode (0).
            cs: u64,
            /// Flags register; its interrupt flag unmasks events.
            rflags: u64,
            /// Stack pointer.
            rsp: u64,
            /// Stack segment.
            ss: u64,
        }

        /// All registers of a virtual CPU.
        CpuUserRegs = "struct cpu_user_regs" {
            /// r15.
            r15: u64,
            /// r14.
            r14: u64,
            /// r13.
            r13: u64,
            /// r12.
            r12: u64,
            /// rbp.
            rbp: u64,
            /// rbx.
            rbx: u64,
            /// r11.
            r11: u64,
            /// r10.
            r10: u64,
            /// r9.
            r9: u64,
            /// r8.
            r8: u64,
            /// rax.
            rax: u64,
            /// rcx.
            rcx: u64,
            /// rdx.
            rdx: u64,
            /// rsi.
            rsi: u64,
            /// rdi.
            rdi: u64,
            /// Private to Xen.
            error_code: u32,
            /// Private to Xen.
            entry_vector: u32,
            /// Instruction pointer.
            rip: u64,
            /// Code segment.
            cs: u16,
            /// Padding.
            _pad0: [u16; 1],
            /// Not zero if upcalls were masked.
            saved_upcall_mask: u8,
            /// Padding.
            _pad1: [u8; 3],
            /// Flags register.
            rflags: u64,
            /// Stack pointer.
            rsp: u64,
            /// Stack segment.
            ss: u16,
            /// Padding.
            _pad2: [u16; 3],
            /// es.
            es: u16,
            /// Padding.
            _pad3: [u16; 3],
            /// ds.
            ds: u16,
            /// Padding.
            _pad4: [u16; 3],
            /// fs.
            fs: u16,
            /// Padding.
            _pad5: [u16; 3],
            /// gs.
            gs: u16,
            /// Padding.
            _pad6: [u16; 3],
        }

        /// The state in which `VCPUOP_INITIALISE` starts a virtual CPU.
        VcpuGuestContext = "struct vcpu_guest_context" {
            /// FPU and SSE registers in the form of `fxsave`.
            fpu_ctxt: [u8; 512],
            /// `VGCF_` flags.
            flags: u64,
            /// General registers.
            user_regs: CpuUserRegs,
            /// Exception handlers by number.
            trap_ctxt: [TrapInfo; 256],
            /// Address of the LDT.
            ldt_base: u64,
            /// Descriptors in the LDT.
            ldt_ents: u64,
            /// Machine frames of the GDT.
            gdt_frames: [u64; 16],
            /// Descriptors in the GDT.
            gdt_ents: u64,
            /// Segment of the kernel stack.
            kernel_ss: u64,
            /// Top of the kernel stack.
            kernel_sp: u64,
            /// Control registers; the third holds the top page table.
            ctrlreg: [u64; 8],
            /// Debug registers.
            debugreg: [u64; 8],
            /// Entry point for events.
            event_callback_eip: u64,
            /// Entry point for failed segment loads.
            failsafe_callback_eip: u64,
            /// Entry point for `syscall` from user mode.
            syscall_callback_eip: u64,
            /// `VMASST_TYPE_` bits.
            vm_assist: u64,
            /// Base of fs.
            fs_base: u64,
            /// Base of gs in kernel mode.
            gs_base_kernel: u64,
            /// Base of gs in user mode.
            gs_base_user: u64,
        }

        /// The part of `SharedInfo` that belongs to x86: where tools find the P2M.
        ArchSharedInfo = "struct arch_shared_info" {
            /// Number of pfns in the P2M.
            max_pfn: u64,
            /// Frame of the list of the frames of the list of the frames of the P2M; all ones if `p2m_cr3` is used.
            pfn_to_mfn_frame_list_list: u64,
            /// `XEN_NMIREASON_` bits.
            nmi_reason: u64,
            /// Top page table that maps the P2M, as cr3 holds it; zero if `p2m_vaddr` is not valid.
            p2m_cr3: u64,
            /// Virtual address of the P2M.
            p2m_vaddr: u64,
            /// Changed by the guest before and after each update of the P2M's mapping.
            p2m_generation: u64,
        }

        /// The part of `VcpuInfo` that belongs to x86.
        ArchVcpuInfo = "struct arch_vcpu_info" {
            /// Faulting address of the last page fault.
            cr2: u64,
            /// Padding.
            pad: u64,
        }
    }
}
