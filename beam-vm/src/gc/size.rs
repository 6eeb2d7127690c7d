// SPDX-License-Identifier: Apache-2.0
//! The sizes of heaps: stock's table (`erlang:system_info(heap_sizes)`), and the virtual heaps of binaries.

/// How many sizes stock has on a 64-bit system.
const COUNT: usize = 137;
/// The sizes up to here are like Fibonacci's numbers; each later one is a fifth larger than the one before.
const FIBONACCI: usize = 23;

/// All sizes, in words.
const SIZES: [usize; COUNT] = {
    let mut sizes = [0; COUNT];
    sizes[0] = 12;
    sizes[1] = 38;
    let mut index = 2;
    while index < COUNT {
        sizes[index] = if index < FIBONACCI {
            sizes[index - 2] + sizes[index - 1] + 1
        } else {
            sizes[index - 1] + sizes[index - 1] / 5
        };
        index += 1;
    }
    sizes
};

/// All sizes that a heap can have, in words and in order; the process's own minimum may be another.
#[must_use]
pub const fn sizes() -> &'static [usize] {
    &SIZES
}

/// The smallest heap size that is not less than a number of words. No allocator gives more than the largest.
#[must_use]
pub fn next_size(words: usize) -> usize {
    SIZES.get(SIZES.partition_point(|size| *size < words)).copied().unwrap_or(words)
}

/// The heap size after [`next_size`].
#[must_use]
pub fn size_above(words: usize) -> usize {
    next_size(next_size(words).saturating_add(1))
}

/// How large a virtual heap of binaries may become before that alone causes a collection, when `used` words are alive in one that was
/// `limit`: it grows by the golden ratio until it is three quarters full at most, and is halved when it is less than a quarter full.
#[must_use]
pub fn next_binary_limit(used: usize, limit: usize, least: usize) -> usize {
    let mut next = limit.max(SIZES[0]);
    if used / 3 > next / 4 {
        while used / 3 > next / 4 {
            next = (next as u128 * 1618 / 1000) as usize;
        }
    } else if used < next / 4 {
        next /= 2;
    }
    next.max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_stock() {
        assert_eq!(&SIZES[..8], &[12, 38, 51, 90, 142, 233, 376, 610]);
        assert_eq!(&SIZES[20..26], &[318_187, 514_838, 833_026, 999_631, 1_199_557, 1_439_468]);
        assert_eq!(SIZES[COUNT - 1], 885_767_171_276_247);
        assert_eq!((next_size(0), next_size(12), next_size(13), next_size(233)), (12, 12, 38, 233));
        assert_eq!((size_above(12), size_above(233), size_above(234)), (38, 376, 610));
    }

    #[test]
    fn binary_limits_grow_and_shrink() {
        assert_eq!(next_binary_limit(0, 46422, 46422), 46422);
        assert_eq!(next_binary_limit(30_000, 46422, 46422), 46422);
        assert_eq!(next_binary_limit(50_000, 46422, 46422), 75_110);
        assert_eq!(next_binary_limit(550_000, 75_110, 46422), 832_883);
        assert_eq!(next_binary_limit(0, 881_975, 46422), 440_987);
        assert_eq!(next_binary_limit(1000, 0, 0), 1365);
    }
}
