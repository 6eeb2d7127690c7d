// SPDX-License-Identifier: Apache-2.0
//! What turns a Rust program into a kernel that Xen boots: entry point, ELF notes, memory intrinsics, allocator, panic handler.
//!
//! A kernel binary is `#![no_std] #![no_main]`, links this crate by its [`entry!`] macro, and gets a running
//! [`kernel::Machine`]. There are two: `voxoz-kernel` beside this file, and the guest of the system tests.
//!
//! The crate opts out of the compiler's recognition of copying loops, which would turn the loops of `memcpy` into calls of itself.
#![no_std]
#![no_builtins]
#![deny(unsafe_code)]

mod entry;
mod intrinsics;
mod linked;
mod notes;
mod runtime;

pub use kernel;
pub use runtime::heap_statistics;

/// Declares the program: `entry!(main)` with `fn main(machine: kernel::Machine) -> !`.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[expect(unsafe_code, reason = "the entry code in the crate `boot` calls the program by this name")]
        // SAFETY: the name is used once in a program; `boot::entry` declares it with the same type.
        #[unsafe(no_mangle)]
        extern "Rust" fn voxoz_program(machine: $crate::kernel::Machine) -> ! {
            let main: fn($crate::kernel::Machine) -> ! = $main;
            main(machine)
        }
    };
}
