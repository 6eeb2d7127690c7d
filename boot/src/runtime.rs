// SPDX-License-Identifier: Apache-2.0
//! What the Rust compiler expects a program to have: an allocator, a panic handler, and two names of the unwinder.
#![expect(unsafe_code, reason = "defines symbols that the prebuilt core refers to")]

use core::panic::PanicInfo;

use kernel::memory::heap::KernelHeap;
use kernel::memory::heap::statistics::HeapStatistics;

#[global_allocator]
// SAFETY: the only heap of the program.
static HEAP: KernelHeap = unsafe { KernelHeap::new() };

/// What the kernel heap holds.
pub fn heap_statistics() -> HeapStatistics {
    HEAP.statistics()
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    kernel::crash::panicked(info)
}

/// The prebuilt `core` was compiled with unwinding in mind and names this; with `panic = "abort"` nothing calls it.
// SAFETY: the name is defined once, and its type does not matter, since it is not called.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// As [`rust_eh_personality`].
// SAFETY: as above.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    panic!("the unwinder was called in a program that does not unwind")
}
