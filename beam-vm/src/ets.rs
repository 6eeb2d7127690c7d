// SPDX-License-Identifier: Apache-2.0
//! Tables of terms that belong to no heap (`erts/emulator/beam/erl_db.c`): so far those with hashed keys, which are sets and bags.
//!
//! With one scheduler nothing is locked. An object lies in a block of its own; who looks it up gets a copy.

mod table;

pub use table::{Kind, Object, Protection, Table};

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use hashbrown::HashMap;

use crate::atom::Atom;
use crate::process::RefNumbers;
use crate::term::{LocalPid, REF_NUMBERS_MAX, Term, View};

/// All tables, by the numbers of their references, and the names of those that have one.
#[derive(Debug, Default)]
pub struct Tables {
    tables: BTreeMap<RefNumbers, Table>,
    names: HashMap<Atom, RefNumbers>,
    /// How many tables each process has that has any, since most processes end without.
    owners: HashMap<LocalPid, usize>,
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
    /// The numbers of the table that a term is the name or the reference of.
    ///
    /// # Errors
    /// [`NoTable`].
    pub fn find(&self, id: Term) -> Result<RefNumbers, NoTable> {
        match id.view() {
            View::Atom(name) => self.names.get(&name).copied().ok_or(NoTable::Absent),
            View::Reference(reference) => {
                let mut place = [0; REF_NUMBERS_MAX];
                match reference.numbers(&mut place) {
                    [a, b, c] if self.tables.contains_key(&[*a, *b, *c]) => Ok([*a, *b, *c]),
                    _ => Err(NoTable::Absent),
                }
            }
            _ => Err(NoTable::Type),
        }
    }

    /// The table with these numbers.
    #[must_use]
    pub fn get(&self, numbers: RefNumbers) -> Option<&Table> {
        self.tables.get(&numbers)
    }

    /// The table with these numbers, to be changed.
    pub fn get_mut(&mut self, numbers: RefNumbers) -> Option<&mut Table> {
        self.tables.get_mut(&numbers)
    }

    /// Whether a table has this name.
    #[must_use]
    pub fn is_named(&self, name: Atom) -> bool {
        self.names.contains_key(&name)
    }

    /// Puts a table in; if it is named, its name leads to it.
    pub fn insert(&mut self, numbers: RefNumbers, table: Table) {
        if table.is_named {
            self.names.insert(table.name, numbers);
        }
        *self.owners.entry(table.owner).or_default() += 1;
        self.tables.insert(numbers, table);
    }

    /// Takes a table out.
    pub fn remove(&mut self, numbers: RefNumbers) -> Option<Table> {
        let table = self.tables.remove(&numbers)?;
        if table.is_named {
            self.names.remove(&table.name);
        }
        if let Some(count) = self.owners.get_mut(&table.owner) {
            *count -= 1;
            if *count == 0 {
                self.owners.remove(&table.owner);
            }
        }
        Some(table)
    }

    /// Gives a table another name.
    pub fn rename(&mut self, numbers: RefNumbers, name: Atom) {
        if let Some(table) = self.tables.get_mut(&numbers) {
            let before = core::mem::replace(&mut table.name, name);
            if table.is_named {
                self.names.remove(&before);
                self.names.insert(name, numbers);
            }
        }
    }

    /// Deletes the tables of a process that has ended.
    pub fn delete_of(&mut self, owner: LocalPid) {
        if !self.owners.contains_key(&owner) {
            return;
        }
        let owned = self.tables.iter().filter(|(_, table)| table.owner == owner);
        let numbers: Vec<RefNumbers> = owned.map(|(numbers, _)| *numbers).collect();
        for numbers in numbers {
            self.remove(numbers);
        }
    }
}
