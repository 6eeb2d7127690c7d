// SPDX-License-Identifier: Apache-2.0
//! Headers: the first word of a boxed object. Subtags as in OTP 25's `erl_term.h`; the arity is always the number of words that follow,
//! which stock keeps only for some kinds. Above the arity are 26 bits for the kind's own use.
//!
//! ```text
//! 63        38 37      6 5    2 1 0
//! |  extra    |  arity  | kind |0 0|
//! ```

use super::immediate::{PRIMARY, TAG_HEADER};
use super::layout;

/// What a boxed object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A tuple.
    Tuple = 0x0,
    /// The state of a binary match; only registers and stacks hold it.
    MatchState = 0x1,
    /// A positive bignum.
    BigPositive = 0x2,
    /// A negative bignum.
    BigNegative = 0x3,
    /// A reference of this node.
    Reference = 0x4,
    /// A local fun with its environment.
    Fun = 0x5,
    /// A float.
    Float = 0x6,
    /// An external fun.
    Export = 0x7,
    /// A binary whose bytes are outside of the heap.
    RefcBinary = 0x8,
    /// A binary whose bytes follow.
    HeapBinary = 0x9,
    /// Part of another binary.
    SubBinary = 0xA,
    /// An inner node of a large map.
    MapNode = 0xB,
    /// A process of another node.
    ExternalPid = 0xC,
    /// A port of another node.
    ExternalPort = 0xD,
    /// A reference of another node.
    ExternalReference = 0xE,
    /// A small map, or the root of a large one.
    Map = 0xF,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::Tuple,
        Self::MatchState,
        Self::BigPositive,
        Self::BigNegative,
        Self::Reference,
        Self::Fun,
        Self::Float,
        Self::Export,
        Self::RefcBinary,
        Self::HeapBinary,
        Self::SubBinary,
        Self::MapNode,
        Self::ExternalPid,
        Self::ExternalPort,
        Self::ExternalReference,
        Self::Map,
    ];

    /// Which words of an object are terms, counted from its header at 0. The others are data that a collector leaves as they are.
    #[must_use]
    #[inline]
    pub const fn terms(self, arity: usize) -> core::ops::Range<usize> {
        match self {
            Self::Tuple | Self::MapNode | Self::Map => 1..arity + 1,
            Self::Fun => layout::FUN_CREATOR..arity + 1,
            Self::SubBinary => layout::SUB_ORIGIN..layout::SUB_ORIGIN + 1,
            Self::MatchState => layout::MATCH_ORIGIN..layout::MATCH_ORIGIN + 1,
            _ => 0..0,
        }
    }
}

/// The first word of a boxed object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Header(u64);

impl Header {
    /// The largest arity.
    pub const MAX_ARITY: usize = u32::MAX as usize;
    /// How many bits are below the arity.
    pub const ARITY_SHIFT: u8 = 6;

    /// The header of an object with `arity` words after it.
    #[must_use]
    #[inline]
    pub const fn new(kind: Kind, arity: usize) -> Self {
        debug_assert!(arity <= Self::MAX_ARITY);
        Self((arity as u64) << Self::ARITY_SHIFT | (kind as u64) << 2)
    }

    /// The same with bits of the kind's own; only the low 26 count.
    #[must_use]
    #[inline]
    pub const fn with_extra(self, extra: u32) -> Self {
        Self(self.0 & ((1 << 38) - 1) | (extra as u64) << 38)
    }

    /// The header that a word is, if its tag says so.
    #[must_use]
    #[inline]
    pub const fn from_raw(raw: u64) -> Option<Self> {
        if raw & PRIMARY == TAG_HEADER { Some(Self(raw)) } else { None }
    }

    /// The word.
    #[must_use]
    #[inline]
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// What follows.
    #[must_use]
    #[inline]
    pub const fn kind(self) -> Kind {
        Kind::ALL[(self.0 >> 2 & 0xF) as usize]
    }

    /// How many words follow.
    #[must_use]
    #[inline]
    pub const fn arity(self) -> usize {
        (self.0 >> Self::ARITY_SHIFT) as u32 as usize
    }

    /// The kind's own bits.
    #[must_use]
    #[inline]
    pub const fn extra(self) -> u32 {
        (self.0 >> 38) as u32
    }
}
