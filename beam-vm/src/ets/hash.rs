// SPDX-License-Identifier: Apache-2.0
//! Tables with hashed keys: linear hashing, which splits or joins one bucket at a time, as `erts/emulator/beam/erl_db_hash.c` does it, so that
//! a table of numbers is listed in stock's order.
//!
//! The objects of a key lie side by side in their bucket, the newest first. While somebody holds the table fixed no bucket is split
//! or joined, and of the objects of a key that are deleted one is kept, so that a walk finds its way.
#![expect(unsafe_code, reason = "frees objects")]

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::batch::Batch;
use super::bucket::Bucket;
use super::object::{Deleted, Lines, OVERHEAD, Object};
use crate::atom::AtomTable;
use crate::compare;
use crate::hash;
use crate::term::Term;

/// Buckets of the first segment.
const FIRST: usize = 256;
/// Buckets of each other.
const SEGMENT: usize = 2048;
/// How many buckets one insertion or deletion splits or joins at most.
const STEPS: usize = 5;

/// Buckets that are emptied before their objects are freed, while the memory of those is on its way.
const AHEAD: usize = 16;

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

/// A table with hashed keys.
#[derive(Debug)]
pub struct HashTable {
    kind: Kind,
    key_position: usize,
    segments: Vec<Box<[Bucket]>>,
    /// How many buckets are in use.
    active: usize,
    mask: usize,
    count: usize,
    words: usize,
    /// How often the table is held fixed.
    holds: usize,
    /// Buckets with objects that are deleted and kept.
    kept: Vec<usize>,
}

/// The objects of a key, the newest first.
#[derive(Clone)]
pub struct Chain {
    next: Option<Object>,
    hash: u32,
    key: Term,
    key_position: usize,
}

impl Iterator for Chain {
    type Item = Object;

    fn next(&mut self) -> Option<Object> {
        loop {
            let object = self.next?;
            if !has_key(object, self.hash, self.key, self.key_position) {
                self.next = None;
                return None;
            }
            self.next = object.next();
            if !object.is_deleted() {
                return Some(object);
            }
        }
    }
}

#[inline]
fn has_key(object: Object, hash: u32, key: Term, key_position: usize) -> bool {
    object.hash() == hash && object.element(key_position).is_some_and(|other| compare::same(other, key))
}

#[inline]
fn segment_of(bucket: usize) -> (usize, usize) {
    let segment = (bucket + SEGMENT - FIRST) / SEGMENT;
    (segment, bucket % SEGMENT)
}

/// The hash of a key. Atoms have the one that they always have, which does not differ from run to run.
#[inline]
pub fn hash_of(atoms: &AtomTable, key: Term) -> u32 {
    if key.is_immediate() { hash_of_immediate(atoms, key) } else { hash::internal(key) }
}

#[inline(always)]
fn hash_of_immediate(atoms: &AtomTable, key: Term) -> u32 {
    match key.as_atom() {
        Some(atom) => atoms.hash(atom),
        None => hash::internal(key),
    }
}

impl HashTable {
    /// A table without objects.
    pub fn new(kind: Kind, key_position: usize) -> Self {
        let first = alloc::vec![Bucket::default(); FIRST].into_boxed_slice();
        Self {
            kind,
            key_position,
            segments: [first].into(),
            active: FIRST,
            mask: FIRST - 1,
            count: 0,
            words: 0,
            holds: 0,
            kept: Vec::new(),
        }
    }

    /// Whether a key has one object at most.
    #[inline]
    pub(super) fn is_set(&self) -> bool {
        self.kind == Kind::Set
    }

    /// How many objects there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The words of objects.
    pub fn words(&self) -> usize {
        self.words
    }

    /// How many buckets there is room for.
    pub fn slots(&self) -> usize {
        FIRST + (self.segments.len() - 1) * SEGMENT
    }

    /// Words of buckets and of the table of their segments that there was no need of at first.
    pub fn segment_words(&self) -> usize {
        let segments = self.segments.len();
        let mut words = (segments - 1) * SEGMENT;
        let mut room = 1;
        while segments > room {
            let more = if room == 1 { 256 } else { room + 128 };
            words += more + 6;
            room = more;
        }
        words
    }

    /// How many buckets are in use.
    pub fn active(&self) -> usize {
        self.active
    }

