// SPDX-License-Identifier: Apache-2.0
//! The symbol table: which function an address belongs to, for backtraces.
//!
//! ```text
//! header, 16 bytes    0 base u64      8 count u32      12 length of the names u32
//! function, 12 bytes  0 start u32, from the base      4 size u32      8 name u32: 16 * start of its group, from the first name + place in it
//! name                0 bytes that it shares with the one before it u8    1 length of the rest u8    2 the rest
//! ```
//!
//! The functions are sorted by start and do not overlap. Names are sorted and stored once, in groups of 16, the first of which is whole: what names of paths
//! have in common is most of them. The table is consulted after something has gone wrong, so looking up never panics, and its work is bounded by a
//! binary search and a group, whatever the bytes.

use core::fmt;

use crate::little_endian::{u32_at, u64_at};

#[cfg(feature = "std")]
mod builder;
#[cfg(feature = "std")]
pub use builder::SymbolTableBuilder;

/// The length in bytes from which a name is cut. Names of deeply nested generics run to kilobytes and help nobody.
pub const NAME_LIMIT: usize = 240;
/// How many bits of the number of a name are its place in its group.
const GROUP_BITS: u32 = 4;
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

/// The name of a function, demangled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; NAME_LIMIT],
    length: usize,
}

impl Name {
    const EMPTY: Self = Self { bytes: [0; NAME_LIMIT], length: 0 };

    /// Puts bytes behind the first `shared` ones.
    fn continue_with(&mut self, shared: usize, rest: &[u8]) -> Option<()> {
        if shared > self.length {
            return None;
        }
        self.bytes.get_mut(shared..shared + rest.len())?.copy_from_slice(rest);
        self.length = shared + rest.len();
        Some(())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The function that an address belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The function's name.
    pub name: Name,
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
    pub fn lookup(&self, address: u64) -> Option<Symbol> {
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

    fn name(&self, number: u32) -> Option<Name> {
        let (start, place) = (number >> GROUP_BITS, number % (1 << GROUP_BITS));
        let mut left = self.names.get(start as usize..)?;
        let mut name = Name::EMPTY;
        for _ in 0..=place {
            let ([shared, length], rest) = left.split_first_chunk()?;
            let (rest, others) = rest.split_at_checked(usize::from(*length))?;
            name.continue_with(usize::from(*shared), rest)?;
            left = others;
        }
        // Characters may be cut in two between names, but none is in one.
        core::str::from_utf8(&name.bytes[..name.length]).ok()?;
        Some(name)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests;
