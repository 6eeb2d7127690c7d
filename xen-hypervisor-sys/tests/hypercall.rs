// SPDX-License-Identifier: Apache-2.0
//! The hypercall shims against a page of our own making.
//!
//! On Linux there is no Xen to fill the page, so the test fills it: every entry records its number and the five
//! argument registers, spoils what Xen may spoil, and returns. So it is seen that each shim calls its own
//! entry, with each argument in its register. The entry for `iret` does what Xen's does, by the processor's own
//! instruction.

use std::arch::global_asm;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};

use xen_hypervisor_sys::arch_x86::{IretContext, TrapInfo};
use xen_hypervisor_sys::hypercall::{self, HYPERCALL_ENTRY_SIZE, HYPERCALL_PAGE_SIZE, hypercall_page};
use xen_hypervisor_sys::xen::{self, MmuUpdate, MmuextOp, MulticallEntry};

/// Number and arguments of the last hypercall; for `iret`, the three registers that it restores.
static RECORD: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];

/// Number of arguments of the next hypercall: Xen may spoil the registers of these and no others.
static ARGUMENTS: AtomicU64 = AtomicU64::new(0);

/// What every entry returns.
const RESULT: isize = -38;

global_asm!(
    // Every entry jumps here with its number in rax.
    "record_hypercall:",
    "lea rcx, [rip + {record}]",
    "mov [rcx], rax",
    "mov [rcx + 8], rdi",
    "mov [rcx + 16], rsi",
    "mov [rcx + 24], rdx",
    "mov [rcx + 32], r10",
    "mov [rcx + 40], r8",
    "mov rax, {result}",
    "mov r11, rax",
    "mov rcx, [rip + {arguments}]",
    "sub rcx, 1",
    "jc 2f",
    "mov rdi, rax",
    "sub rcx, 1",
    "jc 2f",
    "mov rsi, rax",
    "sub rcx, 1",
    "jc 2f",
    "mov rdx, rax",
    "sub rcx, 1",
    "jc 2f",
    "mov r10, rax",
    "2:",
    "mov rcx, rax",
    "ret",
    // The entry for iret: what Xen's pushes, and then what Xen does with it.
    "record_iret:",
    "push rcx",
    "push r11",
    "push rax",
    "xor eax, eax",
    "xor ecx, ecx",
    "xor r11d, r11d",
    "pop rax",
    "pop r11",
    "pop rcx",
    "lea rsp, [rsp + 8]",
    "iretq",
    // Calls the shim with a context that comes back here.
    "leave_by_iret:",
    "push rbx",
    "push rbp",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "lea rax, [rip + 2f]",
    "mov [rdi + {rip}], rax",
    "mov [rdi + {rsp}], rsp",
    "sub rsp, 8",
    "call {iret}",
    "2:",
    "lea rdx, [rip + {record}]",
    "mov [rdx], rax",
    "mov [rdx + 8], r11",
    "mov [rdx + 16], rcx",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbp",
    "pop rbx",
    "ret",
    record = sym RECORD,
    arguments = sym ARGUMENTS,
    result = const RESULT,
    iret = sym iret,
    rip = const std::mem::offset_of!(IretContext, rip),
    rsp = const std::mem::offset_of!(IretContext, rsp),
);

unsafe extern "C" {
    fn record_hypercall();
    fn record_iret();
    fn leave_by_iret(context: *mut IretContext);
    fn mprotect(address: *mut c_void, size: usize, protection: c_int) -> c_int;
}

/// The shim with a calling convention that assembly can rely on.
extern "C" fn iret(context: *mut IretContext) -> ! {
    // SAFETY: `leave_by_iret` has made a context that goes on behind its own call.
    unsafe { hypercall::iret(context) }
}

/// Writes the entries over the `int3` of the page.
fn fill_page() {
    let page = (&raw const hypercall_page).cast_mut().cast::<u8>();
    assert_eq!(page.addr() % HYPERCALL_PAGE_SIZE, 0);
    assert!(hypercall_page.iter().all(|&byte| byte == 0xcc), "the page is not filled with int3");

    const READ_WRITE_EXECUTE: c_int = 7;
    // SAFETY: the page is a whole one, and nothing else is in it.
    assert_eq!(unsafe { mprotect(page.cast(), HYPERCALL_PAGE_SIZE, READ_WRITE_EXECUTE) }, 0);
    for number in 0..HYPERCALL_PAGE_SIZE / HYPERCALL_ENTRY_SIZE {
        let handler = record_hypercall as *const () as u64;
        let mut code = Vec::from([0xb8]); // mov eax, number
        code.extend((number as u32).to_le_bytes());
        code.extend([0x48, 0xb9]); // mov rcx, handler
        code.extend(handler.to_le_bytes());
        code.extend([0xff, 0xe1]); // jmp rcx
        if number == xen::HYPERVISOR_IRET as usize {
            code = Vec::from([0xe9]); // jmp record_iret
            let next = page.addr() + number * HYPERCALL_ENTRY_SIZE + 5;
            let distance = (record_iret as *const ()).addr().wrapping_sub(next) as i32;
            code.extend(distance.to_le_bytes());
        }
        assert!(code.len() <= HYPERCALL_ENTRY_SIZE);
        // SAFETY: the page is writable now and has room for this entry, and no reference to it is alive.
        unsafe { page.add(number * HYPERCALL_ENTRY_SIZE).copy_from(code.as_ptr(), code.len()) };
    }
}

