// SPDX-License-Identifier: Apache-2.0
//! The atom table: from a text to its atom and back.

use alloc::vec::Vec;
use core::cmp::Ordering;

use hashbrown::HashTable;

use super::store::{Entry, Store};
use super::text::{AtomError, check, from_latin1, from_utf8};
use super::{Atom, Charset, Printed, hash, predefined};
use crate::last_words::{self, Exhausted};

/// How many atoms a table may have: `erl +t`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct AtomLimit(u32);

impl AtomLimit {
    /// The lowest limit that OTP accepts.
    pub const MIN: Self = Self(8192);
    /// The highest limit that OTP accepts.
    pub const MAX: Self = Self(i32::MAX as u32);
    /// OTP's limit if nothing else is said.
    pub const DEFAULT: Self = Self(1_048_576);

    /// A limit between [`MIN`](Self::MIN) and [`MAX`](Self::MAX).
    #[must_use]
    pub fn new(atoms: u32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&atoms).then_some(Self(atoms))
    }

    /// The number of atoms.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for AtomLimit {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The bytes of an atom table, for `erlang:memory/1`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AtomMemory {
    /// What is held: `atom`.
    pub total: usize,
    /// What atoms fill of it: `atom_used`.
    pub used: usize,
}

/// How many parts the index by text has.
///
/// A part that is full moves to one of twice the size. With one part that would take tens of milliseconds at half a million atoms; with
/// these the parts grow at different moments and each takes little.
const PARTS: usize = 64;

/// The atoms that one part has room for at first.
const FIRST_CAPACITY: usize = 28;

/// All atoms of a system, those of [`predefined`] first.
pub struct AtomTable {
    store: Store,
    /// The atoms by the internal hash of their texts.
    parts: Vec<HashTable<Atom>>,
    limit: AtomLimit,
}

impl AtomTable {
    /// Lets there be another number of atoms. What is there stays.
    pub fn set_limit(&mut self, limit: AtomLimit) {
        self.limit = limit;
    }

    /// A table with the predefined atoms.
    #[must_use]
    pub fn new(limit: AtomLimit) -> Self {
        let parts = (0..PARTS).map(|_| HashTable::with_capacity(FIRST_CAPACITY)).collect();
        let mut table = Self { store: Store::default(), parts, limit };
        for text in predefined::TEXTS {
            let known = table.insert(text);
            debug_assert!(known.is_ok(), "the lowest limit has room for the predefined atoms");
        }
        table
    }

    /// The atom of a text, new or known.
    ///
    /// # Errors
    /// [`AtomError::TooLong`] and [`AtomError::TableFull`].
    pub fn insert(&mut self, text: &str) -> Result<Atom, AtomError> {
        let text = check(text)?;
        let internal = hash::internal(text);
        if let Some(atom) = self.find_hashed(text, internal) {
            return Ok(atom);
        }
        let full = AtomError::TableFull { limit: self.limit.get() };
        if self.count() >= self.limit.get() {
            last_words::say(Exhausted::Atoms(self.limit.get()));
            return Err(full);
        }
        let atom = self.store.push(text, hash::visible(text), internal).ok_or(full)?;
        let Self { store, parts, .. } = self;
        parts[part(internal)]
            .insert_unique(spread(internal), atom, |atom| spread(store.entry(*atom).internal_hash));
        Ok(atom)
    }

    /// The atom of a text in UTF-8, new or known.
    ///
    /// # Errors
    /// Any [`AtomError`].
    pub fn insert_utf8(&mut self, bytes: &[u8]) -> Result<Atom, AtomError> {
        self.insert(from_utf8(bytes)?)
    }

    /// The atom of a text in Latin-1, new or known.
    ///
    /// # Errors
    /// [`AtomError::TooLong`] and [`AtomError::TableFull`].
    pub fn insert_latin1(&mut self, bytes: &[u8]) -> Result<Atom, AtomError> {
        self.insert(&from_latin1(bytes)?)
    }

