// SPDX-License-Identifier: Apache-2.0
//! The symbol table: which function an address belongs to, for backtraces.
//!
//! ```text
//! header, 16 bytes    0 base u64      8 count u32      12 length of the names u32
//! function, 12 bytes  0 start u32, from the base      4 size u32      8 name u32, from the first name
//! name                0 length u16    2 UTF-8
//! ```
//!
//! The functions are sorted by start and do not overlap; equal names are stored once. The table is consulted after
//! something has gone wrong, so looking up never panics and its work is bounded by a binary search, whatever the bytes.

use core::fmt;

use crate::little_endian::{u32_at, u64_at};

#[cfg(feature = "std")]
mod builder;
#[cfg(feature = "std")]
pub use builder::{NAME_LIMIT, SymbolTableBuilder};

const HEADER_LENGTH: usize = 16;
const FUNCTION_LENGTH: usize = 12;

/// Why bytes are not a symbol table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolError {
    /// The length is not that which the header's counts give.
    Length {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The functions lie further apart than the table can say.
    TooFarApart {
        /// The lowest start.
        base: u64,
        /// The start that is out of reach.
        start: u64,
    },
    /// There are more functions, or longer names, than the table can hold.
    TooMany,
}

impl fmt::Display for SymbolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { needed, found } => {
                write!(f, "symbol table needs {needed} bytes by its header, {found} found")
            }
            Self::TooFarApart { base, start } => {
                write!(f, "function at {start:#x} is 4 GiB or more above the first at {base:#x}")
            }
            Self::TooMany => f.write_str("symbol table would need 4 GiB or more"),
        }
    }
}

impl core::error::Error for SymbolError {}

/// The function that an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// The function's name, demangled.
    pub name: &'a str,
    /// How far the address is from the function's start.
    pub offset: u64,
    /// The function's size in bytes.
    pub size: u64,
}

/// A symbol table, read in place.
#[derive(Clone, Copy, Debug)]
pub struct SymbolTable<'a> {
    base: u64,
    functions: &'a [[u8; FUNCTION_LENGTH]],
    names: &'a [u8],
}

impl<'a> SymbolTable<'a> {
    /// Reads the bytes of a `SYMBOLS` section. The work does not grow with the table.
    ///
    /// # Errors
    /// When the length is not that which the header gives.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SymbolError> {
        let found = bytes.len() as u64;
        let short = SymbolError::Length { needed: HEADER_LENGTH as u64, found };
        let base = u64_at(bytes, 0).ok_or(short)?;
        let count = u32_at(bytes, 8).ok_or(short)?;
        let names_length = u32_at(bytes, 12).ok_or(short)?;
        let functions_length = u64::from(count) * FUNCTION_LENGTH as u64;
        let needed = HEADER_LENGTH as u64 + functions_length + u64::from(names_length);
        let wrong = SymbolError::Length { needed, found };
        if needed != found {
            return Err(wrong);
        }
        let body = bytes.get(HEADER_LENGTH..).ok_or(wrong)?;
        let (functions, names) = body.split_at_checked(functions_length as usize).ok_or(wrong)?;
        let (functions, _) = functions.as_chunks();
        Ok(Self { base, functions, names })
    }

    /// How many functions the table names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether the table names no function.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// The function that `address` lies in, if the table has one.
    #[must_use]
    pub fn lookup(&self, address: u64) -> Option<Symbol<'a>> {
        let relative = u32::try_from(address.checked_sub(self.base)?).ok()?;
        let start_of = |function: &[u8; FUNCTION_LENGTH]| u32_at(function, 0).unwrap_or(u32::MAX);
        let after = self.functions.partition_point(|function| start_of(function) <= relative);
        let function = self.functions.get(after.checked_sub(1)?)?;
        // A hostile table need not be sorted, and then the search may end at a function above the address.
        let offset = relative.checked_sub(start_of(function))?;
        let size = u32_at(function, 4)?;
        let name = self.name(u32_at(function, 8)?)?;
        (offset < size).then_some(Symbol { name, offset: u64::from(offset), size: u64::from(size) })
    }

    fn name(&self, offset: u32) -> Option<&'a str> {
        let (length, rest) = self.names.get(offset as usize..)?.split_first_chunk()?;
        core::str::from_utf8(rest.get(..usize::from(u16::from_le_bytes(*length)))?).ok()
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
