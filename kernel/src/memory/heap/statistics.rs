// SPDX-License-Identifier: Apache-2.0
//! What the heap says of itself.

use core::fmt;

use super::size_class::SIZES;

/// One size class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClassStatistics {
    /// Bytes of a block.
    pub block_size: usize,
    /// Blocks that are in use.
    pub used: usize,
    /// Blocks that wait on the free list.
    pub free: usize,
}

/// The whole heap, in bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeapStatistics {
    /// Memory that the heap has taken from the frame allocator.
    pub reserved: usize,
    /// Memory in blocks that are in use, with their rounding.
    pub used: usize,
    /// Blocks handed out since the start.
    pub allocations: u64,
    /// Each size class.
    pub classes: [ClassStatistics; SIZES.len()],
}

impl fmt::Display for HeapStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "heap {} KiB used of {} KiB, {} allocations",
            self.used / 1024,
            self.reserved / 1024,
            self.allocations
        )
    }
}
