// SPDX-License-Identifier: Apache-2.0
//! The hypercall page and one shim per hypercall, after the 64-bit PV convention of
//! `xen/arch-x86/xen-x86_64.h`.
//!
//! A guest calls Xen by `call hypercall_page + 32 * number`, arguments in rdi, rsi, rdx, r10 and r8, result in
//! rax. Xen may change rcx, r11 and the registers of the arguments that the hypercall takes.
//!
//! This file defines the page: 4096 bytes, page aligned, in section `.text.hypercall_page`, filled with `int3`.
//! When the ELF note [`XEN_ELFNOTE_HYPERCALL_PAGE`](crate::elfnote::XEN_ELFNOTE_HYPERCALL_PAGE) of a kernel names
//! the symbol `hypercall_page`, Xen writes the entry points over it while the domain is built. In any other
//! program, such as a test on Linux, a hypercall is a breakpoint trap rather than a jump into nowhere.
//!
//! The assembly is neither `nostack`, because the call pushes a return address and Xen may deliver an event
//! on the same stack, nor `nomem`, because Xen reads and writes what the arguments point to.
//!
//! Every shim returns what Xen returned: a negative error number of [`crate::errno`], else zero or a result.

#![expect(
    unsafe_code,
    reason = "a hypercall is inline assembly, and only the caller can know that it is sound"
)]

use core::arch::x86_64::CpuidResult;
use core::arch::{asm, global_asm};
use core::ffi::c_void;
use core::mem::offset_of;

use crate::arch_x86::{IretContext, TrapInfo};
use crate::xen;
use crate::xen::{MmuUpdate, MmuextOp, MulticallEntry};

/// Size of the hypercall page in bytes.
pub const HYPERCALL_PAGE_SIZE: usize = 4096;

/// Size of one entry of the hypercall page in bytes: entry `n` starts at `n * HYPERCALL_ENTRY_SIZE`.
pub const HYPERCALL_ENTRY_SIZE: usize = 32;

global_asm!(
    ".pushsection .text.hypercall_page, \"ax\", @progbits",
    ".balign {size}",
    ".globl hypercall_page",
    ".hidden hypercall_page",
    ".type hypercall_page, @object",
    "hypercall_page:",
    ".fill {size}, 1, 0xcc",
    ".size hypercall_page, {size}",
    ".popsection",
    size = const HYPERCALL_PAGE_SIZE,
);

unsafe extern "C" {
    /// The page that Xen fills with the hypercall entry points. For its address only, e.g. for the ELF note.
    pub safe static hypercall_page: [u8; HYPERCALL_PAGE_SIZE];
}

/// Calls one entry of the hypercall page with up to five arguments.
macro_rules! hypercall {
    ($number:expr $(, $register:tt = $argument:expr)* $(,)?) => {{
        let result: isize;
        // SAFETY: the page has an entry of 32 bytes for each number, entered by a call and left by a return that
        // changes nothing but what is listed here. What the arguments must hold is the shim's own contract.
        unsafe {
            asm!(
                "call {page} + {entry}",
                page = sym hypercall_page,
                entry = const $number as usize * HYPERCALL_ENTRY_SIZE,
                $(inlateout($register) $argument => _,)*
                lateout("rax") result,
                lateout("rcx") _,
                lateout("r11") _,
            );
        }
        result
    }};
}

/// Registers the handlers of exceptions; a null table removes them all.
///
/// Xen enters a handler with rcx and r11 on the stack, below the frame that the processor makes.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `table` is null or points to
/// an array that ends with an entry whose `address` is zero, and every handler in it follows the frame
/// layout of a PV trap.
#[inline]
pub unsafe fn set_trap_table(table: *const TrapInfo) -> isize {
    hypercall!(xen::HYPERVISOR_SET_TRAP_TABLE, "rdi" = table)
}

/// Updates `count` page table entries or M2P entries; stores the number done in `done` unless it is null.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `reqs` points to `count`
/// requests, `done` is null or writable, and the new mappings keep Rust's rules: nothing in use is
/// unmapped, moved, or made writable behind a shared reference.
#[inline]
pub unsafe fn mmu_update(reqs: *const MmuUpdate, count: u32, done: *mut u32, domid: u16) -> isize {
    hypercall!(
        xen::HYPERVISOR_MMU_UPDATE,
        "rdi" = reqs,
        "rsi" = u64::from(count),
        "rdx" = done,
        "r10" = u64::from(domid)
    )
}

