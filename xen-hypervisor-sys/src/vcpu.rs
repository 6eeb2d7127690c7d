// SPDX-License-Identifier: Apache-2.0
//! `xen/vcpu.h`: virtual CPUs, where their time goes, their timers and their shared memory.

abi! {
    "xen/vcpu.h";

    constants {
        /// Sets the first state of a virtual CPU: a `VcpuGuestContext`.
        VCPUOP_INITIALISE: u32 = 0 => "VCPUOP_initialise";
        /// Starts a virtual CPU.
        VCPUOP_UP: u32 = 1 => "VCPUOP_up";
        /// Stops a virtual CPU.
        VCPUOP_DOWN: u32 = 2 => "VCPUOP_down";
        /// Returns 1 if the virtual CPU is up, else 0.
        VCPUOP_IS_UP: u32 = 3 => "VCPUOP_is_up";
        /// Reads a `VcpuRunstateInfo`.
        VCPUOP_GET_RUNSTATE_INFO: u32 = 4 => "VCPUOP_get_runstate_info";
        /// Names memory where Xen keeps a `VcpuRunstateInfo` up to date.
        VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA: u32 = 5 => "VCPUOP_register_runstate_memory_area";
        /// Starts the periodic timer.
        VCPUOP_SET_PERIODIC_TIMER: u32 = 6 => "VCPUOP_set_periodic_timer";
        /// Stops the periodic timer.
        VCPUOP_STOP_PERIODIC_TIMER: u32 = 7 => "VCPUOP_stop_periodic_timer";
        /// Sets the one-shot timer.
        VCPUOP_SET_SINGLESHOT_TIMER: u32 = 8 => "VCPUOP_set_singleshot_timer";
        /// Stops the one-shot timer.
        VCPUOP_STOP_SINGLESHOT_TIMER: u32 = 9 => "VCPUOP_stop_singleshot_timer";
        /// Moves the `VcpuInfo` out of the shared page; this can be done once.
        VCPUOP_REGISTER_VCPU_INFO: u32 = 10 => "VCPUOP_register_vcpu_info";
        /// Sends a non-maskable interrupt.
        VCPUOP_SEND_NMI: u32 = 11 => "VCPUOP_send_nmi";
        /// Reads the physical identity of the virtual CPU (privileged, pinned).
        VCPUOP_GET_PHYSID: u32 = 12 => "VCPUOP_get_physid";
        /// Names memory where Xen keeps a second `VcpuTimeInfo` up to date.
        VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA: u32 = 13 => "VCPUOP_register_vcpu_time_memory_area";
    }

    // VcpuRunstateInfo::state, and the indices of its times.
    constants {
        /// On a physical CPU.
        RUNSTATE_RUNNING: i32 = 0 => "RUNSTATE_running";
        /// Ready, but not on a physical CPU.
        RUNSTATE_RUNNABLE: i32 = 1 => "RUNSTATE_runnable";
        /// Idle.
        RUNSTATE_BLOCKED: i32 = 2 => "RUNSTATE_blocked";
        /// Neither ready nor idle: stopped or paused.
        RUNSTATE_OFFLINE: i32 = 3 => "RUNSTATE_offline";
        /// Bit of `state_entry_time`: Xen is writing.
        XEN_RUNSTATE_UPDATE: u64 = 1 << 63;
        /// Flag of the one-shot timer: fail if the time has passed.
        VCPU_SSHOTTMR_FUTURE: u32 = 1 => "VCPU_SSHOTTMR_future";
    }

    structs {
        /// Where the time of a virtual CPU goes.
        VcpuRunstateInfo = "struct vcpu_runstate_info" {
            /// `RUNSTATE_` state.
            state: i32,
            /// System time in nanoseconds at which that state began.
            state_entry_time: u64,
            /// Nanoseconds spent in each state.
            time: [u64; 4],
        }

        /// Argument of `VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA`.
        VcpuRegisterRunstateMemoryArea = "struct vcpu_register_runstate_memory_area" {
            /// Virtual address of a `VcpuRunstateInfo`, a union of pointers in C.
            addr: u64,
        }

        /// Argument of `VCPUOP_SET_PERIODIC_TIMER`.
        VcpuSetPeriodicTimer = "struct vcpu_set_periodic_timer" {
            /// Period in nanoseconds.
            period_ns: u64,
        }

        /// Argument of `VCPUOP_SET_SINGLESHOT_TIMER`.
        VcpuSetSingleshotTimer = "struct vcpu_set_singleshot_timer" {
            /// System time in nanoseconds at which to fire.
            timeout_abs_ns: u64,
            /// Zero or `VCPU_SSHOTTMR_FUTURE`.
            flags: u32,
        }

        /// Argument of `VCPUOP_REGISTER_VCPU_INFO`.
        VcpuRegisterVcpuInfo = "struct vcpu_register_vcpu_info" {
            /// Machine frame of the new place.
            mfn: u64,
            /// Offset in the frame; the structure must not cross its end.
            offset: u32,
            /// Zero.
            rsvd: u32,
        }

        /// Result of `VCPUOP_GET_PHYSID`.
        VcpuGetPhysid = "struct vcpu_get_physid" {
            /// APIC id in the low half, ACPI id in the high half.
            phys_id: u64,
        }

        /// Argument of `VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA`.
        VcpuRegisterTimeMemoryArea = "struct vcpu_register_time_memory_area" {
            /// Virtual address of a `VcpuTimeInfo`, a union of pointers in C.
            addr: u64,
        }
    }
}
