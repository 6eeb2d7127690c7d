// SPDX-License-Identifier: Apache-2.0
//! A table with hashed keys. Buckets hold the objects of a key side by side, so that those of a bag stay in the order of their arrival.

use alloc::vec::Vec;
use core::ops::Range;

use crate::atom::Atom;
use crate::compare;
use crate::copy;
use crate::hash;
use crate::heap::{Fragment, Heap};
use crate::term::{LocalPid, Term};

/// Objects refer to nothing outside of themselves, so that literals may go.
const NO_LITERALS: Range<usize> = 0..0;

/// How many objects a key may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One.
    Set,
    /// Many, each once.
    Bag,
    /// Many.
    DuplicateBag,
}

/// Who may do what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// All may read and write.
    Public,
    /// The owner may write, all may read.
    Protected,
    /// The owner alone.
    Private,
}

/// An object: a tuple in a block of its own.
#[derive(Debug)]
pub struct Object {
    term: Term,
    block: Fragment,
}

impl Object {
    /// A copy of a tuple.
    #[must_use]
    pub fn new(tuple: Term) -> Self {
        let mut block = Fragment::with_capacity(copy::size_of(tuple, &NO_LITERALS));
        let term = copy::copy(tuple, &mut block, &NO_LITERALS);
        Self { term, block }
    }

    /// A copy of it.
    pub fn copy_to<H: Heap + ?Sized>(&self, heap: &mut H) -> Term {
        copy::copy(self.term, heap, &NO_LITERALS)
    }

    /// The element at a position, counted from 1.
    #[must_use]
    pub fn element(&self, position: usize) -> Option<Term> {
        self.term.as_tuple().and_then(|tuple| tuple.elements().get(position.checked_sub(1)?).copied())
    }
}

/// All objects of a key.
#[derive(Debug)]
struct Entry {
    hash: u32,
    objects: Vec<Object>,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name, which leads to it if it is named.
    pub name: Atom,
    /// Whether the name leads to it.
    pub is_named: bool,
    /// Whose it is.
    pub owner: LocalPid,
    /// Who may do what.
    pub protection: Protection,
    /// How many objects a key may have.
    pub kind: Kind,
    /// Which element of an object is its key, counted from 1.
    pub key_position: usize,
    buckets: Vec<Vec<Entry>>,
    keys: usize,
    count: usize,
    words: usize,
}

/// Words of a table without objects, as stock tells.
const OWN_WORDS: usize = 305;
/// Words beside the object itself.
const OBJECT_WORDS: usize = 3;

impl Table {
    /// A table without objects.
    #[must_use]
    pub fn new(name: Atom, owner: LocalPid) -> Self {
        Self {
            name,
            is_named: false,
            owner,
            protection: Protection::Protected,
            kind: Kind::Set,
            key_position: 1,
            buckets: Vec::new(),
            keys: 0,
            count: 0,
            words: OWN_WORDS,
        }
    }