/// Sets the GDT: machine frames of the pages that hold its first `entries` descriptors.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `frame_list` holds enough
/// frames for `entries` descriptors (512 to a frame), and the descriptors suit the running code.
#[inline]
pub unsafe fn set_gdt(frame_list: *const u64, entries: u32) -> isize {
    hypercall!(xen::HYPERVISOR_SET_GDT, "rdi" = frame_list, "rsi" = u64::from(entries))
}

/// Sets the kernel stack on which Xen delivers traps from user mode.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `esp` is the top of a mapped
/// stack that nothing else uses.
#[inline]
pub unsafe fn stack_switch(ss: usize, esp: usize) -> isize {
    hypercall!(xen::HYPERVISOR_STACK_SWITCH, "rdi" = ss, "rsi" = esp)
}

/// Sets the entry points for events, for failed segment loads and for `syscall` from user mode.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. Each address is zero or an
/// entry point that follows the frame layout of that callback.
#[inline]
pub unsafe fn set_callbacks(event: usize, failsafe: usize, syscall: usize) -> isize {
    hypercall!(xen::HYPERVISOR_SET_CALLBACKS, "rdi" = event, "rsi" = failsafe, "rdx" = syscall)
}

/// Sets (1) or clears (0) the guest's CR0.TS, so that its next FPU instruction traps or does not.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. With 1, a trap handler for
/// device-not-available is registered before anything uses FPU or SSE registers.
#[inline]
pub unsafe fn fpu_taskswitch(set: u32) -> isize {
    hypercall!(xen::HYPERVISOR_FPU_TASKSWITCH, "rdi" = u64::from(set))
}

/// Writes debug register `reg` of this virtual CPU.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. A breakpoint so armed has a
/// handler.
#[inline]
pub unsafe fn set_debugreg(reg: u32, value: u64) -> isize {
    hypercall!(xen::HYPERVISOR_SET_DEBUGREG, "rdi" = u64::from(reg), "rsi" = value)
}

/// Reads debug register `reg` of this virtual CPU.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled.
#[inline]
pub unsafe fn get_debugreg(reg: u32) -> isize {
    hypercall!(xen::HYPERVISOR_GET_DEBUGREG, "rdi" = u64::from(reg))
}

/// Writes descriptor `desc` at machine address `ma` in a GDT or LDT page.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. The descriptor belongs to a
/// table of this guest, and the running code does not depend on the old one.
#[inline]
pub unsafe fn update_descriptor(ma: u64, desc: u64) -> isize {
    hypercall!(xen::HYPERVISOR_UPDATE_DESCRIPTOR, "rdi" = ma, "rsi" = desc)
}

/// Performs a `XENMEM_` operation of [`crate::memory`].
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `arg` points to the structure
/// of `cmd`, the pointers in it to as many elements as it says, and frames given up are not in use.
#[inline]
pub unsafe fn memory_op(cmd: u32, arg: *mut c_void) -> isize {
    hypercall!(xen::HYPERVISOR_MEMORY_OP, "rdi" = u64::from(cmd), "rsi" = arg)
}

/// Performs `count` hypercalls in order and stores a result in each entry.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `calls` points to `count`
/// entries, each of which meets the contract of the hypercall that it names.
#[inline]
pub unsafe fn multicall(calls: *mut MulticallEntry, count: u32) -> isize {
    hypercall!(xen::HYPERVISOR_MULTICALL, "rdi" = calls, "rsi" = u64::from(count))
}

/// Sets the page table entry that maps `va` and flushes as `flags` (`UVMF_`) say.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. The new mapping keeps Rust's
/// rules: nothing in use is unmapped, moved, or made writable behind a shared reference.
#[inline]
pub unsafe fn update_va_mapping(va: usize, new_val: u64, flags: usize) -> isize {
    hypercall!(xen::HYPERVISOR_UPDATE_VA_MAPPING, "rdi" = va, "rsi" = new_val, "rdx" = flags)
}

