// SPDX-License-Identifier: Apache-2.0
//! From an instruction to its function and line.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::atom::Atom;
use crate::numbers::{Numbers, put};

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

/// The lines of a module, in few bytes: they are asked for when something is wrong, and most never are.
///
/// What is there: the number of source files and their names, the first the module's own, each a length and bytes; then, in the order of the code, for
/// each place where a line begins the words since the one before, and the number of its file plus one and its line, or 0 where there is no line from there on.
#[derive(Clone, Debug)]
pub struct LineTable(pub(crate) Box<[u8]>);

/// A line of a source file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) file: u32,
    pub(crate) line: u32,
}

impl LineTable {
    /// No lines.
    pub(crate) fn none() -> Self {
        Self(Box::default())
    }

    /// The lines that begin at these words, in their order.
    pub(crate) fn new(files: &[String], starts: impl Iterator<Item = (u32, Option<Place>)>) -> Self {
        let mut out = Vec::new();
        put(&mut out, files.len() as u64);
        for file in files {
            put(&mut out, file.len() as u64);
            out.extend_from_slice(file.as_bytes());
        }
        let mut before = 0;
        for (start, place) in starts {
            put(&mut out, u64::from(start - before));
            before = start;
            put(&mut out, place.map_or(0, |place| u64::from(place.file) + 1));
            if let Some(place) = place {
                put(&mut out, u64::from(place.line));
            }
        }
        Self(out.into())
    }

    /// What a library keeps.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// File and line of the instruction at a word, looking no further back than the word where its function begins.
    pub(crate) fn find(&self, word: u32, function: u32) -> Option<(String, u32)> {
        let mut numbers = Numbers::new(self.bytes());
        let count = numbers.size()?;
        let files = numbers;
        for _ in 0..count {
            numbers.bytes()?;
        }
        let (mut start, mut found) = (0, None);
        while let Some(words) = numbers.short() {
            start += words;
            if start > word {
                break;
            }
            let file = numbers.short()?;
            let place = if file == 0 { None } else { Some(Place { file: file - 1, line: numbers.short()? }) };
            found = Some((start, place));
        }
        let (start, place) = found?;
        let place = place.filter(|_| start >= function)?;
        let mut files = files;
        for _ in 0..place.file {
            files.bytes()?;
        }
        let name = core::str::from_utf8(files.bytes()?).ok()?;
        Some((String::from(name), place.line))
    }
}