/// Makes one hypercall and compares what arrived.
macro_rules! check {
    ($shim:ident($($argument:expr),* $(,)?), $number:ident, $expected:expr) => {{
        for word in &RECORD {
            word.store(0, Ordering::Relaxed);
        }
        let expected: &[u64] = &$expected;
        ARGUMENTS.store(expected.len() as u64, Ordering::Relaxed);
        // SAFETY: the entry only records; it follows no pointer.
        let result = unsafe { hypercall::$shim($($argument),*) };
        assert_eq!(result, RESULT, "result of {}", stringify!($shim));
        let record = RECORD.each_ref().map(|word| word.load(Ordering::Relaxed));
        assert_eq!(record[0], u64::from(xen::$number), "number of {}", stringify!($shim));
        assert_eq!(&record[1..=expected.len()], expected, "arguments of {}", stringify!($shim));
    }};
}

/// A pointer with a recognisable address, which is never followed.
fn pointer<T>(address: usize) -> *mut T {
    null_mut::<T>().with_addr(address)
}

#[test]
fn every_shim_calls_its_entry_with_its_arguments() {
    fill_page();
    const HIGH: u64 = 0xfedc_ba98_7654_3210;

    check!(set_trap_table(pointer::<TrapInfo>(0x10)), HYPERVISOR_SET_TRAP_TABLE, [0x10]);
    check!(
        mmu_update(pointer::<MmuUpdate>(0x10), u32::MAX, pointer(0x20), 0x7ff0),
        HYPERVISOR_MMU_UPDATE,
        [0x10, 0xffff_ffff, 0x20, 0x7ff0]
    );
    check!(set_gdt(pointer(0x10), 512), HYPERVISOR_SET_GDT, [0x10, 512]);
    check!(stack_switch(0xe02b, 0x9000), HYPERVISOR_STACK_SWITCH, [0xe02b, 0x9000]);
    check!(set_callbacks(1, 2, 3), HYPERVISOR_SET_CALLBACKS, [1, 2, 3]);
    check!(fpu_taskswitch(1), HYPERVISOR_FPU_TASKSWITCH, [1]);
    check!(set_debugreg(7, HIGH), HYPERVISOR_SET_DEBUGREG, [7, HIGH]);
    check!(get_debugreg(6), HYPERVISOR_GET_DEBUGREG, [6]);
    check!(update_descriptor(HIGH, !HIGH), HYPERVISOR_UPDATE_DESCRIPTOR, [HIGH, !HIGH]);
    check!(memory_op(9, pointer(0x10)), HYPERVISOR_MEMORY_OP, [9, 0x10]);
    check!(multicall(pointer::<MulticallEntry>(0x10), 8), HYPERVISOR_MULTICALL, [0x10, 8]);
    check!(update_va_mapping(usize::MAX, HIGH, 2), HYPERVISOR_UPDATE_VA_MAPPING, [u64::MAX, HIGH, 2]);
    check!(set_timer_op(HIGH), HYPERVISOR_SET_TIMER_OP, [HIGH]);
    check!(xen_version(6, pointer(0x10)), HYPERVISOR_XEN_VERSION, [6, 0x10]);
    check!(console_io(1, 100, pointer(0x10)), HYPERVISOR_CONSOLE_IO, [1, 100, 0x10]);
    check!(grant_table_op(5, pointer(0x10), 3), HYPERVISOR_GRANT_TABLE_OP, [5, 0x10, 3]);
    check!(vm_assist(1, 32), HYPERVISOR_VM_ASSIST, [1, 32]);
    check!(
        update_va_mapping_otherdomain(0x1000, HIGH, 2, 0x7ff1),
        HYPERVISOR_UPDATE_VA_MAPPING_OTHERDOMAIN,
        [0x1000, HIGH, 2, 0x7ff1]
    );
    check!(vcpu_op(10, 4, pointer(0x10)), HYPERVISOR_VCPU_OP, [10, 4, 0x10]);
    check!(set_segment_base(2, HIGH), HYPERVISOR_SET_SEGMENT_BASE, [2, HIGH]);
    check!(
        mmuext_op(pointer::<MmuextOp>(0x10), 2, null_mut(), 0x7ff0),
        HYPERVISOR_MMUEXT_OP,
        [0x10, 2, 0, 0x7ff0]
    );
    check!(nmi_op(1, null_mut()), HYPERVISOR_NMI_OP, [1, 0]);
    check!(sched_op(3, pointer(0x10)), HYPERVISOR_SCHED_OP, [3, 0x10]);
    check!(callback_op(0, pointer(0x10)), HYPERVISOR_CALLBACK_OP, [0, 0x10]);
    check!(event_channel_op(4, pointer(0x10)), HYPERVISOR_EVENT_CHANNEL_OP, [4, 0x10]);

    // Linux's own selectors, since it is the processor that takes this frame.
    let mut context = IretContext {
        rax: HIGH,
        r11: 11,
        rcx: !HIGH,
        cs: 0x33,
        rflags: 0x202,
        ss: 0x2b,
        ..IretContext::zeroed()
    };
    // SAFETY: the function completes the context so that it comes back, and saves what it must.
    unsafe { leave_by_iret(&raw mut context) };
    let record = RECORD.each_ref().map(|word| word.load(Ordering::Relaxed));
    assert_eq!(record[..3], [HIGH, 11, !HIGH], "registers after iret");
}

#[test]
fn the_emulated_cpuid_has_its_prefix() {
    const CODE: [u8; 7] = [0x0f, 0x0b, b'x', b'e', b'n', 0x0f, 0xa2];
    let start = hypercall::xen_cpuid as *const () as *const u8;
    // SAFETY: the text of the program goes on behind this function, which is not the last.
    let code = unsafe { std::slice::from_raw_parts(start, 128) };
    assert!(code.windows(CODE.len()).any(|window| window == CODE), "{code:02x?}");
}