    /// The bucket of a hash.
    #[inline]
    pub fn bucket_of(&self, hash: u32) -> usize {
        let bucket = hash as usize & self.mask;
        if bucket >= self.active { bucket & self.mask >> 1 } else { bucket }
    }

    #[inline]
    fn at(&self, bucket: usize) -> &Bucket {
        let (segment, index) = segment_of(bucket);
        &self.segments[segment][index]
    }

    fn at_mut(&mut self, bucket: usize) -> &mut Bucket {
        let (segment, index) = segment_of(bucket);
        &mut self.segments[segment][index]
    }

    /// The first object of a bucket, deleted or not.
    #[inline]
    pub fn bucket(&self, bucket: usize) -> Option<Object> {
        self.at(bucket).first()
    }

    /// Asks for the memory of the bucket of a hash, which is looked into soon.
    #[inline]
    pub fn prefetch(&self, hash: u32) {
        self.at(self.bucket_of(hash)).prefetch();
    }

    /// Lists a bucket, with objects that are deleted. The batch has to have room.
    #[inline]
    pub fn list(&self, bucket: usize, lines: Lines, batch: &mut Batch) {
        batch.add(self.at(bucket), lines);
    }

    /// Lists buckets in a row from one on, as many as there is room for.
    #[inline]
    pub fn list_from(&self, bucket: usize, lines: Lines, batch: &mut Batch) {
        let (segment, index) = segment_of(bucket);
        let Some(segment) = self.segments.get(segment) else { return };
        // A segment's last buckets are before its first ones.
        let end = if index < FIRST { FIRST } else { SEGMENT };
        let end = end.min(index + self.active.saturating_sub(bucket));
        for bucket in &segment[index..end] {
            if !batch.has_room() {
                return;
            }
            batch.add(bucket, lines);
        }
    }

    /// In how many lines of the cache most objects are.
    #[must_use]
    pub fn lines(&self) -> Lines {
        Lines::of((self.words / self.count.max(1)).saturating_sub(OVERHEAD))
    }

    /// The first object of a key, deleted or not.
    pub(super) fn find(&self, hash: u32, key: Term) -> Option<Object> {
        if key.is_immediate() { self.find_immediate(hash, key) } else { self.find_other(hash, key) }
    }

    #[inline(always)]
    fn find_immediate(&self, hash: u32, key: Term) -> Option<Object> {
        let position = self.key_position;
        let bucket = self.at(self.bucket_of(hash));
        bucket.find(hash, move |object| object.has_immediate(position, key))
    }

    #[inline(always)]
    fn find_other(&self, hash: u32, key: Term) -> Option<Object> {
        let position = self.key_position;
        let bucket = self.at(self.bucket_of(hash));
        bucket.find(hash, move |object| has_key(object, hash, key, position))
    }

    /// The newest object of a key.
    #[inline(always)]
    pub fn get(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        if key.is_immediate() { self.get_by_immediate(atoms, key) } else { self.get_by_other(key) }
    }

    #[inline(never)]
    fn get_by_immediate(&self, atoms: &AtomTable, key: Term) -> Option<Object> {
        let hash = hash_of_immediate(atoms, key);
        let found = self.find_immediate(hash, key)?;
        if found.is_deleted() { self.get_behind(hash, key) } else { Some(found) }
    }

    #[inline(never)]
    fn get_by_other(&self, key: Term) -> Option<Object> {
        let hash = hash::internal(key);
        let found = self.find_other(hash, key)?;
        if found.is_deleted() { self.get_behind(hash, key) } else { Some(found) }
    }

    /// The same if the first one is deleted.
    #[cold]
    #[inline(never)]
    fn get_behind(&self, hash: u32, key: Term) -> Option<Object> {
        self.lookup(hash, key).next()
    }

    /// The objects of a key, the newest first.
    pub fn lookup(&self, hash: u32, key: Term) -> Chain {
        Chain { next: self.find(hash, key), hash, key, key_position: self.key_position }
    }

    fn account(&mut self, object: Object) {
        self.count += 1;
        self.words += object.words() + OVERHEAD;
    }

    fn free(&mut self, object: Object) {
        self.words -= object.words() + OVERHEAD;
        // SAFETY: the object has just been taken out of its bucket, and whoever asked for that uses no terms of it.
        unsafe { object.free() };
    }

    /// Puts an object in.
    pub fn insert(&mut self, key: Term, object: Object) {
        let Some(first) = self.find(object.hash(), key) else { return self.add(object) };
        match self.kind {
            Kind::Set => self.supersede(first, object),
            Kind::Bag => self.insert_into_bag(key, object, first),
            Kind::DuplicateBag => self.put_before(first, object),
        }
    }

