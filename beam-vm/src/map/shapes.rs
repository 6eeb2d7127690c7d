// SPDX-License-Identifier: Apache-2.0
//! The keys of small maps that programs make of nothing: a tuple for each set of keys, which all such maps share. They are
//! literals that live as long as the machine, so only of keys that are immediates; a program has few of them.

use hashbrown::HashTable;

use crate::heap::{LiteralSpace, build};
use crate::platform::Platform;
use crate::term::Term;

/// The tuples of keys.
#[derive(Debug, Default)]
pub struct Shapes {
    tuples: HashTable<Term>,
}

impl Shapes {
    /// The tuple of keys that are immediates; none if there is no room for it.
    pub fn tuple(
        &mut self,
        literals: &mut LiteralSpace,
        platform: &mut dyn Platform,
        keys: &[Term],
    ) -> Option<Term> {
        debug_assert!(keys.iter().all(|key| key.is_immediate()));
        let is_it = |tuple: &Term| tuple.as_tuple().is_some_and(|tuple| tuple.elements() == keys);
        if let Some(tuple) = self.tuples.find(hash(keys), is_it) {
            return Some(*tuple);
        }
        let tuple = build::tuple(&mut literals.area(1 + keys.len(), platform)?, keys);
        let rehash = |tuple: &Term| tuple.as_tuple().map_or(0, |tuple| hash(tuple.elements()));
        self.tuples.insert_unique(hash(keys), tuple, rehash);
        Some(tuple)
    }
}

fn hash(keys: &[Term]) -> u64 {
    keys.iter()
        .fold(0, |hash: u64, key| (hash.rotate_left(23) ^ key.raw()).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}
