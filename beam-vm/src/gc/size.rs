// SPDX-License-Identifier: Apache-2.0
//! The sizes of heaps: stock's table (`erts_init_gc` of `erl_gc.c`): like Fibonacci's numbers up to a million words, a fifth more each
//! time after that.

/// The first two sizes.
const FIRST: usize = 12;
const SECOND: usize = 38;
/// From here on a size is a fifth larger than the one before.
const LINEAR: usize = 1_000_000;

/// The smallest heap size that is not less than a number of words.
#[must_use]
pub fn next_size(words: usize) -> usize {
    let (mut before, mut size) = (FIRST, SECOND);
    if words <= before {
        return before;
    }
    while size < words {
        let next = if size < LINEAR { before + size + 1 } else { size + size / 5 };
        before = size;
        size = next;
    }
    size
}

/// How large a heap is to be that is `current` and has to hold `wanted` words.
pub fn choose(current: usize, wanted: usize, least: usize) -> usize {
    if wanted > current - current / 4 {
        return next_size(wanted + wanted / 3).max(least.min(next_size(least)));
    }
    if wanted < current / 4 && current > next_size(least) {
        return next_size((2 * wanted).max(least));
    }
    current.max(least)
}
