// SPDX-License-Identifier: Apache-2.0
//! Programs that must not survive, one for each way to break a kernel.
#![expect(unsafe_code, reason = "does what must be caught")]

use alloc::vec;
use core::fmt;
use core::hint::black_box;
use core::sync::atomic::{AtomicBool, Ordering};

use boot::kernel::Machine;

/// Machine code of `ret`, in the places where none may be executed.
const RETURN: u8 = 0xc3;

/// Panics, two calls deep.
pub fn panic(_: &mut Machine) {
    first_caller(black_box(7));
}

#[inline(never)]
fn first_caller(number: u32) {
    second_caller(number);
    black_box(number);
}

#[inline(never)]
fn second_caller(number: u32) {
    assert!(number == 8, "the number is {number}");
}

/// Panics with a message that can be formatted once, when the kernel looks at what kind it is, and not in the report.
pub fn panic_in_report(_: &mut Machine) {
    struct Once(AtomicBool);
    impl fmt::Display for Once {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            assert!(!self.0.swap(true, Ordering::Relaxed), "this cannot be said twice");
            f.write_str("once")
        }
    }
    panic!("{}", Once(AtomicBool::new(false)));
}

/// Reads what a null pointer with an offset names.
pub fn read_null(_: &mut Machine) {
    let address = black_box(16_usize) as *const u64;
    // SAFETY: there is none; the page must not be mapped.
    black_box(unsafe { address.read_volatile() });
}

/// Writes to the instructions of this very function.
pub fn write_text(_: &mut Machine) {
    let address = write_text as *mut u8;
    // SAFETY: there is none; the page must not be writable.
    unsafe { address.write_volatile(RETURN) };
}

/// Writes to a constant.
pub fn write_constants(_: &mut Machine) {
    static CONSTANT: [u8; 64] = [RETURN; 64];
    let address = black_box(CONSTANT.as_ptr()).cast_mut();
    // SAFETY: there is none; the page must not be writable.
    unsafe { address.write_volatile(0) };
}

/// Calls into initialised data.
pub fn execute_data(_: &mut Machine) {
    static mut DATA: [u8; 64] = [RETURN; 64];
    call(&raw const DATA as usize);
}

/// Calls into the heap.
pub fn execute_heap(_: &mut Machine) {
    let code = vec![RETURN; 64];
    call(code.as_ptr() as usize);
    black_box(code);
}

#[inline(never)]
fn call(address: usize) {
    // SAFETY: there is none; the page must not be executable.
    let function: extern "C" fn() = unsafe { core::mem::transmute(black_box(address)) };
    function();
}

/// Recurses until the stack meets its guard page.
pub fn overflow_stack(_: &mut Machine) {
    recurse(0);
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { recurse(depth + 1) + frame[0] }
}
