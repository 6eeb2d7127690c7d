// SPDX-License-Identifier: Apache-2.0
//! Exceptions: Xen delivers them to the entries of a table (`HYPERVISOR_set_trap_table`, Xen's `public/arch-x86/xen.h`).
//!
//! An exception in this kernel is a defect, but for one: the first touch of a page of a large block ([`lazy`]), after which the
//! program goes on. All others end in the crash report with the registers that each entry saves. Xen pushes the
//! frame onto the running stack, which is why nothing that is linked into the kernel may keep anything below the stack pointer
//! (`cargo xtask tail-calls` looks). When there is no room, because the stack has run into its guard page, Xen itself ends the
//! domain as crashed, without a report from here.
#![expect(unsafe_code, reason = "entry code in assembly, and a hypercall that installs it")]

use core::arch::{asm, global_asm};

use drivers::memory::VirtAddr;
use xen_hypervisor_sys::arch_x86::{FLAT_KERNEL_CS, TrapInfo};
use xen_hypervisor_sys::hypercall;

use crate::crash::fault;
use crate::crash::registers::Registers;
use crate::memory::lazy::{self, Touch};
use crate::program::Program;
use crate::shared_info;

/// Length of one entry, by the `.balign` in the assembly.
const ENTRY_LENGTH: usize = 16;
const VECTORS: usize = 32;

// Each entry drops rcx and r11, which Xen has pushed on top of the processor's frame, into their registers, and makes the frame
// uniform: exceptions 8, 10 to 14, 17, 21, 29 and 30 have an error code.
global_asm!(
    ".section .text.traps, \"ax\", @progbits",
    ".balign 16",
    "voxoz_trap_entries:",
    ".set vector, 0",
    ".rept {vectors}",
    ".balign {length}",
    "pop rcx",
    "pop r11",
    ".if !((1 << vector) & {with_error_code})",
    "push 0",
    ".endif",
    "push vector",
    "jmp 2f",
    ".set vector, vector + 1",
    ".endr",
    "2:",
    "push rdi",
    "push rsi",
    "push rdx",
    "push rcx",
    "push rax",
    "push r8",
    "push r9",
    "push r10",
    "push r11",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "cld",
    "mov rdi, rsp",
    "mov rbx, rsp",
    "and rsp, -16",
    "sub rsp, 512",
    "fxsave64 [rsp]",
    "call {trapped}",
    "fxrstor64 [rsp]",
    "mov rsp, rbx",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "pop r11",
    "pop r10",
    "pop r9",
    "pop r8",
    "pop rax",
    "pop rcx",
    "pop rdx",
    "pop rsi",
    "pop rdi",
    // The number and the error code.
    "add rsp, 16",
    // Xen shows the kernel's selectors as those of ring 0; the processor wants to return to ring 3, where the kernel runs.
    "or byte ptr [rsp + 8], 3",
    "or byte ptr [rsp + 32], 3",
    "iretq",
    // Events stay masked and no segment register is loaded, so that neither callback is ever called; if one is, it is a defect.
    "voxoz_unexpected_callback:",
    "ud2",
    ".previous",
    vectors = const VECTORS,
    length = const ENTRY_LENGTH,
    with_error_code = const 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 | 1 << 29 | 1 << 30,
    trapped = sym trapped,
);

unsafe extern "C" {
    /// The first of the entries above.
    static voxoz_trap_entries: u8;
    /// Where a callback ends that must not happen.
    fn voxoz_unexpected_callback();
}

extern "sysv64" fn trapped(registers: &Registers) {
    let address = if registers.vector == fault::PAGE_FAULT { shared_info::fault_address() } else { None };
    let touched = address.map_or(Touch::NotOurs, lazy::touch);
    if touched != Touch::Done {
        crate::crash::trapped(registers, address, touched);
    }
}

/// Installs the entries.
///
/// # Panics
/// When Xen refuses the table.
pub fn start() {
    let mut table = [TrapInfo::zeroed(); VECTORS];
    let entries = (&raw const voxoz_trap_entries).addr();
    // The last element stays zero: it ends the table.
    for (info, vector) in table.iter_mut().zip(fault::vectors()) {
        info.vector = vector;
        info.cs = FLAT_KERNEL_CS;
        info.address = (entries + usize::from(vector) * ENTRY_LENGTH) as u64;
    }
    // SAFETY: the table is ended by an element of zeros, and its addresses are those of the entries above.
    let result = unsafe { hypercall::set_trap_table(table.as_ptr()) };
    assert_eq!(result, 0, "xen refused the trap table");
    let callback = voxoz_unexpected_callback as *const () as usize;
    // SAFETY: both addresses are code that reports a defect.
    let result = unsafe { hypercall::set_callbacks(callback, callback, 0) };
    assert_eq!(result, 0, "xen refused the callbacks");
}

/// The registers of the caller, as far as a function call has left them.
#[inline(always)]
pub fn capture() -> Registers {
    let mut registers = Registers::default();
    // SAFETY: only reads registers, and writes to `registers`.
    unsafe {
        asm!(
            "mov [{at} + 0], r15",
            "mov [{at} + 8], r14",
            "mov [{at} + 16], r13",
            "mov [{at} + 24], r12",
            "mov [{at} + 32], rbp",
            "mov [{at} + 40], rbx",
            "mov [{at} + 160], rsp",
            "lea {scratch}, [rip]",
            "mov [{at} + 136], {scratch}",
            "pushfq",
            "pop {scratch}",
            "mov [{at} + 152], {scratch}",
            at = in(reg) &raw mut registers,
            scratch = out(reg) _,
        );
    }
    registers
}

/// The word on top of the stack at a trap, if the stack pointer is within a stack of the kernel.
pub fn top_of_stack(registers: &Registers, program: &Program) -> Option<VirtAddr> {
    let top = VirtAddr(registers.rsp as usize);
    program.stack_at(top).filter(|_| top.0.is_multiple_of(8))?;
    // SAFETY: an aligned word within a stack of the kernel, which stays mapped.
    Some(VirtAddr(unsafe { (top.0 as *const usize).read() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn the_assembly_knows_the_layout_of_the_registers() {
        assert_eq!(offset_of!(Registers, r15), 0);
        assert_eq!(offset_of!(Registers, rbp), 32);
        assert_eq!(offset_of!(Registers, rbx), 40);
        assert_eq!(offset_of!(Registers, rdi), 112);
        assert_eq!(offset_of!(Registers, rip), 136);
        assert_eq!(offset_of!(Registers, rflags), 152);
        assert_eq!(offset_of!(Registers, rsp), 160);
        assert_eq!(size_of::<Registers>(), 22 * 8);
    }

    #[test]
    fn captured_registers_are_those_of_here() {
        let registers = capture();
        let here = &raw const registers as u64;
        assert!(registers.rsp.abs_diff(here) < 1 << 20);
        assert_ne!(registers.rip, 0);
    }
}
