// SPDX-License-Identifier: Apache-2.0
//! The sizes of small blocks: four steps to a doubling, so that at most a fifth of a block is wasted above 64 bytes.

/// Bytes of a block of each class.
pub const SIZES: [usize; 24] = [
    16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280,
    1536, 1792, 2048,
];

/// The alignment that every class guarantees; stricter requests are not small.
pub const ALIGNMENT: usize = 16;

/// The largest small block.
pub const LARGEST: usize = SIZES[SIZES.len() - 1];

/// Granule → class, so that finding the class takes one load.
const CLASS_OF_GRANULE: [u8; LARGEST / ALIGNMENT + 1] = {
    let mut table = [0; LARGEST / ALIGNMENT + 1];
    let mut granule = 0;
    let mut class = 0;
    while granule < table.len() {
        if granule * ALIGNMENT > SIZES[class] {
            class += 1;
        }
        table[granule] = class as u8;
        granule += 1;
    }
    table
};

/// The class whose blocks hold `size` bytes with `align`, or `None` where the request is not small.
#[must_use]
pub fn class_for(size: usize, align: usize) -> Option<usize> {
    if align > ALIGNMENT {
        return None;
    }
    CLASS_OF_GRANULE.get(size.div_ceil(ALIGNMENT)).map(|class| usize::from(*class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_gets_the_smallest_class_that_holds_it() {
        for size in 0..=LARGEST {
            let class = class_for(size, 1).expect("small");
            assert!(SIZES[class] >= size);
            assert!(class == 0 || SIZES[class - 1] < size);
        }
    }

    #[test]
    fn large_and_strictly_aligned_requests_are_not_small() {
        assert_eq!(class_for(LARGEST + 1, 1), None);
        assert_eq!(class_for(16, 32), None);
        assert_eq!(class_for(16, 16), Some(0));
    }
}
