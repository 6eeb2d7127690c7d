// SPDX-License-Identifier: Apache-2.0
//! The first instructions.
//!
//! Xen enters in 64-bit mode with the address of `start_info` in rsi, a stack of its own making, and everything
//! mapped writable and executable (Xen's `public/xen.h`, "start-of-day memory layout"). The entry notes the time, which is where the
//! count of the boot's phases begins, and moves to the kernel's own stack.
#![expect(unsafe_code, reason = "entry code, and the hand-over to the kernel and the program")]

use core::arch::global_asm;

use kernel::Machine;
use xen_hypervisor_sys::xen::StartInfo;

use crate::linked;

unsafe extern "Rust" {
    /// Defined by [`crate::entry!`].
    fn voxoz_program(machine: Machine) -> !;
}

global_asm!(
    ".section .text.entry, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    "cld",
    "rdtsc",
    "shl rdx, 32",
    "or rax, rdx",
    "mov rdi, rsi",
    "mov rsi, rax",
    "lea rsp, [rip + __stack_top]",
    // A frame pointer and a return address of zero end every backtrace.
    "xor ebp, ebp",
    "push rbp",
    "jmp {entered}",
    ".size _start, . - _start",
    ".previous",
    entered = sym entered,
);

/// Rust's first function: brings the machine up and runs the program.
extern "sysv64" fn entered(start_info: *const StartInfo, entry_tsc: u64) -> ! {
    // SAFETY: the entry code calls this once, with what Xen passed, on the stack that the linker script reserves.
    let machine = unsafe { kernel::start(start_info, entry_tsc, linked::program()) };
    // SAFETY: `entry!` defines the function with this type.
    unsafe { voxoz_program(machine) }
}
