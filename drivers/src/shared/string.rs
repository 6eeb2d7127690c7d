// SPDX-License-Identifier: Apache-2.0
//! Bulk copies by the processor's string instructions: Intel's Software Developer's Manual, volume 2, MOVS and STOS.
//!
//! The compiler knows nothing of what assembly does with the memory of another domain, so it can assume nothing of it, and no loop of atomic operations comes near
//! the speed of these.

use core::arch::asm;

const WORD: usize = size_of::<u64>();

/// Copies bytes, each of which is read once and written once.
///
/// # Safety
/// `from` must be readable and `into` writable for `count` bytes, and the two may not overlap.
pub unsafe fn copy(from: *const u8, into: *mut u8, count: usize) {
    // SAFETY: the caller vouches for both ranges; the direction flag is clear in all code.
    unsafe {
        asm!(
            "rep movsq",
            "mov ecx, {rest:e}",
            "rep movsb",
            rest = in(reg) count % WORD,
            inout("rcx") count / WORD => _,
            inout("rsi") from => _,
            inout("rdi") into => _,
            options(nostack, preserves_flags),
        );
    }
}

/// Sets words to zero.
///
/// # Safety
/// `into` must be writable for `words` words.
pub unsafe fn clear(into: *mut u8, words: usize) {
    // SAFETY: the caller vouches for the range; the direction flag is clear in all code.
    unsafe {
        asm!(
            "rep stosq",
            inout("rcx") words => _,
            inout("rdi") into => _,
            in("rax") 0_u64,
            options(nostack, preserves_flags),
        );
    }
}
