// SPDX-License-Identifier: Apache-2.0
//! `memcpy` and its kin, which the compiler calls and a C library would provide.
//!
//! Most copies of a VM are of a few words, so those must be quick: up to 32 bytes go through pairs of overlapping loads, without a
//! loop. Long ones use the processor's string instructions, which move whole cache lines (AMD64 Architecture Programmer's Manual,
//! volume 1, "string instructions"). Those on words are as quick as those on bytes where the latter are quick, and much quicker where they are not: on
//! processors without ERMS, and in emulators. `tests/guest` checks all of them against the obvious loops.
#![expect(unsafe_code, reason = "memory intrinsics work on raw memory by definition")]

use core::arch::asm;
use core::arch::x86_64::{__m128i, _mm_set1_epi8, _mm_storeu_si128};

const VECTOR: usize = size_of::<__m128i>();
const WORD: usize = size_of::<u64>();
/// From this length on, the start-up of the string instructions pays.
const STRING_LENGTH: usize = 512;

/// Copies a block of `T` from `source` to `target`, both moved on by `offset` bytes.
///
/// # Safety
/// Both blocks are valid.
#[inline(always)]
unsafe fn load<T: Copy>(source: *const u8, offset: usize) -> T {
    // SAFETY: the caller's promise; `read_unaligned` needs no alignment.
    unsafe { source.add(offset).cast::<T>().read_unaligned() }
}

/// Writes a `T` at `target`, moved on by `offset` bytes.
///
/// # Safety
/// The place is valid.
#[inline(always)]
unsafe fn store<T: Copy>(target: *mut u8, offset: usize, value: T) {
    // SAFETY: the caller's promise; `write_unaligned` needs no alignment.
    unsafe { target.add(offset).cast::<T>().write_unaligned(value) }
}

/// Copies up to 32 bytes: all loads come before all stores, so the two may overlap.
///
/// # Safety
/// `length` is at most 32, and both ranges are valid.
#[inline(always)]
unsafe fn copy_short(target: *mut u8, source: *const u8, length: usize) {
    macro_rules! pair {
        ($ty:ty) => {{
            let last = length - size_of::<$ty>();
            // SAFETY: `length` is at least the size of the type, so both blocks lie within the ranges.
            unsafe {
                let (head, tail): ($ty, $ty) = (load(source, 0), load(source, last));
                store(target, 0, head);
                store(target, last, tail);
            }
        }};
    }
    match length {
        0 => {}
        1 => pair!(u8),
        2..4 => pair!(u16),
        4..8 => pair!(u32),
        8..16 => pair!(u64),
        _ => pair!(__m128i),
    }
}

/// # Safety
/// As C's `memcpy`.
// SAFETY: the name is defined once, with C's type.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(target: *mut u8, source: *const u8, length: usize) -> *mut u8 {
    if length <= 2 * VECTOR {
        // SAFETY: the caller's promise, and the length was checked.
        unsafe { copy_short(target, source, length) };
    } else if length < STRING_LENGTH {
        // SAFETY: blocks at multiples of the vector size below `last`, and one at `last`, all within the ranges; the ranges do not
        // overlap.
        unsafe {
            let last = length - VECTOR;
            let mut offset = 0;
            while offset < last {
                let block: __m128i = load(source, offset);
                store(target, offset, block);
                offset += VECTOR;
            }
            let block: __m128i = load(source, last);
            store(target, last, block);
        }
    } else {
        // SAFETY: the caller's ranges, of which the last word may be copied twice; the direction flag is clear, as the calling convention demands.
        unsafe {
            let last = length - WORD;
            let tail: u64 = load(source, last);
            let (to, from) = (target, source);
            asm!("rep movsq", inout("rcx") length / WORD => _, inout("rdi") to => _, inout("rsi") from => _,
                options(nostack, preserves_flags));
            store(target, last, tail);
        }
    }
    target
}

