// SPDX-License-Identifier: Apache-2.0
//! Buckets: the objects whose hashes have the same low bits, in a chain.
//!
//! An object lies somewhere in memory, and to look at it is what a search waits for. So a bucket has its first two objects side by side, each
//! with bits of its hash in the high bits of its address, where addresses have none: who is looked for in vain is missed
//! without a look at any object, and who is there is found by a look at it alone, but for the few chains that are longer.
#![expect(unsafe_code, reason = "makes objects of addresses again")]

use alloc::vec::Vec;
use core::hint::select_unpredictable;

use super::object::{Lines, Object, prefetch_at};

/// Bits of an address.
const ADDRESS: u64 = (1 << 48) - 1;
/// Bits of the hash, of which the lowest is always set: no tag is that of no link.
const TAG: u64 = 0x7FFF << 48;
/// In the second link: more follow.
const MORE: u64 = 1 << 63;
/// Spreads a hash, so that its high bits are not those by which it came into the bucket.
const SPREAD: u32 = 0x9E37_79B1;

#[inline]
fn tag_of(hash: u32) -> u64 {
    u64::from(hash.wrapping_mul(SPREAD) >> 17 | 1) << 48
}

/// A link with bits of the hash of what it leads to. None is 0.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Link(u64);

impl Link {
    fn to(object: Object) -> Self {
        debug_assert!(object.address() <= ADDRESS, "addresses have 48 bits");
        Self(object.address() | tag_of(object.hash()))
    }

    /// The second link of a bucket.
    fn to_second(object: Option<Object>) -> Self {
        let Some(object) = object else { return Self::default() };
        let more = if object.next().is_some() { MORE } else { 0 };
        Self(Self::to(object).0 | more)
    }

    #[inline]
    fn object(self) -> Option<Object> {
        // SAFETY: links are only made of objects, and whoever frees one takes it out of its bucket first.
        (self.0 != 0).then(|| unsafe { Object::from_address(self.0 & ADDRESS) })
    }

    #[inline]
    fn has(self, tag: u64) -> bool {
        self.0 & TAG == tag
    }

    fn leads_to(self, object: Object) -> bool {
        self.0 & ADDRESS == object.address()
    }
}

/// A bucket.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Bucket {
    first: Link,
    second: Link,
}

impl Bucket {
    /// The bucket of a chain.
    pub(super) fn of_chain(first: Option<Object>) -> Self {
        let Some(object) = first else { return Self::default() };
        Self { first: Link::to(object), second: Link::to_second(object.next()) }
    }

    /// The first object.
    #[inline]
    pub(super) fn first(&self) -> Option<Object> {
        self.first.object()
    }

    /// The first object that may have a hash and that passes a test.
    #[inline]
    pub(super) fn find(&self, hash: u32, is_it: impl Fn(Object) -> bool) -> Option<Object> {
        let tag = tag_of(hash);
        // Nobody can foretell which of the two it is. With a branch the processor would often have to begin anew, and only when
        // the bucket has come from memory.
        let link = select_unpredictable(self.first.has(tag), self.first, self.second);
        // Whoever is found is so before anything else is asked of the bucket, as nobody can foretell that either.
        if link.has(tag) {
            match link.object().filter(|object| is_it(*object)) {
                Some(object) => Some(object),
                None => self.find_further(tag, is_it),
            }
        } else if self.has_more() {
            self.find_further(tag, is_it)
        } else {
            None
        }
    }

    /// The same, one object after the other.
    #[inline(never)]
    fn find_further(&self, tag: u64, is_it: impl Fn(Object) -> bool) -> Option<Object> {
        let first = self.first.object()?;
        if self.first.has(tag) && is_it(first) {
            return Some(first);
        }
        let second = self.second.object()?;
        if self.second.has(tag) && is_it(second) {
            return Some(second);
        }
        let mut next = if self.has_more() { second.next() } else { None };
        while let Some(object) = next {
            if is_it(object) {
                break;
            }
            next = object.next();
        }
        next
    }

    /// Asks for the memory of the first objects, which are looked at soon.
    #[inline]
    pub(super) fn prefetch_objects(&self) {
        if let Some(first) = self.first.object() {
            first.prefetch(Lines::One);
        }
        if let Some(second) = self.second.object() {
            second.prefetch(Lines::One);
        }
    }

    /// Asks for the memory of the bucket itself.
    #[inline]
    pub(super) fn prefetch(&self) {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch changes nothing and does not fail.
        unsafe { _mm_prefetch::<_MM_HINT_T0>((&raw const *self).cast()) };
    }

    /// The first objects.
    #[inline]
    pub(super) fn two(&self) -> [Option<Object>; 2] {
        [self.first.object(), self.second.object()]
    }

    /// Asks for the memory of one of the objects, if there is such a one.
    #[inline]
    pub(super) fn prefetch_of(&self, object: Option<Object>, lines: Lines) {
        // For none it asks for what is there already: a processor takes its time to find out that there is nothing at address 0.
        let here: *const u8 = (&raw const *self).cast();
        prefetch_at(object.map_or(here, Object::start), lines);
    }

