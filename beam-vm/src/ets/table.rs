// SPDX-License-Identifier: Apache-2.0
//! A table: what is known of it, and its objects, which are hashed or in order.

use alloc::rc::Rc;
use alloc::vec::Vec;

use super::hash::{Chain, HashTable, Kind, hash_of};
use super::object::Object;
use super::ordered::{Entry, Tree};
use super::pages::Pages;
use crate::atom::{Atom, AtomTable, predefined};
use crate::compare;
use crate::heap::Fragment;
use crate::process::RefNumbers;
use crate::term::{LocalPid, Term};

/// What kind of table it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// Hashed keys.
    Hashed(Kind),
    /// Keys in order, one object each.
    Ordered,
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

/// `write_concurrency`. Nothing is locked here; it is told when asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WriteConcurrency {
    /// Off.
    Off,
    /// On.
    On,
    /// Stock adapts it.
    Auto,
    /// So many locks in stock, of which its own tests say the number.
    Locks(u32),
}

/// How a table was made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What kind of table it is.
    pub kind: Type,
    /// Which element of an object is its key, counted from 1.
    pub key_position: usize,
    /// Who may do what.
    pub protection: Protection,
    /// Whether the name leads to it.
    pub is_named: bool,
    /// Whether objects may be kept in a smaller form; they are not.
    pub is_compressed: bool,
    /// `read_concurrency`
    pub reads_much: bool,
    /// `write_concurrency`
    pub write_concurrency: WriteConcurrency,
    /// `decentralized_counters`, if it was said.
    pub decentralized_counters: Option<bool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kind: Type::Hashed(Kind::Set),
            key_position: 1,
            protection: Protection::Protected,
            is_named: false,
            is_compressed: false,
            reads_much: false,
            write_concurrency: WriteConcurrency::Off,
            decentralized_counters: None,
        }
    }
}

impl Options {
    /// `write_concurrency` as far as it has an effect.
    #[must_use]
    pub fn writes(&self) -> WriteConcurrency {
        if self.protection == Protection::Private { WriteConcurrency::Off } else { self.write_concurrency }
    }

    /// `decentralized_counters` as far as it has an effect.
    #[must_use]
    pub fn counts_apart(&self) -> bool {
        let is_apart = matches!(self.writes(), WriteConcurrency::Auto | WriteConcurrency::Locks(_));
        let by_default = self.kind == Type::Ordered || is_apart;
        self.writes() != WriteConcurrency::Off && self.decentralized_counters.unwrap_or(by_default)
    }

    /// Words of a table without objects, as stock tells.
    fn words(&self) -> usize {
        let is_locked = self.writes() != WriteConcurrency::Off;
        let base = match (self.kind, is_locked, self.reads_much) {
            (Type::Ordered, false, _) => 139,
            (Type::Ordered, true, _) => 99,
            (Type::Hashed(_), false, _) => 305,
            (Type::Hashed(_), true, false) => 1361,
            (Type::Hashed(_), true, true) => 3377,
        };
        // Stock's locks have words of their own; 64 are in what is above.
        let more = match self.writes() {
            WriteConcurrency::Locks(number) => (number as usize - 64) * if self.reads_much { 48 } else { 16 },
            _ => 0,
        };
        base + more + if self.counts_apart() { 34 } else { 0 } + if self.reads_much { 32 } else { 0 }
    }
}

/// Who gets a table when its owner ends.
#[derive(Debug)]
pub struct Heir {
    /// The process.
    pub pid: LocalPid,
    /// What it is told.
    pub data: Term,
    /// Where that is.
    pub block: Fragment,
}

/// Since when a table is fixed, and by whom.
#[derive(Debug)]
pub struct Fixation {
    /// By Erlang's monotonic time.
    pub monotonic: i64,
    /// By the system's time, in microseconds.
    pub system: i64,
    /// The processes that hold it fixed, and how often each does.
    pub holders: Vec<(LocalPid, usize)>,
}

/// Objects, in either form.
#[derive(Debug)]
pub enum Objects {
    /// With hashed keys.
    Hashed(HashTable),
    /// In order.
    Ordered(Tree),
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its name, which leads to it if it is named.
    pub name: Atom,
    /// The numbers of its reference.
    pub numbers: RefNumbers,
    /// Whose it is.
    pub owner: LocalPid,
    /// Who gets it then.
    pub heir: Option<Heir>,
    /// How it was made.
    pub options: Options,
    /// Who holds it fixed.
    pub fixation: Option<Fixation>,
    /// Its objects.
    pub objects: Objects,
    /// Where objects are made.
    pages: Rc<Pages>,
}

/// The objects of a key, the newest first.
pub enum Found {
    /// Of a table with hashed keys.
    Chain(Chain),
    /// Of one in order.
    One(Option<Object>),
}

impl Iterator for Found {
    type Item = Object;

    fn next(&mut self) -> Option<Object> {
        match self {
            Self::Chain(chain) => chain.next(),
            Self::One(object) => object.take(),
        }
    }
}

/// Whether a key is what walks end with.
fn is_end(key: Term) -> bool {
    key == Term::atom(predefined::DOLLAR_END_OF_TABLE)
}

