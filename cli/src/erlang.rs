// SPDX-License-Identifier: Apache-2.0
//! Erlang's terms as files have them: as text in `.app` and `.rel` files, in the external format in boot files.
//!
//! The virtual machine has readers of both, for terms on a heap of its own. What the tool wants to know of these files is a few names and
//! lists, for which a small tree of owned values is enough.

pub mod external;
mod text;

pub use external::decode;
pub use text::parse;

use std::fmt;

/// A term.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// An atom.
    Atom(String),
    /// An integer of 64 bits.
    Integer(i64),
    /// A string, which is a list of characters.
    Text(String),
    /// A binary.
    Binary(Vec<u8>),
    /// A list; a tail that is no list is its last element.
    List(Vec<Self>),
    /// A tuple.
    Tuple(Vec<Self>),
    /// Anything else, which nobody looks at: floats, maps, large integers.
    Other,
}

/// Terms are no deeper than this.
const DEEPEST: u32 = 100;

/// Why something is no term, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermError {
    /// What is wrong.
    pub what: &'static str,
    /// The byte at which it is.
    pub position: usize,
}

impl fmt::Display for TermError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.position)
    }
}

impl std::error::Error for TermError {}

impl Term {
    /// The text of an atom.
    pub fn atom(&self) -> Option<&str> {
        match self {
            Self::Atom(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(elements) if elements.is_empty() => Some(""),
            _ => None,
        }
    }

    /// The elements of a list; an empty string has none.
    pub fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            Self::Text(text) if text.is_empty() => Some(&[]),
            _ => None,
        }
    }

    /// The elements of a tuple.
    pub fn tuple(&self) -> Option<&[Self]> {
        match self {
            Self::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The elements of a tuple behind its first one, if that is this atom.
    pub fn tagged(&self, tag: &str) -> Option<&[Self]> {
        let (first, rest) = self.tuple()?.split_first()?;
        (first.atom() == Some(tag)).then_some(rest)
    }

    /// The value of a name in a list of pairs.
    pub fn property(&self, name: &str) -> Option<&Self> {
        self.list()?.iter().find_map(|pair| match pair.tagged(name) {
            Some([value]) => Some(value),
            _ => None,
        })
    }

    /// The atoms of a list.
    pub fn atoms(&self) -> Vec<&str> {
        self.list().unwrap_or_default().iter().filter_map(Self::atom).collect()
    }
}