/// # Safety
/// As C's `memmove`.
// SAFETY: the name is defined once, with C's type.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(target: *mut u8, source: *const u8, length: usize) -> *mut u8 {
    let distance = target.addr().wrapping_sub(source.addr());
    if length <= 2 * VECTOR {
        // SAFETY: the caller's promise, and the length was checked.
        unsafe { copy_short(target, source, length) };
    } else if distance >= length {
        // A copy upwards never reads what it has written: the target begins before the source, or behind its end.
        // SAFETY: blocks within the ranges; the last one is loaded before anything is stored.
        unsafe {
            let last = length - VECTOR;
            let tail: __m128i = load(source, last);
            if length >= STRING_LENGTH && distance.wrapping_neg() >= 64 {
                let (to, from, words) = (target, source, last.div_ceil(WORD));
                asm!("rep movsq", inout("rcx") words => _, inout("rdi") to => _, inout("rsi") from => _,
                    options(nostack, preserves_flags));
            } else {
                let mut offset = 0;
                while offset < last {
                    let block: __m128i = load(source, offset);
                    store(target, offset, block);
                    offset += VECTOR;
                }
            }
            store(target, last, tail);
        }
    } else {
        // The target begins within the source: from the end downwards.
        // SAFETY: blocks within the ranges; the first one is loaded before anything is stored.
        unsafe {
            let head: __m128i = load(source, 0);
            let mut offset = length;
            while offset > VECTOR {
                offset -= VECTOR;
                let block: __m128i = load(source, offset);
                store(target, offset, block);
            }
            store(target, 0, head);
        }
    }
    target
}

/// # Safety
/// As C's `memset`.
// SAFETY: the name is defined once, with C's type.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(target: *mut u8, byte: i32, length: usize) -> *mut u8 {
    let byte = byte as u8;
    if length < VECTOR {
        for offset in 0..length {
            // SAFETY: within the range. The write is volatile so that the loop stays one of at most 15 plain stores.
            unsafe { target.add(offset).write_volatile(byte) };
        }
    } else if length < STRING_LENGTH {
        // SAFETY: blocks within the range, which has at least one.
        unsafe {
            let block = _mm_set1_epi8(byte as i8);
            let last = length - VECTOR;
            let mut offset = 0;
            while offset < last {
                _mm_storeu_si128(target.add(offset).cast(), block);
                offset += VECTOR;
            }
            _mm_storeu_si128(target.add(last).cast(), block);
        }
    } else {
        let (to, word) = (target, u64::from_ne_bytes([byte; WORD]));
        // SAFETY: the caller's range, of which the last word may be filled twice; the direction flag is clear.
        unsafe {
            asm!("rep stosq", inout("rcx") length / WORD => _, inout("rdi") to => _, in("rax") word,
                options(nostack, preserves_flags));
            store(target, length - WORD, word);
        }
    }
    target
}

/// # Safety
/// As C's `memcmp`.
// SAFETY: the name is defined once, with C's type.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    const WORD: usize = size_of::<u64>();
    let mut offset = 0;
    while offset + WORD <= length {
        // SAFETY: the word lies within both ranges.
        let (one, other): (u64, u64) = unsafe { (load(left, offset), load(right, offset)) };
        if one != other {
            return if one.swap_bytes() < other.swap_bytes() { -1 } else { 1 };
        }
        offset += WORD;
    }
    while offset < length {
        // SAFETY: the byte lies within both ranges.
        let (one, other): (u8, u8) = unsafe { (load(left, offset), load(right, offset)) };
        if one != other {
            return i32::from(one) - i32::from(other);
        }
        offset += 1;
    }
    0
}

/// # Safety
/// As `bcmp`.
// SAFETY: the name is defined once, with C's type.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { memcmp(left, right, length) }
}

/// # Safety
/// As C's `strlen`.
// SAFETY: the name is defined once, with C's type.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: every byte up to the terminator is valid.
    while unsafe { load::<u8>(text, length) } != 0 {
        length += 1;
    }
    length
}