    /// The number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Words of it with all objects.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words
    }

    /// The key of a tuple, if it is long enough.
    #[must_use]
    pub fn key_of(&self, tuple: Term) -> Option<Term> {
        tuple.as_tuple()?.elements().get(self.key_position - 1).copied()
    }

    fn bucket(&self, hash: u32) -> usize {
        hash as usize & (self.buckets.len() - 1)
    }

    /// The place of a key: its bucket, and where in it.
    fn find(&self, hash: u32, key: Term) -> Option<(usize, usize)> {
        if self.buckets.is_empty() {
            return None;
        }
        let bucket = self.bucket(hash);
        let is_key = |entry: &Entry| {
            entry.hash == hash
                && entry.objects[0].element(self.key_position).is_some_and(|other| compare::same(other, key))
        };
        self.buckets[bucket].iter().position(is_key).map(|place| (bucket, place))
    }

    /// The objects of a key.
    #[must_use]
    pub fn lookup(&self, key: Term) -> &[Object] {
        self.find(hash::internal(key), key)
            .map_or(&[], |(bucket, place)| &self.buckets[bucket][place].objects)
    }

    fn account(&mut self, object: &Object) {
        self.count += 1;
        self.words += object.block.words() + OBJECT_WORDS;
    }

    fn discount(&mut self, object: &Object) {
        self.count -= 1;
        self.words -= object.block.words() + OBJECT_WORDS;
    }

    fn grow(&mut self) {
        let size = (2 * self.buckets.len()).max(16);
        let before = core::mem::take(&mut self.buckets);
        self.buckets.resize_with(size, Vec::new);
        for entry in before.into_iter().flatten() {
            let bucket = self.bucket(entry.hash);
            self.buckets[bucket].push(entry);
        }
    }

    /// Puts an object in; its tuple is long enough.
    pub fn insert(&mut self, key: Term, object: Object) {
        let hash = hash::internal(key);
        let Some((bucket, place)) = self.find(hash, key) else {
            if self.keys >= self.buckets.len() {
                self.grow();
            }
            self.keys += 1;
            self.account(&object);
            let bucket = self.bucket(hash);
            self.buckets[bucket].push(Entry { hash, objects: [object].into() });
            return;
        };
        match self.kind {
            Kind::Set => {
                self.account(&object);
                let before = core::mem::replace(&mut self.buckets[bucket][place].objects[0], object);
                self.discount(&before);
            }
            Kind::Bag => {
                let objects = &self.buckets[bucket][place].objects;
                if !objects.iter().any(|other| compare::same(other.term, object.term)) {
                    self.account(&object);
                    self.buckets[bucket][place].objects.push(object);
                }
            }
            Kind::DuplicateBag => {
                self.account(&object);
                self.buckets[bucket][place].objects.push(object);
            }
        }
    }

    /// Takes all objects of a key out.
    pub fn delete(&mut self, key: Term) {
        if let Some((bucket, place)) = self.find(hash::internal(key), key) {
            let entry = self.buckets[bucket].swap_remove(place);
            self.keys -= 1;
            for object in &entry.objects {
                self.discount(object);
            }
        }
    }

    /// Takes all objects out that are the same as a tuple.
    pub fn delete_object(&mut self, key: Term, tuple: Term) {
        let Some((bucket, place)) = self.find(hash::internal(key), key) else { return };
        let objects = core::mem::take(&mut self.buckets[bucket][place].objects);
        let (gone, kept): (Vec<Object>, Vec<Object>) =
            objects.into_iter().partition(|object| compare::same(object.term, tuple));
        for object in &gone {
            self.discount(object);
        }
        if kept.is_empty() {
            self.buckets[bucket].swap_remove(place);
            self.keys -= 1;
        } else {
            self.buckets[bucket][place].objects = kept;
        }
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.buckets.clear();
        self.keys = 0;
        self.count = 0;
        self.words = OWN_WORDS;
    }

    fn key_at(&self, mut bucket: usize, place: usize) -> Option<Term> {
        let mut place = place;
        while let Some(entries) = self.buckets.get(bucket) {
            if let Some(entry) = entries.get(place) {
                return entry.objects[0].element(self.key_position);
            }
            bucket += 1;
            place = 0;
        }
        None
    }

    /// The first key in the table's own order.
    #[must_use]
    pub fn first(&self) -> Option<Term> {
        self.key_at(0, 0)
    }

    /// The key after a key that is there; none in none if it is not there.
    #[must_use]
    pub fn next(&self, key: Term) -> Option<Option<Term>> {
        let (bucket, place) = self.find(hash::internal(key), key)?;
        Some(self.key_at(bucket, place + 1))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{Kind, Object, Table};
    use crate::atom::predefined;
    use crate::heap::{Fragment, build};
    use crate::term::{LocalPid, Term};

    fn pair(key: i64, value: i64) -> (Term, Fragment) {
        let mut block = Fragment::default();
        let term = build::tuple(&mut block, &[Term::small_cut(key), Term::small_cut(value)]);
        (term, block)
    }

    fn values(table: &Table, key: i64) -> Vec<i64> {
        let objects = table.lookup(Term::small_cut(key)).iter();
        objects.filter_map(|object| object.element(2)?.as_small()).collect()
    }

    proptest! {
        #[test]
        fn tables_are_what_lists_of_values_are(
            kind in prop_oneof![Just(Kind::Set), Just(Kind::Bag), Just(Kind::DuplicateBag)],
            steps in prop::collection::vec((0..3, 0_i64..40, 0_i64..4), 0..300),
        ) {
            let mut table = Table::new(predefined::OK, LocalPid(1));
            table.kind = kind;
            let mut model: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
            for (step, key, value) in steps {
                let (tuple, _block) = pair(key, value);
                let values = model.entry(key).or_default();
                match step {
                    0 => {
                        table.insert(Term::small_cut(key), Object::new(tuple));
                        match kind {
                            Kind::Set => *values = [value].into(),
                            Kind::Bag if values.contains(&value) => {}
                            _ => values.push(value),
                        }
                    }
                    1 => {
                        table.delete(Term::small_cut(key));
                        values.clear();
                    }
                    _ => {
                        table.delete_object(Term::small_cut(key), tuple);
                        values.retain(|other| *other != value);
                    }
                }
            }
            model.retain(|_, values| !values.is_empty());
            prop_assert_eq!(table.len(), model.values().map(Vec::len).sum::<usize>());
            for key in 0..40 {
                prop_assert_eq!(values(&table, key), model.get(&key).cloned().unwrap_or_default());
            }
            let mut keys = Vec::new();
            let mut next = table.first();
            while let Some(key) = next {
                keys.extend(key.as_small());
                next = table.next(key).expect("the key is there");
            }
            keys.sort_unstable();
            prop_assert_eq!(keys, model.keys().copied().collect::<Vec<_>>());
        }
    }
}
