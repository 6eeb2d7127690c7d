// SPDX-License-Identifier: Apache-2.0
//! Batches: the objects of some buckets in a row, as a scan takes them.
//!
//! What a scan waits for is memory, and being wrong about what comes next: no bucket says how many objects its neighbour has. So the first objects of
//! buckets are listed without a look at them, while their memory is on its way, and without a branch on what a bucket has. The few chains that are longer
//! are marked, and followed when their time comes.

use alloc::vec::Vec;

use super::bucket::Bucket;
use super::object::{Lines, Object};

/// Places of a batch.
const ROOM: usize = 64;
/// Buckets that are listed at most.
pub const BUCKETS: usize = 24;
/// What one bucket takes at most: two objects and a mark.
const MOST: usize = 3;
/// When so much is listed, that is enough.
const ENOUGH: usize = 32;

const _: () = assert!(ENOUGH + MOST <= ROOM && BUCKETS <= u8::MAX as usize && ROOM <= u64::BITS as usize);

/// An object, and the place of its bucket among those of the batch.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// The object.
    pub object: Object,
    /// The place of its bucket.
    pub bucket: u8,
}

/// The objects of some buckets.
#[derive(Debug)]
pub struct Batch {
    /// None stands for what follows the object before.
    places: [Option<Object>; ROOM],
    /// The bucket of each.
    buckets: [u8; ROOM],
    len: usize,
    /// The places of marks, one bit for each.
    marks: u64,
    /// How many buckets there are.
    count: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self { places: [None; ROOM], buckets: [0; ROOM], len: 0, marks: 0, count: 0 }
    }
}

impl Batch {
    /// Makes it empty.
    #[inline]
    pub fn clear(&mut self) {
        (self.len, self.marks, self.count) = (0, 0, 0);
    }

    /// How many buckets there are.
    #[inline]
    #[must_use]
    pub fn buckets(&self) -> usize {
        self.count
    }

    /// How many places are taken.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no objects.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether another bucket may be listed.
    #[inline]
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.len < ENOUGH && self.count < BUCKETS
    }

    /// Lists a bucket. There has to be room.
    #[inline]
    pub(super) fn add(&mut self, bucket: &Bucket, lines: Lines) {
        let number = self.count as u8;
        for object in bucket.two() {
            bucket.prefetch_of(object, lines);
            self.put(object, number);
            self.len += usize::from(object.is_some());
        }
        let has_more = bucket.has_more();
        self.put(None, number);
        self.marks |= u64::from(has_more) << self.len;
        self.len += usize::from(has_more);
        self.count += 1;
    }

    #[inline]
    fn put(&mut self, object: Option<Object>, bucket: u8) {
        self.places[self.len % ROOM] = object;
        self.buckets[self.len % ROOM] = bucket;
    }

    /// Asks for the memory of what chains have after their first objects.
    #[inline]
    pub fn prefetch_more(&self, lines: Lines) {
        let mut marks = self.marks;
        while marks != 0 {
            let place = marks.trailing_zeros() as usize;
            marks &= marks - 1;
            self.before(place).into_iter().for_each(|object| object.prefetch(lines));
        }
    }

    /// What follows the object before a mark.
    fn before(&self, mark: usize) -> Option<Object> {
        self.places[mark - 1].and_then(Object::next)
    }

    /// Puts those objects that pass a test into a list, in the place of what is there. Whether one does is not branched on.
    #[inline]
    pub fn select(&self, list: &mut Vec<Listed>, passes: impl Fn(Object) -> bool) {
        list.clear();
        let Some(first) = self.places[0] else { return };
        list.resize(self.len, Listed { object: first, bucket: 0 });
        let mut count = 0;
        for place in 0..self.len {
            let bucket = self.buckets[place];
            match self.places[place] {
                Some(object) => {
                    list[count] = Listed { object, bucket };
                    count += usize::from(passes(object) & !object.is_deleted());
                }
                None => {
                    let mut next = self.before(place);
                    while let Some(object) = next {
                        if passes(object) && !object.is_deleted() {
                            // There was no place for it: the mark stands for the first of the chain alone.
                            if count + self.len - place > list.len() {
                                list.push(Listed { object, bucket });
                            }
                            list[count] = Listed { object, bucket };
                            count += 1;
                        }
                        next = object.next();
                    }
                }
            }
        }
        list.truncate(count);
    }
}
