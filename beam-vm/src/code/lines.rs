// SPDX-License-Identifier: Apache-2.0
//! From an instruction to its function and line.

use alloc::string::String;
use alloc::vec::Vec;

use crate::atom::Atom;

/// Where an instruction comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Location {
    /// The module.
    pub module: Atom,
    /// The function.
    pub function: Atom,
    /// Its arity.
    pub arity: u32,
    /// File and line, if the module says it.
    pub line: Option<(String, u32)>,
}

/// The lines of a module.
#[derive(Clone, Debug, Default)]
pub struct LineTable {
    /// Where in the code a line begins, in words, in ascending order; place and line, or none from there on.
    pub(crate) starts: Vec<(u32, Option<Place>)>,
    /// The names of the source files; the first is the module's own.
    pub(crate) files: Vec<String>,
}

/// A line of a source file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) file: u32,
    pub(crate) line: u32,
}

impl LineTable {
    /// File and line of the instruction at a word, looking no further back than the word where its function begins.
    pub(crate) fn find(&self, word: u32, function: u32) -> Option<(String, u32)> {
        let after = self.starts.partition_point(|(start, _)| *start <= word);
        let (start, place) = self.starts[..after].last()?;
        let place = (*place)?;
        if *start < function {
            return None;
        }
        Some((self.files.get(place.file as usize)?.clone(), place.line))
    }
}