/// Sets the one-shot timer to system time `timeout` in nanoseconds; zero stops it.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled.
#[inline]
pub unsafe fn set_timer_op(timeout: u64) -> isize {
    hypercall!(xen::HYPERVISOR_SET_TIMER_OP, "rdi" = timeout)
}

/// Performs a `XENVER_` query of [`crate::version`].
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `arg` is null where `cmd`
/// takes nothing, else points to the writable structure of `cmd`.
#[inline]
pub unsafe fn xen_version(cmd: u32, arg: *mut c_void) -> isize {
    hypercall!(xen::HYPERVISOR_XEN_VERSION, "rdi" = u64::from(cmd), "rsi" = arg)
}

/// Writes to or reads from the hypervisor's own console (`CONSOLEIO_`).
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `buffer` points to `count`
/// bytes, writable for `CONSOLEIO_READ`.
#[inline]
pub unsafe fn console_io(cmd: u32, count: u32, buffer: *mut u8) -> isize {
    hypercall!(xen::HYPERVISOR_CONSOLE_IO, "rdi" = u64::from(cmd), "rsi" = u64::from(count), "rdx" = buffer)
}

/// Performs `count` `GNTTABOP_` operations of [`crate::grant_table`].
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `arg` points to `count`
/// structures of `cmd`, the pointers in them to as many elements as they say, and what is mapped, copied
/// or given away is not in other use.
#[inline]
pub unsafe fn grant_table_op(cmd: u32, arg: *mut c_void, count: u32) -> isize {
    hypercall!(xen::HYPERVISOR_GRANT_TABLE_OP, "rdi" = u64::from(cmd), "rsi" = arg, "rdx" = u64::from(count))
}

/// Switches a `VMASST_TYPE_` assist on or off.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. The guest is prepared for the
/// changed behaviour.
#[inline]
pub unsafe fn vm_assist(cmd: u32, assist: u32) -> isize {
    hypercall!(xen::HYPERVISOR_VM_ASSIST, "rdi" = u64::from(cmd), "rsi" = u64::from(assist))
}

/// Like [`update_va_mapping`], for a frame that belongs to domain `domid`.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. As for [`update_va_mapping`];
/// the other domain may change the frame at any time.
#[inline]
pub unsafe fn update_va_mapping_otherdomain(va: usize, new_val: u64, flags: usize, domid: u16) -> isize {
    hypercall!(
        xen::HYPERVISOR_UPDATE_VA_MAPPING_OTHERDOMAIN,
        "rdi" = va,
        "rsi" = new_val,
        "rdx" = flags,
        "r10" = u64::from(domid)
    )
}

/// Performs a `VCPUOP_` operation of [`crate::vcpu`] on virtual CPU `vcpuid`.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `arg` is null where `cmd`
/// takes nothing, else points to the structure of `cmd`; memory registered by it stays valid for as long
/// as the domain runs.
#[inline]
pub unsafe fn vcpu_op(cmd: u32, vcpuid: u32, arg: *mut c_void) -> isize {
    hypercall!(xen::HYPERVISOR_VCPU_OP, "rdi" = u64::from(cmd), "rsi" = u64::from(vcpuid), "rdx" = arg)
}

/// Sets a segment base (`SEGBASE_`).
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. Nothing in use lies behind the
/// old base, such as thread-local data behind fs.
#[inline]
pub unsafe fn set_segment_base(which: u32, base: u64) -> isize {
    hypercall!(xen::HYPERVISOR_SET_SEGMENT_BASE, "rdi" = u64::from(which), "rsi" = base)
}

/// Performs `count` `MMUEXT_` operations; stores the number done in `done` unless it is null.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `ops` points to `count`
/// operations, `done` is null or writable, and a new base pointer maps the running code, its stack and
/// its data as before.
#[inline]
pub unsafe fn mmuext_op(ops: *const MmuextOp, count: u32, done: *mut u32, domid: u16) -> isize {
    hypercall!(
        xen::HYPERVISOR_MMUEXT_OP,
        "rdi" = ops,
        "rsi" = u64::from(count),
        "rdx" = done,
        "r10" = u64::from(domid)
    )
}

