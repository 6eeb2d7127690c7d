// SPDX-License-Identifier: Apache-2.0
//! The bit syntax: reading values from bits and writing them, at any place and of any size
//! (reference manual, "Bit Syntax Expressions"; `erl_bits.c`).

mod append;
mod copy;
mod cursor;
mod half;
mod utf;
mod writer;

#[cfg(test)]
mod tests;

pub use append::{APPEND_WORDS, SUB_WRITABLE, append, append_private, init_writable};
pub use cursor::Cursor;
pub use writer::{Building, Unwritable, Writer, utf8_size, utf16_size};

use crate::number::integer::{Endian, Signedness};

/// How a segment is read or written, as the compiler encodes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(pub u8);

impl Flags {
    /// Least significant byte first.
    pub const LITTLE: Self = Self(2);
    /// In two's complement.
    pub const SIGNED: Self = Self(4);
    /// In the order of the processor, which is little-endian here.
    pub const NATIVE: Self = Self(16);

    /// The order of bytes.
    #[must_use]
    pub const fn endian(self) -> Endian {
        if self.0 & (Self::LITTLE.0 | Self::NATIVE.0) != 0 { Endian::Little } else { Endian::Big }
    }

    /// Whether there is a sign.
    #[must_use]
    pub const fn signedness(self) -> Signedness {
        if self.0 & Self::SIGNED.0 != 0 { Signedness::Signed } else { Signedness::Unsigned }
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
