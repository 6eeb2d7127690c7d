// SPDX-License-Identifier: Apache-2.0
//! Atoms: a table that gives each text one number, and what Erlang can see of it.
//!
//! An [`Atom`] is an index into the [`AtomTable`]. Equal texts have equal indices, so atoms compare by number; order, hash and printed form
//! come from the text and are those of stock OTP 25. Atoms are never taken out again.
//!
//! The table holds texts, numbers and indices, and a hash function without a seed: a frozen system thaws with the table as it was.
#![forbid(unsafe_code)]

mod hash;
pub mod predefined;
mod print;
mod store;
mod table;
mod text;

#[cfg(test)]
mod tests;

pub use print::{Charset, Printed};
pub use table::{AtomLimit, AtomMemory, AtomTable};
pub use text::AtomError;

/// Most characters of an atom's text.
pub const MAX_CHARACTERS: usize = 255;

/// Most bytes of an atom's text, in UTF-8.
pub const MAX_BYTES: usize = MAX_CHARACTERS * char::MAX_LEN_UTF8;

/// One atom: its index in the table.
///
/// The derived order is that of the indices, which Erlang does not see; [`AtomTable::compare`] gives Erlang's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Atom(u32);

impl Atom {
    /// The atom of this index, as a term holds it. [`AtomTable`] gives out the indices.
    #[must_use]
    pub const fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// The index.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}
