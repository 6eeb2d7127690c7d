// SPDX-License-Identifier: Apache-2.0
//! The sum of the plain bytes that a format has at its end.

use crate::hash::{adler32, crc32};

/// A running checksum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sum {
    /// None: bare DEFLATE.
    None,
    /// That of zlib.
    Adler(u32),
    /// That of gzip.
    Crc(u32),
}

impl Sum {
    /// Adds bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Adler(sum) => *sum = adler32(*sum, bytes),
            Self::Crc(sum) => *sum = crc32(*sum, bytes),
        }
    }

    /// The sum of no bytes, of the same kind.
    #[must_use]
    pub fn empty(self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Adler(_) => Self::Adler(1),
            Self::Crc(_) => Self::Crc(0),
        }
    }

    /// The number; 0 if there is none.
    #[must_use]
    pub fn value(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Adler(sum) | Self::Crc(sum) => sum,
        }
    }
}
