// SPDX-License-Identifier: Apache-2.0
//! The chain of callers, by frame pointers.
//!
//! The kernel is compiled with frame pointers, and so is the prebuilt `core`. Each frame holds the caller's frame pointer and,
//! above it, the return address. A damaged chain ends where it leaves the stack or turns back.
#![expect(unsafe_code, reason = "reads the kernel's own stack")]

use core::ops::Range;

use drivers::memory::VirtAddr;

/// Callers that are shown at most.
const LIMIT: usize = 48;

/// Walks from the frame that `frame_pointer` names; yields return addresses.
pub fn walk(frame_pointer: u64, stack: Range<VirtAddr>) -> impl Iterator<Item = VirtAddr> {
    let mut frame = VirtAddr(frame_pointer as usize);
    core::iter::from_fn(move || {
        let within = frame.0 >= stack.start.0 && frame.0.checked_add(16)? <= stack.end.0;
        if !within || !frame.0.is_multiple_of(8) {
            return None;
        }
        let words = frame.0 as *const usize;
        // SAFETY: two words within the kernel's stack, aligned; the stack stays mapped, and what they hold is only looked at.
        let (next, address) = unsafe { (words.read(), words.add(1).read()) };
        if address == 0 {
            return None;
        }
        // Frames lie one above the other; anything else would loop.
        frame = if next > frame.0 { VirtAddr(next) } else { VirtAddr(0) };
        Some(VirtAddr(address))
    })
    .take(LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn walk_words(words: &[usize], start: usize) -> Vec<usize> {
        let base = words.as_ptr() as usize;
        let stack = VirtAddr(base)..VirtAddr(base + size_of_val(words));
        walk((base + start * 8) as u64, stack).map(|address| address.0).collect()
    }

    #[test]
    fn a_chain_is_followed_to_its_end() {
        let mut words = [0_usize; 10];
        let base = words.as_ptr() as usize;
        words[1] = base + 4 * 8;
        words[2] = 0x1111;
        words[4] = base + 7 * 8;
        words[5] = 0x2222;
        assert_eq!(walk_words(&words, 1), [0x1111, 0x2222]);
    }

    #[test]
    fn a_chain_that_turns_back_or_leaves_the_stack_ends() {
        let mut words = [0_usize; 4];
        let base = words.as_ptr() as usize;
        words[0] = base;
        words[1] = 0x1111;
        assert_eq!(walk_words(&words, 0), [0x1111]);
        words[0] = usize::MAX - 7;
        assert_eq!(walk_words(&words, 0), [0x1111]);
        assert_eq!(walk_words(&words, 100), []);
    }
}
