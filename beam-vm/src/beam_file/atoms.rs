// SPDX-License-Identifier: Apache-2.0
//! The atom table: chunk `AtU8`, or `Atom` of compilers before OTP 20.
//!
//! Up to OTP 27 an atom's length is one byte. From 28 on the number of atoms is negative and the lengths are compact terms,
//! because 255 characters may be 1020 bytes.

use super::compact::{Compact, Tag};
use super::fault::Fault;
use super::index::AtomIndex;
use super::reader::Reader;
use super::text_table::TextTable;

/// The most characters that an atom can have.
const MOST_CHARACTERS: usize = 255;

/// The atoms of a file. The first is the module's name.
#[derive(Clone, Debug)]
pub struct Atoms(TextTable);

impl Atoms {
    pub(super) fn read_utf8(chunk: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(chunk);
        let count = reader.u32()? as i32;
        let has_long_lengths = count < 0;
        let count = Self::check_count(&reader, count.unsigned_abs())?;
        let mut table = TextTable::with_capacity(count, chunk.len());
        for _ in 0..count {
            let length = if has_long_lengths {
                let length = Compact::read(&mut reader)?.unsigned(Tag::Unsigned)?;
                length.and_then(|length| usize::try_from(length).ok()).ok_or(Fault::Number)?
            } else {
                usize::from(reader.u8()?)
            };
            let text = str::from_utf8(reader.take(length)?).map_err(|_| Fault::Encoding)?;
            let characters = text.chars().count();
            if characters > MOST_CHARACTERS {
                return Err(Fault::LongAtom(characters));
            }
            table.push_str(text);
        }
        Ok(Self(table))
    }

    pub(super) fn read_latin1(chunk: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(chunk);
        let count = reader.u32()?;
        let count = Self::check_count(&reader, count)?;
        let mut table = TextTable::with_capacity(count, chunk.len());
        for _ in 0..count {
            let length = reader.u8()?;
            table.push(reader.take(usize::from(length))?.iter().copied().map(char::from));
        }
        Ok(Self(table))
    }

    fn check_count(reader: &Reader<'_>, count: u32) -> Result<usize, Fault> {
        if count == 0 {
            return Err(Fault::Empty);
        }
        reader.check_count(count, 1)
    }

    /// The module's name.
    pub fn module(&self) -> &str {
        self.0.get(0).unwrap_or_default()
    }

    /// An atom's text; nothing if the index is another file's.
    pub fn get(&self, index: AtomIndex) -> Option<&str> {
        self.0.get(index.get() - 1)
    }

    /// How many there are, 1 or more.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// All texts in the order of the indices.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter()
    }

    /// The index with this number; 0 is none.
    pub(super) fn check(&self, number: u64) -> Result<AtomIndex, Fault> {
        let index = u32::try_from(number).ok().filter(|number| *number as usize <= self.count());
        index.and_then(AtomIndex::new).ok_or(Fault::Atom(number))
    }
}
