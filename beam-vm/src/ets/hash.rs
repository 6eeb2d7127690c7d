// SPDX-License-Identifier: Apache-2.0
//! Tables with hashed keys: linear hashing, which splits or joins one bucket at a time, as `erts/emulator/beam/erl_db_hash.c` does it, so that
//! a table of numbers is listed in stock's order.
//!
//! The objects of a key lie side by side in their bucket, the newest first. While somebody holds the table fixed no bucket is split
//! or joined, and of the objects of a key that are deleted one is kept, so that a walk finds its way.
#![expect(unsafe_code, reason = "follows and changes the links of buckets, and frees objects")]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ptr::NonNull;

use super::object::{Deleted, Object};
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

type Link = Option<Object>;

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
    segments: Vec<Box<[Link]>>,
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
    next: Link,
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

fn segment_of(bucket: usize) -> (usize, usize) {
    let segment = (bucket + SEGMENT - FIRST) / SEGMENT;
    (segment, bucket % SEGMENT)
}

/// The hash of a key. Atoms have the one that they always have, which does not differ from run to run.
#[inline]
pub fn hash_of(atoms: &AtomTable, key: Term) -> u32 {
    match key.as_atom() {
        Some(atom) => atoms.hash(atom),
        None => hash::internal(key),
    }
}

fn place_of(links: &mut [Link], index: usize) -> NonNull<Link> {
    NonNull::from(&mut links[index])
}

