// SPDX-License-Identifier: Apache-2.0
//! Persistent terms (`erts/emulator/beam/erl_bif_persistent.c`): keys and values that all processes read without a copy, since each pair
//! is a literal of its own.

use hashbrown::HashTable;

use crate::compare;
use crate::copy;
use crate::hash;
use crate::heap::{LiteralArea, LiteralSpace, build};
use crate::platform::Platform;
use crate::term::Term;

/// A key with its value, and where they are.
#[derive(Debug)]
struct Entry {
    /// `{Key, Value}`
    pair: Term,
    hash: u32,
    area: LiteralArea,
}

impl Entry {
    fn key(&self) -> Term {
        self.pair.as_tuple().map_or(Term::NONE, |pair| pair.elements()[0])
    }

    fn value(&self) -> Term {
        self.pair.as_tuple().map_or(Term::NONE, |pair| pair.elements()[1])
    }
}

/// Places of an empty table.
const FIRST_PLACES: usize = 8;

/// All persistent terms.
#[derive(Debug, Default)]
pub struct PersistentTerms {
    entries: HashTable<Entry>,
    /// How often the table has doubled: as stock's, it does when half of it is used, and goes back when a quarter is.
    doublings: u32,
}

/// There is no room for literals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoom;

fn hash_of(key: Term) -> u32 {
    hash::internal(key)
}

impl PersistentTerms {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: Term) -> Option<Term> {
        let hash = hash_of(key);
        let found =
            self.entries.find(u64::from(hash), |entry| entry.hash == hash && compare::same(entry.key(), key));
        found.map(Entry::value)
    }

    /// Sets the value of a key. Gives the area of the pair that was there before, if its value was another.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn put(
        &mut self,
        space: &mut LiteralSpace,
        platform: &mut dyn Platform,
        key: Term,
        value: Term,
    ) -> Result<Option<LiteralArea>, NoRoom> {
        if self.get(key).is_some_and(|old| compare::same(old, value)) {
            return Ok(None);
        }
        let hash = hash_of(key);
        let none = 0..0;
        let words = 3 + copy::size_of_shared(key) + copy::size_of_shared(value);
        let mut area = space.area(words, platform).ok_or(NoRoom)?;
        let elements = [key, value].map(|term| copy::copy_shared(term, &mut area, &none).0);
        let pair = build::tuple(&mut area, &elements);
        let before = self.remove(key);
        if before.is_none() && 2 * self.count() >= self.places() {
            self.doublings += 1;
        }
        self.entries
            .insert_unique(u64::from(hash), Entry { pair, hash, area }, |entry| u64::from(entry.hash));
        Ok(before)
    }

    /// Takes a key out; gives the area of its pair.
    pub fn take(&mut self, key: Term) -> Option<LiteralArea> {
        let before = self.count();
        let area = self.remove(key)?;
        if self.doublings > 0 && 4 * before <= self.places() {
            self.doublings -= 1;
            self.entries.shrink_to(self.places(), |entry| u64::from(entry.hash));
        }
        Some(area)
    }

    fn remove(&mut self, key: Term) -> Option<LiteralArea> {
        let hash = hash_of(key);
        let entry = self
            .entries
            .find_entry(u64::from(hash), |entry| entry.hash == hash && compare::same(entry.key(), key));
        entry.ok().map(|entry| entry.remove().0.area)
    }

    /// Takes all keys out; gives the areas of their pairs.
    pub fn take_all(&mut self) -> impl Iterator<Item = LiteralArea> + '_ {
        self.doublings = 0;
        self.entries.drain().map(|entry| entry.area)
    }

    /// All pairs.
    pub fn pairs(&self) -> impl Iterator<Item = Term> + '_ {
        self.entries.iter().map(|entry| entry.pair)
    }

    /// The areas of all pairs.
    pub fn areas(&self) -> impl Iterator<Item = &LiteralArea> {
        self.entries.iter().map(|entry| &entry.area)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// For how many there is a place in the table.
    #[must_use]
    pub fn places(&self) -> usize {
        FIRST_PLACES << self.doublings
    }

    /// Words of all of them, and one for each place.
    #[must_use]
    pub fn words(&self) -> usize {
        self.places() + self.entries.iter().map(|entry| entry.area.used()).sum::<usize>()
    }
}