    /// The atom of a text, if it is in the table.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Atom> {
        let text = check(text).ok()?;
        self.find_hashed(text, hash::internal(text))
    }

    /// The atom of a text in UTF-8, if it is in the table.
    #[must_use]
    pub fn find_utf8(&self, bytes: &[u8]) -> Option<Atom> {
        self.find(from_utf8(bytes).ok()?)
    }

    /// The atom of a text in Latin-1, if it is in the table.
    #[must_use]
    pub fn find_latin1(&self, bytes: &[u8]) -> Option<Atom> {
        self.find(&from_latin1(bytes).ok()?)
    }

    fn find_hashed(&self, text: &str, internal: u32) -> Option<Atom> {
        let is_it = |atom: &Atom| {
            let entry = self.entry(*atom);
            entry.internal_hash == internal && self.store.text(entry) == text
        };
        self.parts[part(internal)].find(spread(internal), is_it).copied()
    }

    /// The atom of this index, if there is one: for indices from outside, such as a snapshot's.
    #[must_use]
    pub fn get(&self, index: u32) -> Option<Atom> {
        (index < self.count()).then_some(Atom::from_index(index))
    }

    /// The text of an atom of this table.
    #[must_use]
    pub fn text(&self, atom: Atom) -> &str {
        self.store.text(self.entry(atom))
    }

    /// The bytes of an atom's text.
    #[must_use]
    #[inline]
    pub fn bytes(&self, atom: Atom) -> &[u8] {
        self.store.bytes(self.entry(atom))
    }

    /// The characters of an atom's text.
    #[must_use]
    #[inline]
    pub fn characters(&self, atom: Atom) -> usize {
        usize::from(self.entry(atom).characters)
    }

    /// Whether every character of an atom's text is in Latin-1: such atoms have tags of their own in the external term format.
    #[must_use]
    #[inline]
    pub fn is_latin1(&self, atom: Atom) -> bool {
        self.entry(atom).is_latin1
    }

    /// The first four bytes of an atom's text, as a number that is never lower than that of an atom before it.
    #[must_use]
    #[inline]
    pub fn prefix(&self, atom: Atom) -> u32 {
        self.entry(atom).order
    }

    /// OTP's hash value of an atom, of 28 bits.
    ///
    /// `erlang:phash2(Atom)` is it modulo 2²⁷, `erlang:phash(Atom, Range)` is it modulo the range, plus one.
    #[must_use]
    #[inline]
    pub fn hash(&self, atom: Atom) -> u32 {
        self.entry(atom).visible_hash
    }

    /// Erlang's order of atoms: that of the texts by their characters, which in UTF-8 is that by bytes.
    #[must_use]
    #[inline]
    pub fn compare(&self, left: Atom, right: Atom) -> Ordering {
        if left == right {
            return Ordering::Equal;
        }
        let (left, right) = (self.entry(left), self.entry(right));
        left.order.cmp(&right.order).then_with(|| self.store.text(left).cmp(self.store.text(right)))
    }

    /// The atom as Erlang source writes it, with quotes where it needs them.
    #[must_use]
    pub fn print(&self, atom: Atom, charset: Charset) -> Printed<'_> {
        Printed::new(self.text(atom), charset)
    }

    /// How many atoms there are: `erlang:system_info(atom_count)`.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.store.count()
    }

    /// How many atoms there may be: `erlang:system_info(atom_limit)`.
    #[must_use]
    pub fn limit(&self) -> AtomLimit {
        self.limit
    }

    /// What the table takes of memory.
    #[must_use]
    pub fn memory(&self) -> AtomMemory {
        let parts: usize = self.parts.iter().map(HashTable::allocation_size).sum();
        let fixed = size_of::<Self>() + PARTS * size_of::<HashTable<Atom>>();
        AtomMemory {
            total: fixed + parts + self.store.memory(),
            used: fixed + self.count() as usize * size_of::<Atom>() + self.store.used(),
        }
    }

    #[inline]
    fn entry(&self, atom: Atom) -> &Entry {
        self.store.entry(atom)
    }
}

/// The part of the index where a hash is.
fn part(hash: u32) -> usize {
    (hash >> 19) as usize % PARTS
}

/// A hash as the hash table wants it: it takes the place from the lowest bits and a tag from the highest ones.
///
/// Neither should be those that [`part`] uses, since they are the same for all atoms of a part.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}
