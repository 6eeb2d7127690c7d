// SPDX-License-Identifier: Apache-2.0
//! Blocks at fixed virtual addresses for the VM, its machine code among them: it chooses the addresses, this gives and takes the pages.
//!
//! The same addresses exist on the hosted platform, so that the state of a VM that was frozen there thaws here without relocation.
//! Pages are given zeroed, and given back at once when they are decommitted.

use core::fmt;

use drivers::memory::{PAGE_SIZE, VirtAddr};

use super::Contents;
use super::layout::{AREA_BASE, AREA_LIMIT, CODE_BASE, CODE_LIMIT};
pub use super::pte::Protection;

/// Why a block could not be changed. Nothing was changed then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AreaError {
    /// The range is not aligned to pages or leaves the areas' range.
    Range {
        /// Where it begins.
        start: VirtAddr,
        /// Its length in bytes.
        length: usize,
    },
    /// There are not enough free frames.
    OutOfMemory {
        /// Frames that the call needs, its page tables included.
        needed: usize,
        /// Frames that are free.
        available: usize,
    },
}

impl fmt::Display for AreaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { start, length } => {
                write!(f, "{length} bytes at {start} are not whole pages within the areas")
            }
            Self::OutOfMemory { needed, available } => {
                write!(f, "out of memory: {needed} frames are needed, {available} are free")
            }
        }
    }
}

impl core::error::Error for AreaError {}

/// Puts zeroed, writable pages behind `length` bytes from `start`. Pages that are committed already are replaced.
///
/// # Errors
/// [`AreaError`].
pub fn commit(start: VirtAddr, length: usize) -> Result<(), AreaError> {
    super::commit(start, checked_pages(start, length)?, Contents::Zero)
}

/// Takes the pages of a range back; what was in them is gone.
///
/// # Errors
/// [`AreaError::Range`].
pub fn decommit(start: VirtAddr, length: usize) -> Result<(), AreaError> {
    super::decommit(start, checked_pages(start, length)?);
    Ok(())
}

/// Changes what the committed pages of a range may be used for.
///
/// # Errors
/// [`AreaError::Range`].
pub fn protect(start: VirtAddr, length: usize, protection: Protection) -> Result<(), AreaError> {
    super::protect(start, checked_pages(start, length)?, protection);
    Ok(())
}

/// The pages of a range, if it is one of the areas.
fn checked_pages(start: VirtAddr, length: usize) -> Result<usize, AreaError> {
    let within = |base, limit| start.0 >= base && start.0 <= limit && length <= limit - start.0;
    let is_area = within(AREA_BASE, AREA_LIMIT) || within(CODE_BASE, CODE_LIMIT);
    if !is_area || !start.0.is_multiple_of(PAGE_SIZE) || !length.is_multiple_of(PAGE_SIZE) {
        return Err(AreaError::Range { start, length });
    }
    Ok(length / PAGE_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pages_within_the_areas_are_accepted() {
        assert_eq!(checked_pages(VirtAddr(AREA_BASE), 8192), Ok(2));
        assert_eq!(checked_pages(VirtAddr(AREA_LIMIT - PAGE_SIZE), PAGE_SIZE), Ok(1));
        assert_eq!(checked_pages(VirtAddr(CODE_LIMIT - PAGE_SIZE), PAGE_SIZE), Ok(1));
        for (start, length) in [
            (AREA_BASE - PAGE_SIZE, PAGE_SIZE),
            (AREA_BASE + 8, PAGE_SIZE),
            (AREA_BASE, 100),
            (AREA_LIMIT, PAGE_SIZE),
            (CODE_LIMIT - PAGE_SIZE, 2 * PAGE_SIZE),
            (AREA_BASE, usize::MAX - PAGE_SIZE + 1),
        ] {
            let start = VirtAddr(start);
            assert_eq!(checked_pages(start, length), Err(AreaError::Range { start, length }));
        }
    }
}