    /// Adds all objects to a list, and asks for the memory of the first ones.
    pub(super) fn list(&self, objects: &mut Vec<Object>) {
        self.prefetch_objects();
        objects.extend(self.two().into_iter().flatten());
        let mut last = objects.last().copied().filter(|_| self.has_more());
        while let Some(object) = last.and_then(Object::next) {
            objects.push(object);
            last = Some(object);
        }
    }

    /// Puts an object at the end.
    pub(super) fn append(&mut self, object: Object) {
        object.set_next(None);
        let Some(first) = self.first.object() else {
            self.first = Link::to(object);
            return;
        };
        let Some(second) = self.second.object() else {
            first.set_next(Some(object));
            self.second = Link::to(object);
            return;
        };
        let mut last = second;
        while let Some(next) = if self.has_more() { last.next() } else { None } {
            last = next;
        }
        last.set_next(Some(object));
        self.second.0 |= MORE;
    }

    /// Puts an object before one that is there.
    pub(super) fn put_before(&mut self, place: Object, object: Object) {
        object.set_next(Some(place));
        if self.first.leads_to(place) {
            let more = if self.second == Link::default() { 0 } else { MORE };
            self.second = Link(self.first.0 | more);
            self.first = Link::to(object);
        } else if let Some(before) = self.before(place) {
            before.set_next(Some(object));
            if self.second.leads_to(place) {
                self.second = Link(Link::to(object).0 | MORE);
            }
        }
    }

    /// Puts an object in the place of one that is there.
    pub(super) fn replace(&mut self, place: Object, object: Object) {
        object.set_next(place.next());
        if self.first.leads_to(place) {
            self.first = Link::to(object);
        } else if let Some(before) = self.before(place) {
            before.set_next(Some(object));
            if self.second.leads_to(place) {
                self.second = Link(Link::to(object).0 | self.second.0 & MORE);
            }
        }
    }

    /// Takes an object out that is there.
    pub(super) fn remove(&mut self, object: Object) {
        if self.first.leads_to(object) {
            let after = self.second.object().filter(|_| self.has_more()).and_then(Object::next);
            self.first = Link(self.second.0 & !MORE);
            self.second = Link::to_second(after);
        } else if let Some(before) = self.before(object) {
            let after = object.next();
            before.set_next(after);
            if self.second.leads_to(object) {
                self.second = Link::to_second(after);
            } else if self.second.leads_to(before) && after.is_none() {
                self.second.0 &= !MORE;
            }
        }
    }

    /// Whether there are more than two.
    #[inline]
    pub(super) fn has_more(&self) -> bool {
        self.second.0 & MORE != 0
    }

    /// The object before one that is there and not the first.
    fn before(&self, object: Object) -> Option<Object> {
        if self.second.leads_to(object) {
            return self.first.object();
        }
        let mut before = self.second.object()?;
        loop {
            let next = before.next()?;
            if next == object {
                return Some(before);
            }
            before = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::{Bucket, Object};
    use crate::ets::Pages;
    use crate::heap::{Fragment, build};
    use crate::term::Term;

    fn object(pages: &Pages, number: i64, hash: u32) -> Object {
        let mut block = Fragment::default();
        Object::new(pages, build::tuple(&mut block, &[Term::small_cut(number)]), hash)
    }

    fn free(object: Object) {
        // SAFETY: the bucket does not have it any more, or is not looked at again.
        unsafe { object.free() };
    }

    proptest! {
        #[test]
        fn buckets_are_what_lists_are(
            steps in prop::collection::vec((0_u8..5, any::<prop::sample::Index>(), 0_u32..3), 0..60)
        ) {
            let pages = Pages::default();
            let (mut bucket, mut model) = (Bucket::default(), Vec::<Object>::new());
            for (number, (step, index, hash)) in steps.into_iter().enumerate() {
                let new = || object(&pages, number as i64, hash);
                let place = (!model.is_empty()).then(|| index.index(model.len()));
                match (step, place) {
                    (1, Some(place)) => {
                        model.insert(place, new());
                        bucket.put_before(model[place + 1], model[place]);
                    }
                    (2, Some(place)) => {
                        let before = core::mem::replace(&mut model[place], new());
                        bucket.replace(before, model[place]);
                        free(before);
                    }
                    (3..=4, Some(place)) => {
                        bucket.remove(model[place]);
                        free(model.remove(place));
                    }
                    _ => {
                        model.push(new());
                        bucket.append(model[model.len() - 1]);
                    }
                }
                let chain = core::iter::successors(bucket.first(), |object| object.next());
                prop_assert_eq!(&chain.collect::<Vec<_>>(), &model);
                let mut list = Vec::new();
                bucket.list(&mut list);
                prop_assert_eq!(&list, &model);
                // What the bucket says of its first objects is what is found by looking.
                prop_assert_eq!(bucket, Bucket::of_chain(bucket.first()));
                for hash in 0..3 {
                    let found = bucket.find(hash, |object| object.hash() == hash);
                    prop_assert_eq!(found, model.iter().copied().find(|object| object.hash() == hash));
                }
            }
            model.into_iter().for_each(free);
        }
    }
}
