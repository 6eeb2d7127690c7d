// SPDX-License-Identifier: Apache-2.0
//! Tables of terms that belong to no heap (`erts/emulator/beam/erl_db.c`).
//!
//! With one scheduler nothing is locked. An object lies in memory of the tables; who looks it up gets a copy. A table that is deleted is out of
//! reach at once, and its memory is given back a little at a time.

mod batch;
mod bucket;
mod digest;
mod hash;
mod object;
mod ordered;
mod pages;
mod range;
mod shallow;
mod spread;
mod table;
#[cfg(test)]
mod tests;

pub use batch::{Batch, Listed};
pub use hash::{HashTable, Kind, hash_of};
pub use object::{Lines, Object};
pub use ordered::Tree;
pub use pages::Pages;
pub use range::Range;
pub use table::{Fixation, Found, Heir, Objects, Options, Protection, Table, Type, WriteConcurrency};

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;

use hashbrown::HashMap;

use spread::BySpread;

use crate::atom::Atom;
use crate::process::RefNumbers;
use crate::term::{LocalPid, Term};

/// A table's place among all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TableIndex(u32);

/// All tables.
#[derive(Debug, Default)]
pub struct Tables {
    tables: Vec<Option<Box<Table>>>,
    free: Vec<TableIndex>,
    /// By the numbers of their references in one word.
    by_numbers: HashMap<u64, TableIndex, BySpread>,
    near: Near,
    names: HashMap<Atom, TableIndex, BySpread>,
    /// The tables of each process that has any, in the order in which it got them.
    owners: HashMap<LocalPid, Vec<TableIndex>>,
    /// The tables that each process holds fixed.
    holders: HashMap<LocalPid, Vec<TableIndex>>,
    /// What is to be freed.
    waste: Vec<Objects>,
    pages: Rc<Pages>,
}

/// What leads to a table, in two words: those of its reference, or its name and nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Id([u64; 2]);

impl Id {
    /// What is the identifier of no table.
    const NONE: Self = Self([0; 2]);

    /// None if no table can have such an identifier.
    #[inline]
    fn of(term: Term) -> Option<Self> {
        match term.as_reference() {
            Some(reference) => Some(Self(reference.words())),
            None => term.is_atom().then(|| Self([term.raw(), 0])),
        }
    }

    fn of_numbers([first, second, third]: RefNumbers) -> Self {
        Self([3 | u64::from(first) << 32, u64::from(second) | u64::from(third) << 32])
    }
}

/// Tables that were found not long ago. Those that are removed or renamed are taken out.
#[derive(Debug)]
struct Near([Cell<(Id, TableIndex)>; 64]);

impl Default for Near {
    fn default() -> Self {
        Self([const { Cell::new((Id::NONE, TableIndex(0))) }; 64])
    }
}

impl Near {
    /// The place of an identifier: by the first number of a reference, or the number of an atom.
    #[inline]
    fn place(&self, Id([first, _]): Id) -> &Cell<(Id, TableIndex)> {
        &self.0[(first >> 32 ^ first >> 6) as usize % self.0.len()]
    }

    fn forget(&self, id: Id) {
        let place = self.place(id);
        if place.get().0 == id {
            place.set((Id::NONE, TableIndex(0)));
        }
    }
}

/// A bit that other references do not have, so that one can be told from that of a table that was deleted.
const OF_TABLE: u32 = 1 << 31;

/// The numbers of a table's reference.
#[must_use]
pub const fn of_table([low, middle, high]: RefNumbers) -> RefNumbers {
    [low, middle, high | OF_TABLE]
}

/// Whether a table has or had these numbers.
fn is_of_table(numbers: &RefNumbers) -> bool {
    numbers[2] & OF_TABLE != 0
}

/// How a term does not lead to a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoTable {
    /// No table can have such an identifier.
    Type,
    /// There is none.
    Absent,
}

impl Tables {
    /// The table that a term is the name or the reference of.
    ///
    /// # Errors
    /// [`NoTable`].
    #[inline]
    pub fn find(&self, id: Term) -> Result<TableIndex, NoTable> {
        let Some(short) = Id::of(id) else { return Err(NoTable::Type) };
        let (near, index) = self.near.place(short).get();
        if near == short {
            return Ok(index);
        }
        self.search(id)
    }

    #[inline(never)]
    fn search(&self, id: Term) -> Result<TableIndex, NoTable> {
        if let Some(reference) = id.as_reference() {
            let numbers = reference.three().filter(is_of_table).ok_or(NoTable::Type)?;
            return self.find_numbers(numbers).ok_or(NoTable::Absent);
        }
        let name = id.as_atom().ok_or(NoTable::Type)?;
        let index = self.names.get(&name).copied().ok_or(NoTable::Absent)?;
        let id = Id([id.raw(), 0]);
        self.near.place(id).set((id, index));
        Ok(index)
    }

    /// The table with the numbers of a reference.
    #[must_use]
    pub fn find_numbers(&self, numbers: RefNumbers) -> Option<TableIndex> {
        let id = Id::of_numbers(numbers);
        let place = self.near.place(id);
        let (near, index) = place.get();
        if near == id {
            return Some(index);
        }
        let index = self.by_numbers.get(&word_of(numbers)).copied()?;
        // References that programs make up may have the same word.
        if self.get(index)?.numbers != numbers {
            return None;
        }
        place.set((id, index));
        Some(index)
    }

    /// The table at a place.
    #[must_use]
    #[inline]
    pub fn get(&self, index: TableIndex) -> Option<&Table> {
        self.tables.get(index.0 as usize)?.as_deref()
    }