    /// Puts an object in whose key is not there.
    #[inline]
    pub(super) fn add(&mut self, object: Object) {
        let bucket = self.bucket_of(object.hash());
        self.at_mut(bucket).append(object);
        self.account(object);
        self.grow();
    }

    /// Puts an object of a set in the place of one with the same key, which may be deleted.
    pub(super) fn supersede(&mut self, before: Object, object: Object) {
        self.count += usize::from(before.is_deleted());
        self.replace(before, object);
    }

    /// Puts an object in the place of one, which is freed.
    fn exchange(&mut self, bucket: usize, before: Object, object: Object) {
        self.at_mut(bucket).replace(before, object);
        self.words += object.words() + OVERHEAD;
        self.free(before);
    }

    fn put_before(&mut self, place: Object, object: Object) {
        let bucket = self.bucket_of(object.hash());
        self.at_mut(bucket).put_before(place, object);
        self.account(object);
        self.grow();
    }

    fn insert_into_bag(&mut self, key: Term, object: Object, first: Object) {
        let mut next = Some(first);
        while let Some(other) = next {
            if !has_key(other, object.hash(), key, self.key_position) {
                break;
            }
            if compare::same(other.term(), object.term()) {
                if other.is_deleted() {
                    other.mark(Deleted::No);
                    self.count += 1;
                    if other != first {
                        // It is the newest now.
                        let bucket = self.bucket_of(object.hash());
                        self.at_mut(bucket).remove(other);
                        self.at_mut(bucket).put_before(first, other);
                    }
                }
                // SAFETY: nobody has seen the object.
                unsafe { object.free() };
                return;
            }
            next = other.next();
        }
        self.put_before(first, object);
    }

    /// Takes those objects of a key out that a test says. Gives how many there were.
    pub fn delete(&mut self, hash: u32, key: Term, mut test: impl FnMut(Object) -> bool) -> usize {
        let bucket = self.bucket_of(hash);
        let mut next = self.find(hash, key);
        let mut is_first = true;
        let mut taken = 0;
        while let Some(object) = next {
            if !has_key(object, hash, key, self.key_position) {
                break;
            }
            next = object.next();
            if object.is_deleted() || !test(object) {
                is_first &= object.is_deleted();
                continue;
            }
            taken += 1;
            self.count -= 1;
            if self.holds > 0 && is_first {
                object.mark(Deleted::Yes);
                self.kept.push(bucket);
            } else {
                self.at_mut(bucket).remove(object);
                self.free(object);
            }
            is_first = false;
        }
        if taken > 0 {
            self.shrink();
        }
        taken
    }

    /// Puts an object in the place of one with the same key.
    pub fn replace(&mut self, before: Object, object: Object) {
        self.exchange(self.bucket_of(before.hash()), before, object);
    }

    /// Takes one object out. Its bucket is not joined with another, so that a walk over buckets may go on.
    pub fn take_out(&mut self, object: Object) {
        let bucket = self.bucket_of(object.hash());
        self.count -= 1;
        if self.holds > 0 {
            object.mark(Deleted::Yes);
            self.kept.push(bucket);
        } else {
            self.at_mut(bucket).remove(object);
            self.free(object);
        }
    }

    /// Marks all objects as deleted, as long as somebody holds the table.
    pub fn mark_all(&mut self) {
        for bucket in 0..self.active {
            let mut next = self.bucket(bucket);
            if next.is_some() {
                self.kept.push(bucket);
            }
            while let Some(object) = next {
                object.mark(Deleted::Yes);
                next = object.next();
            }
        }
        self.count = 0;
    }

    /// The first object of a bucket or of those after it that is not deleted, and its bucket.
    pub fn first_from(&self, bucket: usize) -> Option<(usize, Object)> {
        for bucket in bucket..self.active {
            if let Some(object) = live_from(self.bucket(bucket)) {
                return Some((bucket, object));
            }
        }
        None
    }

    /// The first object after those of a key; none in none if the key is not there.
    pub fn after(&self, hash: u32, key: Term) -> Option<Option<Object>> {
        let mut next = self.find(hash, key);
        next?;
        while let Some(object) = next {
            if !has_key(object, hash, key, self.key_position) {
                break;
            }
            next = object.next();
        }
        let bucket = self.bucket_of(hash);
        Some(live_from(next).or_else(|| self.first_from(bucket + 1).map(|(_, object)| object)))
    }

