// SPDX-License-Identifier: Apache-2.0
//! `xen/sched.h`: giving up the processor, waiting, shutting down.

abi! {
    "xen/sched.h";

    constants {
        /// Lets others run; the virtual CPU stays runnable.
        SCHEDOP_YIELD: u32 = 0 => "SCHEDOP_yield";
        /// Unmasks upcalls and sleeps until an event is pending.
        SCHEDOP_BLOCK: u32 = 1 => "SCHEDOP_block";
        /// Stops the domain for a reason.
        SCHEDOP_SHUTDOWN: u32 = 2 => "SCHEDOP_shutdown";
        /// Sleeps until one of some ports is pending or a time has come. Upcalls must be masked.
        SCHEDOP_POLL: u32 = 3 => "SCHEDOP_poll";
        /// Declares another domain as shut down (privileged).
        SCHEDOP_REMOTE_SHUTDOWN: u32 = 4 => "SCHEDOP_remote_shutdown";
        /// Notes a reason for a shutdown to come.
        SCHEDOP_SHUTDOWN_CODE: u32 = 5 => "SCHEDOP_shutdown_code";
        /// Starts, renews or stops a watchdog; returns its number when it starts one.
        SCHEDOP_WATCHDOG: u32 = 6 => "SCHEDOP_watchdog";
        /// Binds the virtual CPU to a physical one for a while (privileged).
        SCHEDOP_PIN_OVERRIDE: u32 = 7 => "SCHEDOP_pin_override";
    }

    // Reasons of a shutdown.
    constants {
        /// The domain is done: clean up and end it.
        SHUTDOWN_POWEROFF: u32 = 0 => "SHUTDOWN_poweroff";
        /// Clean up and start it again.
        SHUTDOWN_REBOOT: u32 = 1 => "SHUTDOWN_reboot";
        /// Save it.
        SHUTDOWN_SUSPEND: u32 = 2 => "SHUTDOWN_suspend";
        /// It crashed.
        SHUTDOWN_CRASH: u32 = 3 => "SHUTDOWN_crash";
        /// Its watchdog expired.
        SHUTDOWN_WATCHDOG: u32 = 4 => "SHUTDOWN_watchdog";
        /// Reset it but keep its memory.
        SHUTDOWN_SOFT_RESET: u32 = 5 => "SHUTDOWN_soft_reset";
        /// Highest reason.
        SHUTDOWN_MAX: u32 = 5;
    }

    structs {
        /// Argument of `SCHEDOP_SHUTDOWN` and `SCHEDOP_SHUTDOWN_CODE`.
        SchedShutdown = "struct sched_shutdown" {
            /// `SHUTDOWN_` reason.
            reason: u32,
        }

        /// Argument of `SCHEDOP_POLL`.
        SchedPoll = "struct sched_poll" {
            /// Array of ports; Xen only reads it.
            ports: *mut u32,
            /// Number of ports, at most 128.
            nr_ports: u32,
            /// System time in nanoseconds at which to give up; zero never.
            timeout: u64,
        }

        /// Argument of `SCHEDOP_REMOTE_SHUTDOWN`.
        SchedRemoteShutdown = "struct sched_remote_shutdown" {
            /// The other domain.
            domain_id: u16,
            /// `SHUTDOWN_` reason.
            reason: u32,
        }

        /// Argument of `SCHEDOP_WATCHDOG`.
        SchedWatchdog = "struct sched_watchdog" {
            /// Number of the watchdog, zero for a new one.
            id: u32,
            /// Seconds from now; zero stops it.
            timeout: u32,
        }

        /// Argument of `SCHEDOP_PIN_OVERRIDE`.
        SchedPinOverride = "struct sched_pin_override" {
            /// The physical CPU; negative ends the binding.
            pcpu: i32,
        }
    }
}
