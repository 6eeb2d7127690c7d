// SPDX-License-Identifier: Apache-2.0
//! Memory at addresses that the VM would choose, as words with a value that depends on their address.
#![expect(unsafe_code, reason = "writes to memory by address")]

/// Words that are looked at: each one at the beginning of memory, then one per page.
const DENSE: usize = 4096;
const STRIDE: usize = 512;

fn places(words: usize) -> impl Iterator<Item = usize> {
    (0..words.min(DENSE)).chain((DENSE..words).step_by(STRIDE))
}

fn mark(address: usize) -> u64 {
    (address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Writes marks to `words` words from `base` on and reads them back.
///
/// # Panics
/// When one is not as it was written, or was not zero before and no mark either.
pub fn check(base: usize, words: usize) {
    for place in places(words) {
        let word = (base + place * size_of::<u64>()) as *mut u64;
        // SAFETY: the caller has committed the words, and nothing else uses them.
        unsafe {
            let before = word.read_volatile();
            assert!(before == 0 || before == mark(word.addr()), "{word:p} held {before:#x} from the start");
            word.write_volatile(mark(word.addr()));
        }
    }
    read(base, words);
}

/// Reads marks that were written.
///
/// # Panics
/// When one is not as it was written.
pub fn read(base: usize, words: usize) {
    for place in places(words) {
        let word = (base + place * size_of::<u64>()) as *const u64;
        // SAFETY: the caller has committed the words.
        assert_eq!(unsafe { word.read_volatile() }, mark(word.addr()), "{word:p} has changed");
    }
}
