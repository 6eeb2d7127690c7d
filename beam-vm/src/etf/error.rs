// SPDX-License-Identifier: Apache-2.0
//! Why bytes are no term.

use core::fmt;

use crate::atom::AtomError;

/// Why bytes are no term. Programs see `badarg` for all of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// The bytes end within a term.
    Truncated,
    /// There are bytes after the term.
    Trailing,
    /// The first byte is not 131.
    Version(u8),
    /// A tag that means nothing, or nothing that is allowed here.
    Tag(u8),
    /// An atom cannot be.
    Atom(AtomError),
    /// An atom is not there, and none may be made.
    UnknownAtom,
    /// A part of a term is not what it has to be.
    Malformed,
    /// A map has a key twice.
    DuplicateKey,
    /// The compressed bytes are damaged.
    Compressed,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "the bytes end within a term"),
            Self::Trailing => write!(f, "there are bytes after the term"),
            Self::Version(byte) => write!(f, "the first byte is {byte} instead of 131"),
            Self::Tag(byte) => write!(f, "tag {byte} means nothing here"),
            Self::Atom(error) => write!(f, "{error}"),
            Self::UnknownAtom => write!(f, "an atom is not there and may not be made"),
            Self::Malformed => write!(f, "a part of the term is malformed"),
            Self::DuplicateKey => write!(f, "a map has a key twice"),
            Self::Compressed => write!(f, "the compressed bytes are damaged"),
        }
    }
}

impl core::error::Error for DecodeError {}
