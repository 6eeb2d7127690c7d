// SPDX-License-Identifier: Apache-2.0
//! The process dictionary. Its order is that of the first `put` of each key.

use alloc::vec::Vec;

use crate::compare;
use crate::term::Term;

/// Keys and values.
#[derive(Debug, Default)]
pub struct Dictionary {
    pairs: Vec<(Term, Term)>,
}

impl Dictionary {
    fn find(&self, key: Term) -> Option<usize> {
        if key.is_immediate() {
            return self.pairs.iter().position(|(other, _)| *other == key);
        }
        self.pairs.iter().position(|(other, _)| compare::same(*other, key))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: Term) -> Option<Term> {
        self.find(key).map(|place| self.pairs[place].1)
    }

    /// Sets a value; gives the one before.
    pub fn put(&mut self, key: Term, value: Term) -> Option<Term> {
        match self.find(key) {
            Some(place) => Some(core::mem::replace(&mut self.pairs[place].1, value)),
            None => {
                self.pairs.push((key, value));
                None
            }
        }
    }

    /// Takes a key out; gives its value.
    pub fn erase(&mut self, key: Term) -> Option<Term> {
        self.find(key).map(|place| self.pairs.remove(place).1)
    }

    /// All keys and values.
    #[must_use]
    pub fn pairs(&self) -> &[(Term, Term)] {
        &self.pairs
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }

    pub(super) fn roots(&mut self, visit: &mut dyn FnMut(&mut Term)) {
        for (key, value) in &mut self.pairs {
            visit(key);
            visit(value);
        }
    }
}
