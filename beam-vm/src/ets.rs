// SPDX-License-Identifier: Apache-2.0
//! Tables of terms that belong to no heap (`erts/emulator/beam/erl_db.c`).
//!
//! With one scheduler nothing is locked. An object lies in memory of the tables; who looks it up gets a copy. A table that is deleted is out of
//! reach at once, and its memory is given back a little at a time.

mod bucket;
mod digest;
mod hash;
mod object;
mod ordered;
mod pages;
mod range;
mod spread;
mod table;
#[cfg(test)]
mod tests;

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
use crate::term::{LocalPid, Reference, Term};

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

/// Tables that were found not long ago, by the lowest bits of their numbers. Whoever looks here asks the table whether it is the right one.
#[derive(Debug)]
struct Near([Cell<TableIndex>; 64]);

impl Default for Near {
    fn default() -> Self {
        Self([const { Cell::new(TableIndex(0)) }; 64])
    }
}

impl Near {
    #[inline]
    fn place(&self, numbers: RefNumbers) -> &Cell<TableIndex> {
        &self.0[numbers[0] as usize % self.0.len()]
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
        if let Some(numbers) = id.as_reference().and_then(Reference::three) {
            let near = self.near.place(numbers).get();
            if self.has_numbers(near, numbers) {
                return Ok(near);
            }
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
        self.names.get(&name).copied().ok_or(NoTable::Absent)
    }

    #[inline]
    fn has_numbers(&self, index: TableIndex, numbers: RefNumbers) -> bool {
        self.get(index).is_some_and(|table| table.numbers == numbers)
    }

    /// The table with the numbers of a reference.
    #[must_use]
    pub fn find_numbers(&self, numbers: RefNumbers) -> Option<TableIndex> {
        let near = self.near.place(numbers);
        if self.has_numbers(near.get(), numbers) {
            return Some(near.get());
        }
        let index = self.by_numbers.get(&word_of(numbers)).copied()?;
        // References that programs make up may have the same word.
        if !self.has_numbers(index, numbers) {
            return None;
        }
        near.set(index);
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
        if table.options.is_named {
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