    /// Holds the table fixed once more.
    pub fn hold(&mut self) {
        self.holds += 1;
    }

    /// Lets go. When nobody holds the table any more, what was deleted meanwhile is freed.
    pub fn release(&mut self) {
        self.holds = self.holds.saturating_sub(1);
        if self.holds > 0 {
            return;
        }
        for bucket in core::mem::take(&mut self.kept) {
            let mut next = self.bucket(bucket);
            while let Some(object) = next {
                next = object.next();
                if object.is_deleted() {
                    self.at_mut(bucket).remove(object);
                    self.free(object);
                }
            }
        }
    }

    /// Whether somebody holds the table.
    pub fn is_held(&self) -> bool {
        self.holds > 0
    }

    #[inline]
    fn grow(&mut self) {
        if self.count > self.active {
            self.split_some();
        }
    }

    #[inline(never)]
    fn split_some(&mut self) {
        for _ in 0..STEPS {
            if self.count <= self.active || self.holds > 0 {
                return;
            }
            if self.active == self.slots() {
                self.segments.push(alloc::vec![Bucket::default(); SEGMENT].into_boxed_slice());
            }
            let from = if self.active <= self.mask {
                self.active & self.mask >> 1
            } else {
                self.mask = self.mask << 1 | 1;
                0
            };
            let to = self.active;
            self.active += 1;
            self.split(from, to);
            // The next to be split, most likely with the next insertion.
            self.at(from + 1).prefetch_objects();
        }
    }

    /// Distributes the objects of a bucket; they stay in their order.
    fn split(&mut self, from: usize, to: usize) {
        let mut next = self.bucket(from);
        let mut firsts = [None; 2];
        let mut lasts: [Option<Object>; 2] = [None; 2];
        while let Some(object) = next {
            next = object.next();
            let half = usize::from(object.hash() as usize & self.mask == to);
            match lasts[half] {
                Some(last) => last.set_next(Some(object)),
                None => firsts[half] = Some(object),
            }
            lasts[half] = Some(object);
        }
        lasts.into_iter().flatten().for_each(|last| last.set_next(None));
        *self.at_mut(from) = Bucket::of_chain(firsts[0]);
        *self.at_mut(to) = Bucket::of_chain(firsts[1]);
    }

    /// Joins some buckets if there are too many.
    pub fn shrink(&mut self) {
        if self.slots() < FIRST + 2 * SEGMENT {
            return;
        }
        for _ in 0..STEPS {
            let limit = (self.slots() - SEGMENT) / 2;
            if self.count >= limit || self.holds > 0 || self.slots() < FIRST + 2 * SEGMENT {
                return;
            }
            let last = self.active - 1;
            let low = self.mask >> 1;
            let into = last & low;
            self.join(last, into);
            self.active = last;
            if into == 0 {
                self.mask = low;
            }
            if self.slots() - last >= SEGMENT {
                self.segments.pop();
            }
        }
    }

    /// Puts the objects of one bucket before those of another.
    fn join(&mut self, from: usize, into: usize) {
        let Some(first) = self.bucket(from) else { return };
        let mut last = first;
        while let Some(next) = last.next() {
            last = next;
        }
        last.set_next(self.bucket(into));
        *self.at_mut(into) = Bucket::of_chain(Some(first));
        *self.at_mut(from) = Bucket::default();
    }

    /// Frees objects until a budget is used up. Gives whether all are gone; the table must not be used afterwards.
    pub fn dismantle(&mut self, budget: &mut usize) -> bool {
        let mut objects = Vec::new();
        while self.active > 0 {
            objects.clear();
            for _ in 0..AHEAD.min(self.active) {
                self.active -= 1;
                core::mem::take(self.at_mut(self.active)).list(&mut objects);
            }
            *budget = budget.saturating_sub(objects.len());
            objects.iter().for_each(|object| self.free(*object));
            if *budget == 0 {
                return self.active == 0;
            }
        }
        true
    }
}

fn live_from(mut next: Option<Object>) -> Option<Object> {
    while let Some(object) = next {
        if !object.is_deleted() {
            return Some(object);
        }
        next = object.next();
    }
    None
}

impl Drop for HashTable {
    fn drop(&mut self) {
        self.dismantle(&mut usize::MAX.clone());
    }
}
