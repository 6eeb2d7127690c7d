// SPDX-License-Identifier: Apache-2.0
//! Where the texts of the atoms are, and what is kept about each.
//!
//! Both grow by blocks that never move: a table with a million atoms takes the next one as fast as an empty one does.

use alloc::string::String;
use alloc::vec::Vec;

use super::Atom;

/// Bytes of a block of texts, as a power of two; an entry says in 32 bits where its text starts.
const TEXT_BITS: u32 = 16;

/// Bytes of a block of texts.
const TEXT_BLOCK: usize = 1 << TEXT_BITS;

/// Entries of a block of entries, as a power of two.
const ENTRY_BITS: u32 = 10;

/// Entries of a block of entries.
const ENTRY_BLOCK: usize = 1 << ENTRY_BITS;

/// What is kept about an atom.
pub(super) struct Entry {
    /// Where its text starts: the block, and the byte in it.
    start: u32,
    /// The bytes of the text.
    length: u16,
    /// The characters of the text.
    pub(super) characters: u8,
    /// Whether they all are in Latin-1.
    pub(super) is_latin1: bool,
    /// The first four bytes, zeros behind the end: they settle most comparisons.
    pub(super) order: u32,
    /// The hash that Erlang sees.
    pub(super) visible_hash: u32,
    /// The hash by which the table finds the text.
    pub(super) internal_hash: u32,
}

/// The atoms in the order of their indices.
#[derive(Default)]
pub(super) struct Store {
    texts: Vec<String>,
    text_bytes: usize,
    entries: Vec<Vec<Entry>>,
    count: u32,
}

impl Store {
    /// How many atoms there are.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// The bytes of the texts and entries that there are.
    pub(super) fn used(&self) -> usize {
        self.text_bytes + self.count as usize * size_of::<Entry>()
    }

    /// The bytes of memory that are held for them.
    pub(super) fn memory(&self) -> usize {
        self.texts.len() * TEXT_BLOCK
            + self.texts.capacity() * size_of::<String>()
            + self.entries.len() * ENTRY_BLOCK * size_of::<Entry>()
            + self.entries.capacity() * size_of::<Vec<Entry>>()
    }

    /// The entry of an atom.
    #[inline]
    pub(super) fn entry(&self, atom: Atom) -> &Entry {
        &self.entries[(atom.index() >> ENTRY_BITS) as usize][atom.index() as usize % ENTRY_BLOCK]
    }

    /// The bytes of the text of an entry.
    #[inline]
    pub(super) fn bytes(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize % TEXT_BLOCK;
        &self.texts[(entry.start >> TEXT_BITS) as usize].as_bytes()[start..start + usize::from(entry.length)]
    }

    /// The text of an entry.
    #[inline]
    pub(super) fn text(&self, entry: &Entry) -> &str {
        let start = entry.start as usize % TEXT_BLOCK;
        &self.texts[(entry.start >> TEXT_BITS) as usize][start..start + usize::from(entry.length)]
    }

    /// Adds a checked text; `None` when there is no number left for its atom or place.
    pub(super) fn push(&mut self, text: &str, visible_hash: u32, internal_hash: u32) -> Option<Atom> {
        let count = self.count.checked_add(1)?;
        if self.texts.last().is_none_or(|block| block.capacity() - block.len() < text.len()) {
            self.texts.push(String::with_capacity(TEXT_BLOCK));
        }
        let number = u16::try_from(self.texts.len() - 1).ok()?;
        let block = self.texts.last_mut()?;
        let entry = Entry {
            start: u32::from(number) << TEXT_BITS | block.len() as u32,
            length: u16::try_from(text.len()).ok()?,
            characters: u8::try_from(text.chars().count()).ok()?,
            is_latin1: super::text::is_latin1(text),
            order: order(text),
            visible_hash,
            internal_hash,
        };
        block.push_str(text);
        self.text_bytes += text.len();
        if self.entries.last().is_none_or(|block| block.len() == ENTRY_BLOCK) {
            self.entries.push(Vec::with_capacity(ENTRY_BLOCK));
        }
        self.entries.last_mut()?.push(entry);
        let atom = Atom::from_index(self.count);
        self.count = count;
        Some(atom)
    }
}

/// The first four bytes of a text as a number that orders as they do.
fn order(text: &str) -> u32 {
    let mut bytes = [0; 4];
    bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    u32::from_be_bytes(bytes)
}