/// Performs an `XENNMI_` operation of [`crate::nmi`].
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `arg` points to the structure
/// of `cmd`, and a handler so registered follows the frame layout of that callback.
#[inline]
pub unsafe fn nmi_op(cmd: u32, arg: *mut c_void) -> isize {
    hypercall!(xen::HYPERVISOR_NMI_OP, "rdi" = u64::from(cmd), "rsi" = arg)
}

/// Performs a `SCHEDOP_` operation of [`crate::sched`].
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `arg` is null where `cmd`
/// takes nothing, else points to the structure of `cmd`. `SCHEDOP_BLOCK` unmasks events: an event handler
/// may run on the current stack before it returns.
#[inline]
pub unsafe fn sched_op(cmd: u32, arg: *mut c_void) -> isize {
    hypercall!(xen::HYPERVISOR_SCHED_OP, "rdi" = u64::from(cmd), "rsi" = arg)
}

/// Performs a `CALLBACKOP_` operation of [`crate::callback`].
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `arg` points to the structure
/// of `cmd`, and the address in it follows the frame layout of that callback.
#[inline]
pub unsafe fn callback_op(cmd: u32, arg: *mut c_void) -> isize {
    hypercall!(xen::HYPERVISOR_CALLBACK_OP, "rdi" = u64::from(cmd), "rsi" = arg)
}

/// Performs an `EVTCHNOP_` operation of [`crate::event_channel`].
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `arg` points to the writable
/// structure of `cmd`.
#[inline]
pub unsafe fn event_channel_op(cmd: u32, arg: *mut c_void) -> isize {
    hypercall!(xen::HYPERVISOR_EVENT_CHANNEL_OP, "rdi" = u64::from(cmd), "rsi" = arg)
}

/// Leaves a trap handler or enters user mode: loads rax, r11, rcx, rip, cs, rflags, rsp and ss from `context`.
///
/// The other general registers keep what the compiler left in them, so this serves to start code that expects
/// nothing in them. A handler that restores all registers ends in assembly of its own, with a jump to entry
/// [`HYPERVISOR_IRET`](xen::HYPERVISOR_IRET) and the stack pointer at the `flags` of the context.
///
/// # Safety
///
/// The program runs as a Xen PV guest whose hypercall page Xen has filled. `context` is writable, since the entry
/// pushes rcx, r11 and rax to their places in it, and describes code that may run; the caller's frames are never
/// returned to.
#[inline]
pub unsafe fn iret(context: *mut IretContext) -> ! {
    // SAFETY: the entry for iret is entered by a jump with the stack pointer at `flags`; it does not return. The
    // caller vouches for the context.
    unsafe {
        asm!(
            "mov rax, [rdi + {rax}]",
            "mov r11, [rdi + {r11}]",
            "mov rcx, [rdi + {rcx}]",
            "lea rsp, [rdi + {flags}]",
            "jmp {page} + {entry}",
            page = sym hypercall_page,
            entry = const xen::HYPERVISOR_IRET as usize * HYPERCALL_ENTRY_SIZE,
            rax = const offset_of!(IretContext, rax),
            r11 = const offset_of!(IretContext, r11),
            rcx = const offset_of!(IretContext, rcx),
            flags = const offset_of!(IretContext, flags),
            in("rdi") context,
            options(noreturn),
        );
    }
}

/// Runs `cpuid` as Xen emulates it for this domain, while the bare instruction may show the host's processor.
///
/// C: `XEN_CPUID`.
///
/// # Safety
///
/// The program runs as a Xen guest. Elsewhere the prefix is an invalid instruction.
#[inline]
pub unsafe fn xen_cpuid(leaf: u32, subleaf: u32) -> CpuidResult {
    let (eax, ebx, ecx, edx);
    // SAFETY: the instruction changes four registers, and rbx, which the compiler keeps to itself, is put back.
    unsafe {
        asm!(
            "mov {rbx}, rbx",
            emulate_prefix!(),
            "cpuid",
            "xchg {rbx}, rbx",
            rbx = out(reg) ebx,
            inlateout("eax") leaf => eax,
            inlateout("ecx") subleaf => ecx,
            lateout("edx") edx,
            options(nostack, nomem, preserves_flags),
        );
    }
    let ebx: u64 = ebx;
    CpuidResult { eax, ebx: ebx as u32, ecx, edx }
}
