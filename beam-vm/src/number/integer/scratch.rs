// SPDX-License-Identifier: Apache-2.0
//! Working space of an operation: on the stack for the usual sizes, allocated for long numbers.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

const INLINE: usize = 40;

/// Zeroed limbs.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack; to spare the allocation is what the large variant is for"
)]
pub enum Scratch {
    Inline([u64; INLINE], usize),
    Allocated(Vec<u64>),
}

impl Scratch {
    /// Space of `len` limbs, all zero.
    pub fn zeroed(len: usize) -> Self {
        if len <= INLINE { Self::Inline([0; INLINE], len) } else { Self::Allocated(vec![0; len]) }
    }
}

impl Deref for Scratch {
    type Target = [u64];
    fn deref(&self) -> &[u64] {
        match self {
            Self::Inline(limbs, len) => &limbs[..*len],
            Self::Allocated(limbs) => limbs,
        }
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [u64] {
        match self {
            Self::Inline(limbs, len) => &mut limbs[..*len],
            Self::Allocated(limbs) => limbs,
        }
    }
}