impl Objects {
    /// No objects.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        match options.kind {
            Type::Hashed(kind) => Self::Hashed(HashTable::new(kind, options.key_position)),
            Type::Ordered => Self::Ordered(Tree::new()),
        }
    }

    /// Frees objects until a budget is used up. Gives whether all are gone.
    pub fn dismantle(&mut self, budget: &mut usize) -> bool {
        match self {
            Self::Hashed(table) => table.dismantle(budget),
            Self::Ordered(tree) => tree.dismantle(budget),
        }
    }
}

impl Table {
    /// A table without objects.
    #[must_use]
    pub fn new(name: Atom, numbers: RefNumbers, owner: LocalPid, options: Options, pages: Rc<Pages>) -> Self {
        let objects = Objects::new(&options);
        Self { name, numbers, owner, heir: None, options, fixation: None, objects, pages }
    }

    /// The number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.objects {
            Objects::Hashed(table) => table.count(),
            Objects::Ordered(tree) => tree.count(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Words of it with all objects, as stock counts them.
    #[must_use]
    pub fn words(&self) -> usize {
        self.options.words()
            + match &self.objects {
                Objects::Hashed(table) => table.words() + table.segment_words(),
                Objects::Ordered(tree) => tree.words(),
            }
    }

    /// Whether a key has one object at most.
    #[must_use]
    #[inline]
    pub fn is_set(&self) -> bool {
        matches!(self.options.kind, Type::Ordered | Type::Hashed(Kind::Set))
    }

    /// The key of a tuple, if it is long enough.
    #[must_use]
    #[inline]
    pub fn key_of(&self, tuple: Term) -> Option<Term> {
        tuple.as_tuple()?.elements().get(self.options.key_position - 1).copied()
    }

    /// The key of an object.
    #[must_use]
    pub fn key(&self, object: Object) -> Term {
        object.element(self.options.key_position).unwrap_or(Term::NIL)
    }

    /// The objects of a key, the newest first.
    #[must_use]
    #[inline]
    pub fn lookup(&self, atoms: &AtomTable, key: Term) -> Found {
        match &self.objects {
            Objects::Hashed(table) => Found::Chain(table.lookup(hash_of(atoms, key), key)),
            Objects::Ordered(tree) => Found::One(tree.get(atoms, key)),
        }
    }

    /// The newest object of a key.
    #[must_use]
    #[inline]
    pub fn get(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        match &self.objects {
            Objects::Hashed(table) => table.get(atoms, key),
            Objects::Ordered(tree) => tree.get(atoms, key),
        }
    }

    /// An object of this table made of a tuple; it is not in it yet.
    #[must_use]
    #[inline]
    pub fn make(&self, atoms: &AtomTable, key: Term, tuple: Term) -> Object {
        match &self.objects {
            Objects::Hashed(table) => {
                let hash = hash_of(atoms, key);
                table.prefetch(hash);
                Object::new(&self.pages, tuple, hash)
            }
            Objects::Ordered(_) => Object::new(&self.pages, tuple, 0),
        }
    }

    /// Puts a copy of a tuple with this key in.
    #[inline]
    pub fn insert(&mut self, atoms: &AtomTable, key: Term, tuple: Term) {
        let Objects::Hashed(table) = &mut self.objects else {
            let object = Object::new(&self.pages, tuple, 0);
            return self.put(atoms, object);
        };
        let hash = hash_of(atoms, key);
        if !table.is_set() {
            table.insert(key, Object::new(&self.pages, tuple, hash));
            return;
        }
        match table.find(hash, key) {
            None => table.add(Object::new(&self.pages, tuple, hash)),
            // What takes as much memory takes the same.
            Some(before) if !before.is_deleted() && before.become_copy_of(tuple) => {}
            Some(before) => table.supersede(before, Object::new(&self.pages, tuple, hash)),
        }
    }

    /// An object of this table made of elements, for the place of one with the same key.
    #[must_use]
    pub fn make_instead(&self, before: Object, elements: &[Term]) -> Object {
        Object::of_elements(&self.pages, elements, before.hash())
    }

    /// Puts an object in that was made for this table.
    #[inline]
    pub fn put(&mut self, atoms: &AtomTable, object: Object) {
        let key = self.key(object);
        match &mut self.objects {
            Objects::Hashed(table) => table.insert(key, object),
            Objects::Ordered(tree) => tree.insert(atoms, self.options.key_position, object),
        }
    }

    /// Puts an object in the place of one with the same key, which is freed.
    pub fn replace(&mut self, atoms: &AtomTable, before: Object, object: Object) {
        match &mut self.objects {
            Objects::Hashed(table) => table.replace(before, object),
            Objects::Ordered(tree) => tree.insert(atoms, self.options.key_position, object),
        }
    }

    /// Takes all objects of a key out. Gives how many there were.
    pub fn delete(&mut self, atoms: &AtomTable, key: Term) -> usize {
        match &mut self.objects {
            Objects::Hashed(table) => table.delete(hash_of(atoms, key), key, |_| true),
            Objects::Ordered(tree) => usize::from(tree.delete(atoms, key)),
        }
    }

    /// Takes one object out in a scan, which may go on.
    pub fn take_out(&mut self, atoms: &AtomTable, object: Object) {
        let key = self.key(object);
        match &mut self.objects {
            Objects::Hashed(table) => table.take_out(object),
            Objects::Ordered(tree) => {
                tree.delete(atoms, key);
            }
        }
    }

    /// Gives up room that is not needed any more, after a scan that has taken objects out.
    pub fn settle(&mut self) {
        if let Objects::Hashed(table) = &mut self.objects {
            table.shrink();
        }
    }

    /// Takes all objects out that are the same as a tuple.
    pub fn delete_object(&mut self, atoms: &AtomTable, key: Term, tuple: Term) {
        match &mut self.objects {
            Objects::Hashed(table) => {
                table.delete(hash_of(atoms, key), key, |object| compare::same(object.term(), tuple));
            }
            Objects::Ordered(tree) => {
                if tree.get(atoms, key).is_some_and(|object| compare::same(object.term(), tuple)) {
                    tree.delete(atoms, key);
                }
            }
        }
    }

    /// Takes all out. What has to be freed is left to who asks.
    pub fn clear(&mut self) -> Option<Objects> {
        if let Objects::Hashed(table) = &mut self.objects
            && table.is_held()
        {
            table.mark_all();
            return None;
        }
        Some(core::mem::replace(&mut self.objects, Objects::new(&self.options)))
    }

    /// The first object in the table's own order.
    #[must_use]
    pub fn first(&self) -> Option<Object> {
        match &self.objects {
            Objects::Hashed(table) => table.first_from(0).map(|(_, object)| object),
            Objects::Ordered(tree) => object(tree.forward(|_| false).first()),
        }
    }

    /// The last object; tables with hashed keys have one order.
    #[must_use]
    pub fn last(&self) -> Option<Object> {
        match &self.objects {
            Objects::Hashed(_) => self.first(),
            Objects::Ordered(tree) => object(tree.backward(|_| true).last()),
        }
    }

    /// The first object of the key after a key; none in none if the key has to be there and is not, or is what stands for the end.
    #[must_use]
    pub fn next(&self, atoms: &AtomTable, key: Term) -> Option<Option<Object>> {
        match &self.objects {
            Objects::Hashed(table) => table.after(hash_of(atoms, key), key),
            Objects::Ordered(_) if is_end(key) => None,
            Objects::Ordered(tree) => Some(tree.after(atoms, key)),
        }
    }

    /// The object of the key before a key; as [`next`](Self::next) if keys are hashed.
    #[must_use]
    pub fn previous(&self, atoms: &AtomTable, key: Term) -> Option<Option<Object>> {
        match &self.objects {
            Objects::Hashed(_) => self.next(atoms, key),
            Objects::Ordered(_) if is_end(key) => None,
            Objects::Ordered(tree) => Some(tree.before(atoms, key)),
        }
    }

    /// Shows all objects, those that are deleted and kept among them.
    pub fn each(&self, mut visit: impl FnMut(Object)) {
        match &self.objects {
            Objects::Hashed(table) => {
                for bucket in 0..table.active() {
                    let mut next = table.bucket(bucket);
                    while let Some(object) = next {
                        visit(object);
                        next = object.next();
                    }
                }
            }
            Objects::Ordered(tree) => tree.each(&mut |entry| visit(entry.object)),
        }
    }

    /// Holds the table fixed for a process.
    pub fn fix(&mut self, pid: LocalPid, monotonic: i64, system: i64) {
        let fixation =
            self.fixation.get_or_insert_with(|| Fixation { monotonic, system, holders: Vec::new() });
        match fixation.holders.iter_mut().find(|(holder, _)| *holder == pid) {
            Some((_, count)) => *count += 1,
            None => {
                fixation.holders.push((pid, 1));
                if let Objects::Hashed(table) = &mut self.objects {
                    table.hold();
                }
            }
        }
    }

    /// Takes back one fixation of a process. Gives whether it was its last.
    pub fn unfix(&mut self, pid: LocalPid) -> bool {
        let Some(fixation) = &mut self.fixation else { return false };
        let Some(index) = fixation.holders.iter().position(|(holder, _)| *holder == pid) else {
            return false;
        };
        fixation.holders[index].1 -= 1;
        if fixation.holders[index].1 > 0 {
            return false;
        }
        self.unfix_all(pid);
        true
    }

    /// Takes back all fixations of a process.
    pub fn unfix_all(&mut self, pid: LocalPid) {
        let Some(fixation) = &mut self.fixation else { return };
        let before = fixation.holders.len();
        fixation.holders.retain(|(holder, _)| *holder != pid);
        if fixation.holders.len() < before
            && let Objects::Hashed(table) = &mut self.objects
        {
            table.release();
        }
        if fixation.holders.is_empty() {
            self.fixation = None;
        }
    }
}

fn object(entry: Option<&Entry>) -> Option<Object> {
    entry.map(|entry| entry.object)
}
