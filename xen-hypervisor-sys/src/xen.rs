// SPDX-License-Identifier: Apache-2.0
//! `xen/xen.h`: the core of the interface. Hypercall numbers, virtual interrupts, page table updates, domain
//! numbers, time, the shared page and the start-of-day page.

use crate::arch_x86::{ArchSharedInfo, ArchVcpuInfo, XEN_LEGACY_MAX_VCPUS};

abi! {
    "xen/xen.h";

    // Hypercall numbers: indices of the entries of the hypercall page.
    constants {
        /// Registers exception handlers.
        HYPERVISOR_SET_TRAP_TABLE: u32 = 0 => "__HYPERVISOR_set_trap_table";
        /// Updates page table entries.
        HYPERVISOR_MMU_UPDATE: u32 = 1 => "__HYPERVISOR_mmu_update";
        /// Sets the GDT.
        HYPERVISOR_SET_GDT: u32 = 2 => "__HYPERVISOR_set_gdt";
        /// Sets the kernel stack.
        HYPERVISOR_STACK_SWITCH: u32 = 3 => "__HYPERVISOR_stack_switch";
        /// Sets the event, failsafe and syscall entry points.
        HYPERVISOR_SET_CALLBACKS: u32 = 4 => "__HYPERVISOR_set_callbacks";
        /// Sets or clears CR0.TS.
        HYPERVISOR_FPU_TASKSWITCH: u32 = 5 => "__HYPERVISOR_fpu_taskswitch";
        /// Operates the physical platform (privileged).
        HYPERVISOR_PLATFORM_OP: u32 = 7 => "__HYPERVISOR_platform_op";
        /// Writes a debug register.
        HYPERVISOR_SET_DEBUGREG: u32 = 8 => "__HYPERVISOR_set_debugreg";
        /// Reads a debug register.
        HYPERVISOR_GET_DEBUGREG: u32 = 9 => "__HYPERVISOR_get_debugreg";
        /// Writes a segment descriptor.
        HYPERVISOR_UPDATE_DESCRIPTOR: u32 = 10 => "__HYPERVISOR_update_descriptor";
        /// Memory reservation and memory maps.
        HYPERVISOR_MEMORY_OP: u32 = 12 => "__HYPERVISOR_memory_op";
        /// Several hypercalls in one.
        HYPERVISOR_MULTICALL: u32 = 13 => "__HYPERVISOR_multicall";
        /// Updates the mapping of one address.
        HYPERVISOR_UPDATE_VA_MAPPING: u32 = 14 => "__HYPERVISOR_update_va_mapping";
        /// Sets the one-shot timer.
        HYPERVISOR_SET_TIMER_OP: u32 = 15 => "__HYPERVISOR_set_timer_op";
        /// Version and features.
        HYPERVISOR_XEN_VERSION: u32 = 17 => "__HYPERVISOR_xen_version";
        /// The hypervisor's console.
        HYPERVISOR_CONSOLE_IO: u32 = 18 => "__HYPERVISOR_console_io";
        /// Grant tables.
        HYPERVISOR_GRANT_TABLE_OP: u32 = 20 => "__HYPERVISOR_grant_table_op";
        /// Optional help from Xen.
        HYPERVISOR_VM_ASSIST: u32 = 21 => "__HYPERVISOR_vm_assist";
        /// Maps a frame of another domain at one address.
        HYPERVISOR_UPDATE_VA_MAPPING_OTHERDOMAIN: u32 = 22 => "__HYPERVISOR_update_va_mapping_otherdomain";
        /// Returns from a trap.
        HYPERVISOR_IRET: u32 = 23 => "__HYPERVISOR_iret";
        /// Virtual CPUs.
        HYPERVISOR_VCPU_OP: u32 = 24 => "__HYPERVISOR_vcpu_op";
        /// Sets a segment base.
        HYPERVISOR_SET_SEGMENT_BASE: u32 = 25 => "__HYPERVISOR_set_segment_base";
        /// Extended memory management operations.
        HYPERVISOR_MMUEXT_OP: u32 = 26 => "__HYPERVISOR_mmuext_op";
        /// Security module.
        HYPERVISOR_XSM_OP: u32 = 27 => "__HYPERVISOR_xsm_op";
        /// Non-maskable interrupts.
        HYPERVISOR_NMI_OP: u32 = 28 => "__HYPERVISOR_nmi_op";
        /// Scheduling and shutdown.
        HYPERVISOR_SCHED_OP: u32 = 29 => "__HYPERVISOR_sched_op";
        /// Callback entry points.
        HYPERVISOR_CALLBACK_OP: u32 = 30 => "__HYPERVISOR_callback_op";
        /// Profiling.
        HYPERVISOR_XENOPROF_OP: u32 = 31 => "__HYPERVISOR_xenoprof_op";
        /// Event channels.
        HYPERVISOR_EVENT_CHANNEL_OP: u32 = 32 => "__HYPERVISOR_event_channel_op";
        /// Physical devices.
        HYPERVISOR_PHYSDEV_OP: u32 = 33 => "__HYPERVISOR_physdev_op";
        /// Operations of HVM guests.
        HYPERVISOR_HVM_OP: u32 = 34 => "__HYPERVISOR_hvm_op";
        /// System control (privileged).
        HYPERVISOR_SYSCTL: u32 = 35 => "__HYPERVISOR_sysctl";
        /// Domain control (privileged).
        HYPERVISOR_DOMCTL: u32 = 36 => "__HYPERVISOR_domctl";
        /// Crash kernels (privileged).
        HYPERVISOR_KEXEC_OP: u32 = 37 => "__HYPERVISOR_kexec_op";
        /// Argo messages between domains.
        HYPERVISOR_ARGO_OP: u32 = 39 => "__HYPERVISOR_argo_op";
        /// Performance counters.
        HYPERVISOR_XENPMU_OP: u32 = 40 => "__HYPERVISOR_xenpmu_op";
        /// Device models (privileged).
        HYPERVISOR_DM_OP: u32 = 41 => "__HYPERVISOR_dm_op";
        /// The hypervisor's file system (privileged).
        HYPERVISOR_HYPFS_OP: u32 = 42 => "__HYPERVISOR_hypfs_op";
    }

    // Virtual interrupts, for EVTCHNOP_BIND_VIRQ.
    constants {
        /// The one-shot or periodic timer fired (per virtual CPU).
        VIRQ_TIMER: u32 = 0;
        /// Somebody asked for debug output (per virtual CPU).
        VIRQ_DEBUG: u32 = 1;
        /// Input on the emergency console.
        VIRQ_CONSOLE: u32 = 2;
        /// A domain shut down or died (privileged).
        VIRQ_DOM_EXC: u32 = 3;
        /// The trace buffer has records (privileged).
        VIRQ_TBUF: u32 = 4;
        /// A domain paused for its debugger (privileged).
        VIRQ_DEBUGGER: u32 = 6;
        /// Profiling (per virtual CPU).
        VIRQ_XENOPROF: u32 = 7;
        /// Output in the hypervisor's console ring (privileged).
        VIRQ_CON_RING: u32 = 8;
        /// A physical CPU changed state (privileged).
        VIRQ_PCPU_STATE: u32 = 9;
        /// Memory paging or access event (privileged).
        VIRQ_MEM_EVENT: u32 = 10;
        /// Argo interdomain message notification.
        VIRQ_ARGO: u32 = 11;
        /// Heap of the hypervisor is low (privileged).
        VIRQ_ENOMEM: u32 = 12;
        /// Performance counter overflow (per virtual CPU).
        VIRQ_XENPMU: u32 = 13;
        /// First virtual interrupt that belongs to the architecture (machine check on x86).
        VIRQ_ARCH_0: u32 = 16;
        /// Second one.
        VIRQ_ARCH_1: u32 = 17;
        /// Third one.
        VIRQ_ARCH_2: u32 = 18;
        /// Fourth one.
        VIRQ_ARCH_3: u32 = 19;
        /// Fifth one.
        VIRQ_ARCH_4: u32 = 20;
        /// Sixth one.
        VIRQ_ARCH_5: u32 = 21;
        /// Seventh one.
        VIRQ_ARCH_6: u32 = 22;
        /// Last one.
        VIRQ_ARCH_7: u32 = 23;
        /// Number of virtual interrupts.
        NR_VIRQS: u32 = 24;
    }

    // Low two bits of MmuUpdate::ptr.
    constants {
        /// Checked update of the page table entry at machine address `ptr`.
        MMU_NORMAL_PT_UPDATE: u64 = 0;
        /// Sets the M2P entry of the frame at `ptr` to pfn `val`.
        MMU_MACHPHYS_UPDATE: u64 = 1;
        /// Like a normal update, but keeps the accessed and dirty bits that the entry has.
        MMU_PT_UPDATE_PRESERVE_AD: u64 = 2;
        /// Like a normal update, but `val` is never translated from pfn to mfn.
        MMU_PT_UPDATE_NO_TRANSLATE: u64 = 3;
    }

    // MmuextOp::cmd.
    constants {
        /// Validates frame `arg1` and pins it as a level 1 table.
        MMUEXT_PIN_L1_TABLE: u32 = 0;
        /// Validates frame `arg1` and pins it as a level 2 table.
        MMUEXT_PIN_L2_TABLE: u32 = 1;
        /// Validates frame `arg1` and pins it as a level 3 table.
        MMUEXT_PIN_L3_TABLE: u32 = 2;
        /// Validates frame `arg1` and pins it as a level 4 table.
        MMUEXT_PIN_L4_TABLE: u32 = 3;
        /// Undoes the pinning of frame `arg1`.
        MMUEXT_UNPIN_TABLE: u32 = 4;
        /// Makes frame `arg1` the top of the kernel's page tables.
        MMUEXT_NEW_BASEPTR: u32 = 5;
        /// Flushes the TLB of this virtual CPU.
        MMUEXT_TLB_FLUSH_LOCAL: u32 = 6;
        /// Flushes address `arg1` from the TLB of this virtual CPU.
        MMUEXT_INVLPG_LOCAL: u32 = 7;
        /// Flushes the TLBs of the virtual CPUs in mask `arg2`.
        MMUEXT_TLB_FLUSH_MULTI: u32 = 8;
        /// Flushes address `arg1` from the TLBs of the virtual CPUs in mask `arg2`.
        MMUEXT_INVLPG_MULTI: u32 = 9;
        /// Flushes the TLBs of all virtual CPUs.
        MMUEXT_TLB_FLUSH_ALL: u32 = 10;
        /// Flushes address `arg1` from the TLBs of all virtual CPUs.
        MMUEXT_INVLPG_ALL: u32 = 11;
        /// Writes back and empties the caches of this CPU (needs a physical device).
        MMUEXT_FLUSH_CACHE: u32 = 12;
        /// Sets the LDT: address `arg1`, `arg2` descriptors.
        MMUEXT_SET_LDT: u32 = 13;
        /// Makes frame `arg1` the top of the user page tables.
        MMUEXT_NEW_USER_BASEPTR: u32 = 15;
        /// Fills frame `arg1` with zeros.
        MMUEXT_CLEAR_PAGE: u32 = 16;
        /// Copies frame `arg2` to frame `arg1`.
        MMUEXT_COPY_PAGE: u32 = 17;
        /// Writes back and empties the caches of all CPUs (needs a physical device).
        MMUEXT_FLUSH_CACHE_GLOBAL: u32 = 18;
        /// Marks frame `arg1` as a superpage.
        MMUEXT_MARK_SUPER: u32 = 19;
        /// Undoes that mark.
        MMUEXT_UNMARK_SUPER: u32 = 20;
    }

    // Flags of update_va_mapping.
    constants {
        /// No flush.
        UVMF_NONE: usize = 0;
        /// Flushes the whole TLB.
        UVMF_TLB_FLUSH: usize = 1;
        /// Flushes the one address.
        UVMF_INVLPG: usize = 2;
        /// The bits that hold the kind of flush.
        UVMF_FLUSHTYPE_MASK: usize = 3;
        /// Flushes on the virtual CPUs of a mask whose address is or-ed into the flags.
        UVMF_MULTI: usize = 0;
        /// Flushes on this virtual CPU.
        UVMF_LOCAL: usize = 0;
        /// Flushes on all virtual CPUs.
        UVMF_ALL: usize = 4;
    }

    // Commands of console_io and vm_assist.
    constants {
        /// Writes to the hypervisor's console.
        CONSOLEIO_WRITE: u32 = 0 => "CONSOLEIO_write";
        /// Reads from the hypervisor's console.
        CONSOLEIO_READ: u32 = 1 => "CONSOLEIO_read";
        /// Switches an assist on.
        VMASST_CMD_ENABLE: u32 = 0 => "VMASST_CMD_enable";
        /// Switches an assist off.
        VMASST_CMD_DISABLE: u32 = 1 => "VMASST_CMD_disable";
        /// Segments of 4 GB for 32-bit guests.
        VMASST_TYPE_4GB_SEGMENTS: u32 = 0 => "VMASST_TYPE_4gb_segments";
        /// Trap 15 when that assist has emulated an instruction.
        VMASST_TYPE_4GB_SEGMENTS_NOTIFY: u32 = 1 => "VMASST_TYPE_4gb_segments_notify";
        /// Writes to page tables are caught and emulated.
        VMASST_TYPE_WRITABLE_PAGETABLES: u32 = 2 => "VMASST_TYPE_writable_pagetables";
        /// Top page tables above 4 GB for 32-bit guests.
        VMASST_TYPE_PAE_EXTENDED_CR3: u32 = 3 => "VMASST_TYPE_pae_extended_cr3";
        /// The I/O privilege level behaves as on hardware.
        VMASST_TYPE_ARCHITECTURAL_IOPL: u32 = 4 => "VMASST_TYPE_architectural_iopl";
        /// Xen marks updates of the runstate area with `XEN_RUNSTATE_UPDATE`.
        VMASST_TYPE_RUNSTATE_UPDATE_FLAG: u32 = 5 => "VMASST_TYPE_runstate_update_flag";
        /// User mode does not see the M2P table.
        VMASST_TYPE_M2P_STRICT: u32 = 32 => "VMASST_TYPE_m2p_strict";
    }

    // Domain numbers with a meaning.
    constants {
        /// First number that no domain can have.
        DOMID_FIRST_RESERVED: u16 = 0x7ff0;
        /// The calling domain.
        DOMID_SELF: u16 = 0x7ff0;
        /// Owner of memory-mapped I/O.
        DOMID_IO: u16 = 0x7ff1;
        /// The hypervisor, owner of e.g. the shared page.
        DOMID_XEN: u16 = 0x7ff2;
        /// Owner of pages shared copy-on-write.
        DOMID_COW: u16 = 0x7ff3;
        /// No domain.
        DOMID_INVALID: u16 = 0x7ff4;
        /// The idle domain.
        DOMID_IDLE: u16 = 0x7fff;
        /// The bits of a domain number.
        DOMID_MASK: u16 = 0x7fff;
    }

    // Flags of VcpuTimeInfo and StartInfo.
    constants {
        /// The TSC is in step on all CPUs (`VcpuTimeInfo::flags`).
        XEN_PVCLOCK_TSC_STABLE_BIT: u8 = 1;
        /// The guest was stopped by its host (`VcpuTimeInfo::flags`).
        XEN_PVCLOCK_GUEST_STOPPED: u8 = 2;
        /// The domain is privileged (`StartInfo::flags`).
        SIF_PRIVILEGED: u32 = 1;
        /// The domain is the first one.
        SIF_INITDOMAIN: u32 = 2;
        /// `mod_start` is a list of multiboot modules.
        SIF_MULTIBOOT_MOD: u32 = 4;
        /// `mod_start` is a pfn.
        SIF_MOD_START_PFN: u32 = 8;
        /// Tools find the P2M by its virtual address.
        SIF_VIRT_P2M_4TOOLS: u32 = 16;
        /// Power management that the domain does.
        SIF_PM_MASK: u32 = 0xff00;
        /// Size of the command line in bytes, with its terminating zero.
        MAX_GUEST_CMDLINE: usize = 1024;
    }

    structs {
        /// One request of `mmu_update`.
        MmuUpdate = "struct mmu_update" {
            /// Machine address of the entry; its low two bits are an `MMU_` command.
            ptr: u64,
            /// New contents of the entry.
            val: u64,
        }

        /// One operation of `mmuext_op`.
        MmuextOp = "struct mmuext_op" {
            /// `MMUEXT_` command.
            cmd: u32,
            /// Union in C: a machine frame number (`mfn`) or a virtual address (`linear_addr`), by command.
            arg1: u64,
            /// Union in C: a count (`nr_ents`), a pointer to a bit mask (`vcpumask`) or a machine frame number
            /// (`src_mfn`), by command.
            arg2: u64,
        }

        /// One call of a multicall.
        MulticallEntry = "struct multicall_entry" {
            /// Hypercall number.
            op: u64,
            /// What the call returned: a signed number in two's complement.
            result: u64,
            /// Arguments.
            args: [u64; 6],
        }

        /// How to turn a TSC reading into system time, for one virtual CPU.
        ///
        /// Read `version`, the rest, and `version` again; repeat if it was odd or has changed.
        VcpuTimeInfo = "struct vcpu_time_info" {
            /// Odd while Xen writes, changed after each update.
            version: u32,
            /// Padding.
            pad0: u32,
            /// TSC at the last update.
            tsc_timestamp: u64,
            /// Nanoseconds since boot of the host at the last update.
            system_time: u64,
            /// Nanoseconds per shifted TSC tick, a fraction of 2^32.
            tsc_to_system_mul: u32,
            /// Shift of the TSC difference before the multiplication: left if positive.
            tsc_shift: i8,
            /// `XEN_PVCLOCK_` flags.
            flags: u8,
            /// Padding.
            pad1: [u8; 2],
        }

        /// What Xen and one virtual CPU share.
        VcpuInfo = "struct vcpu_info" {
            /// Not zero if an event is pending.
            evtchn_upcall_pending: u8,
            /// Not zero while upcalls are masked.
            evtchn_upcall_mask: u8,
            /// One bit for each word of `SharedInfo::evtchn_pending` with a pending event.
            evtchn_pending_sel: u64,
            /// The part that belongs to the architecture.
            arch: ArchVcpuInfo,
            /// The clock.
            time: VcpuTimeInfo,
        }

        /// The page that Xen shares with a domain.
        SharedInfo = "struct shared_info" {
            /// The first virtual CPUs; others register a place of their own.
            vcpu_info: [VcpuInfo; XEN_LEGACY_MAX_VCPUS],
            /// Pending event channels, one bit each.
            evtchn_pending: [u64; 64],
            /// Masked event channels, one bit each.
            evtchn_mask: [u64; 64],
            /// Version of the wall clock: as `VcpuTimeInfo::version`.
            wc_version: u32,
            /// Seconds (low half) of the wall clock at system time zero, since 1970 in UTC.
            wc_sec: u32,
            /// Nanoseconds of the same.
            wc_nsec: u32,
            /// Seconds (high half) of the same.
            wc_sec_hi: u32,
            /// The part that belongs to the architecture.
            arch: ArchSharedInfo,
        }

        /// The page that tells a domain what it starts with; rsi points to it at the entry point.
        StartInfo = "struct start_info" {
            /// Names the interface, `xen-3.0-x86_64` for a 64-bit guest, ended by a zero.
            magic: [u8; 32],
            /// Pages given to the domain.
            nr_pages: u64,
            /// Machine address of `SharedInfo`.
            shared_info: u64,
            /// `SIF_` flags.
            flags: u32,
            /// Machine frame of the xenstore ring.
            store_mfn: u64,
            /// Event channel of xenstore.
            store_evtchn: u32,
            /// Machine frame of the console ring (of an unprivileged domain).
            console_mfn: u64 => "console.domU.mfn",
            /// Event channel of the console (of an unprivileged domain).
            console_evtchn: u32 => "console.domU.evtchn",
            /// Virtual address of the top page table.
            pt_base: u64,
            /// Number of frames of the initial page tables.
            nr_pt_frames: u64,
            /// Virtual address of the P2M, the array of machine frame numbers by pfn.
            mfn_list: u64,
            /// Virtual address or, with `SIF_MOD_START_PFN`, pfn of the boot module.
            mod_start: u64,
            /// Size of the boot module in bytes.
            mod_len: u64,
            /// Command line, ended by a zero if it is shorter.
            cmd_line: [u8; MAX_GUEST_CMDLINE],
            /// First pfn of the P2M when it lies outside the initial mapping.
            first_p2m_pfn: u64,
            /// Number of frames of the P2M when it lies outside the initial mapping.
            nr_p2m_frames: u64,
        }

        /// One boot module, in the list that `SIF_MULTIBOOT_MOD` announces.
        XenMultibootModList = "struct xen_multiboot_mod_list" {
            /// Address of its first byte.
            mod_start: u32,
            /// Address after its last byte.
            mod_end: u32,
            /// Address of its command line.
            cmdline: u32,
            /// Zero.
            pad: u32,
        }
    }
}
