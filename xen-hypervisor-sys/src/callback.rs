// SPDX-License-Identifier: Apache-2.0
//! `xen/callback.h`: registering the guest's entry points one by one.

abi! {
    "xen/callback.h";

    constants {
        /// Sets an entry point.
        CALLBACKOP_REGISTER: u32 = 0 => "CALLBACKOP_register";
        /// Removes an entry point.
        CALLBACKOP_UNREGISTER: u32 = 1 => "CALLBACKOP_unregister";
        /// Events.
        CALLBACKTYPE_EVENT: u16 = 0 => "CALLBACKTYPE_event";
        /// Failed segment loads.
        CALLBACKTYPE_FAILSAFE: u16 = 1 => "CALLBACKTYPE_failsafe";
        /// `syscall` from 64-bit user mode.
        CALLBACKTYPE_SYSCALL: u16 = 2 => "CALLBACKTYPE_syscall";
        /// Older number for `sysenter`, which did not work.
        CALLBACKTYPE_SYSENTER_DEPRECATED: u16 = 3 => "CALLBACKTYPE_sysenter_deprecated";
        /// Non-maskable interrupts.
        CALLBACKTYPE_NMI: u16 = 4 => "CALLBACKTYPE_nmi";
        /// `sysenter` from user mode.
        CALLBACKTYPE_SYSENTER: u16 = 5 => "CALLBACKTYPE_sysenter";
        /// `syscall` from 32-bit user mode.
        CALLBACKTYPE_SYSCALL32: u16 = 7 => "CALLBACKTYPE_syscall32";
        /// Flag: the callback starts with events masked.
        CALLBACKF_MASK_EVENTS: u16 = 1 => "CALLBACKF_mask_events";
    }

    structs {
        /// Argument of `CALLBACKOP_REGISTER`.
        CallbackRegister = "struct callback_register" {
            /// `CALLBACKTYPE_` number.
            r#type: u16,
            /// `CALLBACKF_` flags.
            flags: u16,
            /// Address of the entry point.
            address: u64,
        }

        /// Argument of `CALLBACKOP_UNREGISTER`.
        CallbackUnregister = "struct callback_unregister" {
            /// `CALLBACKTYPE_` number.
            r#type: u16,
            /// Zero.
            _unused: u16,
        }
    }
}