impl HashTable {
    /// A table without objects.
    pub fn new(kind: Kind, key_position: usize) -> Self {
        let first = alloc::vec![None; FIRST].into_boxed_slice();
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

    /// The first object of a bucket, deleted or not.
    #[inline]
    pub fn bucket(&self, bucket: usize) -> Option<Object> {
        let (segment, index) = segment_of(bucket);
        self.segments[segment][index]
    }

    fn place(&mut self, bucket: usize) -> NonNull<Link> {
        let (segment, index) = segment_of(bucket);
        place_of(&mut self.segments[segment], index)
    }

    /// The place of the first object of a key, or the end of its bucket.
    fn find_place(&mut self, hash: u32, key: Term) -> NonNull<Link> {
        let mut place = self.place(self.bucket_of(hash));
        // SAFETY: the places of a bucket are in the segment and in live objects.
        while let Some(object) = unsafe { place.read() } {
            if has_key(object, hash, key, self.key_position) {
                break;
            }
            place = object.next_place();
        }
        place
    }

    fn find(&self, hash: u32, key: Term) -> Option<Object> {
        let mut next = self.bucket(self.bucket_of(hash));
        while let Some(object) = next {
            if has_key(object, hash, key, self.key_position) {
                return Some(object);
            }
            next = object.next();
        }
        None
    }

    /// The objects of a key, the newest first.
    pub fn lookup(&self, hash: u32, key: Term) -> Chain {
        Chain { next: self.find(hash, key), hash, key, key_position: self.key_position }
    }

    fn account(&mut self, object: Object) {
        self.count += 1;
        self.words += object.words() + super::object::OVERHEAD;
    }

    fn free(&mut self, object: Object) {
        self.words -= object.words() + super::object::OVERHEAD;
        // SAFETY: the object has just been taken out of its bucket, and whoever asked for that uses no terms of it.
        unsafe { object.free() };
    }

    /// Puts an object in.
    pub fn insert(&mut self, key: Term, object: Object) {
        let place = self.find_place(object.hash(), key);
        // SAFETY: the places of a bucket are in the segment and in live objects.
        let found = unsafe { place.read() };
        let Some(first) = found else {
            // SAFETY: as above.
            unsafe { place.write(Some(object)) };
            self.account(object);
            self.grow();
            return;
        };
        match self.kind {
            Kind::Set => {
                if first.is_deleted() {
                    self.count += 1;
                }
                // SAFETY: the new object takes the place of the old one.
                unsafe {
                    object.next_place().write(first.next());
                    place.write(Some(object));
                }
                self.words += object.words() + super::object::OVERHEAD;
                self.free(first);
            }
            Kind::Bag => self.insert_into_bag(key, object, place),
            Kind::DuplicateBag => self.put_before(place, object),
        }
    }

    fn put_before(&mut self, place: NonNull<Link>, object: Object) {
        // SAFETY: the place is in the segment or in a live object.
        unsafe {
            object.next_place().write(place.read());
            place.write(Some(object));
        }
        self.account(object);
        self.grow();
    }

    fn insert_into_bag(&mut self, key: Term, object: Object, first: NonNull<Link>) {
        let mut place = first;
        // SAFETY: the places of a bucket are in the segment and in live objects.
        while let Some(other) = unsafe { place.read() } {
            if !has_key(other, object.hash(), key, self.key_position) {
                break;
            }
            if compare::same(other.term(), object.term()) {
                if other.is_deleted() {
                    other.mark(Deleted::No);
                    self.count += 1;
                    if place != first {
                        // SAFETY: as above; it moves to the front.
                        unsafe {
                            place.write(other.next());
                            other.next_place().write(first.read());
                            first.write(Some(other));
                        }
                    }
                }
                // SAFETY: nobody has seen the object.
                unsafe { object.free() };
                return;
            }
            place = other.next_place();
        }
        self.put_before(first, object);
    }

    /// Takes those objects of a key out that a test says. Gives how many there were.
    pub fn delete(&mut self, hash: u32, key: Term, mut test: impl FnMut(Object) -> bool) -> usize {
        let bucket = self.bucket_of(hash);
        let mut place = self.find_place(hash, key);
        let mut is_first = true;
        let mut taken = 0;
        // SAFETY: the places of a bucket are in the segment and in live objects.
        while let Some(object) = unsafe { place.read() } {
            if !has_key(object, hash, key, self.key_position) {
                break;
            }
            if object.is_deleted() || !test(object) {
                is_first &= object.is_deleted();
                place = object.next_place();
                continue;
            }
            taken += 1;
            self.count -= 1;
            if self.holds > 0 && is_first {
                object.mark(Deleted::Yes);
                self.kept.push(bucket);
                place = object.next_place();
            } else {
                // SAFETY: as above.
                unsafe { place.write(object.next()) };
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
        let mut place = self.place(self.bucket_of(before.hash()));
        // SAFETY: the places of a bucket are in the segment and in live objects.
        while let Some(other) = unsafe { place.read() } {
            if other == before {
                // SAFETY: as above.
                unsafe {
                    object.next_place().write(before.next());
                    place.write(Some(object));
                }
                self.words += object.words() + super::object::OVERHEAD;
                self.free(before);
                return;
            }
            place = other.next_place();
        }
    }

    /// Takes one object out. Its bucket is not joined with another, so that a walk over buckets may go on.
    pub fn take_out(&mut self, object: Object) {
        let bucket = self.bucket_of(object.hash());
        if self.holds > 0 {
            object.mark(Deleted::Yes);
            self.kept.push(bucket);
            self.count -= 1;
            return;
        }
        let mut place = self.place(bucket);
        // SAFETY: the places of a bucket are in the segment and in live objects.
        while let Some(other) = unsafe { place.read() } {
            if other == object {
                // SAFETY: as above.
                unsafe { place.write(object.next()) };
                self.count -= 1;
                self.free(object);
                return;
            }
            place = other.next_place();
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
            let mut place = self.place(bucket);
            // SAFETY: the places of a bucket are in the segment and in live objects.
            while let Some(object) = unsafe { place.read() } {
                if object.is_deleted() {
                    // SAFETY: as above.
                    unsafe { place.write(object.next()) };
                    self.free(object);
                } else {
                    place = object.next_place();
                }
            }
        }
    }

    /// Whether somebody holds the table.
    pub fn is_held(&self) -> bool {
        self.holds > 0
    }

    fn grow(&mut self) {
        for _ in 0..STEPS {
            if self.count <= self.active || self.holds > 0 {
                return;
            }
            if self.active == self.slots() {
                self.segments.push(alloc::vec![None; SEGMENT].into_boxed_slice());
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
        }
    }

    /// Distributes the objects of a bucket; they stay in their order.
    fn split(&mut self, from: usize, to: usize) {
        let mut next = self.bucket(from);
        let mut ends = [self.place(from), self.place(to)];
        // SAFETY: the places are in segments and in live objects, and each object is linked once again.
        unsafe {
            while let Some(object) = next {
                next = object.next();
                let end = &mut ends[usize::from(object.hash() as usize & self.mask == to)];
                end.write(Some(object));
                *end = object.next_place();
            }
            for end in ends {
                end.write(None);
            }
        }
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
        let mut end = self.place(from);
        // SAFETY: the places are in segments and in live objects.
        unsafe {
            while let Some(object) = end.read() {
                end = object.next_place();
            }
            end.write(self.bucket(into));
            let first = self.bucket(from);
            self.place(into).write(first);
            self.place(from).write(None);
        }
    }

    /// Frees objects until a budget is used up. Gives whether all are gone; the table must not be used afterwards.
    pub fn dismantle(&mut self, budget: &mut usize) -> bool {
        while let Some(bucket) = self.active.checked_sub(1) {
            let mut next = self.place(bucket);
            // SAFETY: the places are in segments and in live objects.
            while let Some(object) = unsafe { next.read() } {
                // SAFETY: as above.
                unsafe { next.write(object.next()) };
                self.free(object);
                *budget = budget.saturating_sub(1);
                next = self.place(bucket);
            }
            self.active = bucket;
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