    /// The table at a place, to be changed.
    #[inline]
    pub fn get_mut(&mut self, index: TableIndex) -> Option<&mut Table> {
        self.tables.get_mut(index.0 as usize)?.as_deref_mut()
    }

    /// Whether a table has this name.
    #[must_use]
    pub fn is_named(&self, name: Atom) -> bool {
        self.names.contains_key(&name)
    }

    /// The memory of their objects.
    #[must_use]
    pub fn pages(&self) -> Rc<Pages> {
        Rc::clone(&self.pages)
    }

    /// All tables.
    pub fn iter(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().flatten().map(|table| &**table)
    }

    /// Words of all tables.
    #[must_use]
    pub fn words(&self) -> usize {
        self.iter().map(Table::words).sum()
    }

    /// Puts a table in; if it is named, its name leads to it.
    pub fn insert(&mut self, table: Table) -> TableIndex {
        let index = self.free.pop().unwrap_or(TableIndex(self.tables.len() as u32));
        if index.0 as usize == self.tables.len() {
            self.tables.push(None);
        }
        if table.options.is_named {
            self.names.insert(table.name, index);
        }
        self.by_numbers.insert(word_of(table.numbers), index);
        self.owners.entry(table.owner).or_default().push(index);
        self.tables[index.0 as usize] = Some(Box::new(table));
        index
    }

    /// Takes a table out. Its objects are freed later.
    pub fn remove(&mut self, index: TableIndex) {
        let Some(table) = self.tables.get_mut(index.0 as usize).and_then(Option::take) else { return };
        self.near.forget(Id::of_numbers(table.numbers));
        if table.options.is_named {
            self.near.forget(Id([Term::atom(table.name).raw(), 0]));
            self.names.remove(&table.name);
        }
        self.by_numbers.remove(&word_of(table.numbers));
        take(&mut self.owners, table.owner, index);
        for (holder, _) in table.fixation.iter().flat_map(|fixation| &fixation.holders) {
            take(&mut self.holders, *holder, index);
        }
        self.free.push(index);
        self.discard(table.objects);
    }

    /// Gives a table another name.
    pub fn rename(&mut self, index: TableIndex, name: Atom) {
        let Some(table) = self.get_mut(index) else { return };
        let before = core::mem::replace(&mut table.name, name);
        if table.options.is_named {
            self.near.forget(Id([Term::atom(before).raw(), 0]));
            self.names.remove(&before);
            self.names.insert(name, index);
        }
    }

    /// Gives a table to another process.
    pub fn give(&mut self, index: TableIndex, owner: LocalPid) {
        let Some(table) = self.get_mut(index) else { return };
        let before = core::mem::replace(&mut table.owner, owner);
        take(&mut self.owners, before, index);
        self.owners.entry(owner).or_default().push(index);
    }

    /// The tables of a process.
    #[must_use]
    pub fn owned_by(&self, owner: LocalPid) -> &[TableIndex] {
        self.owners.get(&owner).map_or(&[], Vec::as_slice)
    }

    /// Holds a table fixed for a process.
    pub fn fix(&mut self, index: TableIndex, pid: LocalPid, monotonic: i64, system: i64) {
        let Some(table) = self.get_mut(index) else { return };
        table.fix(pid, monotonic, system);
        let held = self.holders.entry(pid).or_default();
        if !held.contains(&index) {
            held.push(index);
        }
    }

    /// Takes back one fixation.
    pub fn unfix(&mut self, index: TableIndex, pid: LocalPid) {
        if self.get_mut(index).is_some_and(|table| table.unfix(pid)) {
            take(&mut self.holders, pid, index);
        }
    }

    /// Takes back all fixations of a process that has ended.
    pub fn unfix_all(&mut self, pid: LocalPid) {
        if self.holders.is_empty() {
            return;
        }
        for index in self.holders.remove(&pid).unwrap_or_default() {
            if let Some(table) = self.get_mut(index) {
                table.unfix_all(pid);
            }
        }
    }

    /// Leaves objects to be freed later.
    pub fn discard(&mut self, objects: Objects) {
        let mut objects = objects;
        if !objects.dismantle(&mut AT_ONCE.clone()) {
            self.waste.push(objects);
        }
    }

    /// Whether there is something to be freed.
    #[must_use]
    pub fn has_waste(&self) -> bool {
        !self.waste.is_empty()
    }

    /// Frees some objects of tables that are gone.
    pub fn free_some(&mut self) {
        let mut budget = A_TURN;
        while let Some(objects) = self.waste.last_mut() {
            if !objects.dismantle(&mut budget) {
                return;
            }
            self.waste.pop();
        }
    }
}

/// The numbers of a reference in one word, which those that this machine makes fit in: the first has 18 bits.
#[inline]
fn word_of([low, middle, high]: RefNumbers) -> u64 {
    u64::from(low) ^ u64::from(middle) << 18 ^ u64::from(high) << 50
}

/// Objects that are freed when a table is deleted.
const AT_ONCE: usize = 1000;

/// Objects that are freed between two turns of processes.
const A_TURN: usize = 4000;

/// Takes a table out of a process's list.
fn take(lists: &mut HashMap<LocalPid, Vec<TableIndex>>, pid: LocalPid, index: TableIndex) {
    if let Some(list) = lists.get_mut(&pid) {
        list.retain(|other| *other != index);
        if list.is_empty() {
            lists.remove(&pid);
        }
    }
}
