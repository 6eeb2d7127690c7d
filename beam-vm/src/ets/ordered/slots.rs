// SPDX-License-Identifier: Apache-2.0
//! What is in a node beside the digests: values in places one after the other, in the memory of the node itself.
#![expect(unsafe_code, reason = "shows the places that have been written")]

use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};

/// Places for some values, the first of which have one.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Slots<T, const CAPACITY: usize> {
    /// How many have been written. All of those are before the others.
    len: usize,
    places: [MaybeUninit<T>; CAPACITY],
}

impl<T: Copy, const CAPACITY: usize> Slots<T, CAPACITY> {
    /// Without values.
    pub(super) fn new() -> Self {
        Self { len: 0, places: [MaybeUninit::uninit(); CAPACITY] }
    }

    /// Puts a value at a place; those from there on go up.
    #[inline]
    pub(super) fn insert(&mut self, index: usize, value: T) {
        let places = &mut self.places[index..=self.len];
        places.copy_within(..places.len() - 1, 1);
        places[0] = MaybeUninit::new(value);
        self.len += 1;
    }

    /// Takes a value out; those after it go down.
    #[inline]
    pub(super) fn remove(&mut self, index: usize) -> T {
        let value = self[index];
        self.places[index..self.len].copy_within(1.., 0);
        self.len -= 1;
        value
    }

    /// Takes the values from a place on out.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let mut upper = Self::new();
        upper.append(&self[at..]);
        self.len = at;
        upper
    }

    /// Puts values at the end.
    pub(super) fn append(&mut self, values: &[T]) {
        let end = self.len + values.len();
        self.places[self.len..end].write_copy_of_slice(values);
        self.len = end;
    }
}

impl<T, const CAPACITY: usize> Deref for Slots<T, CAPACITY> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: as many places as the length says have been written: what makes it larger writes the places before.
        unsafe { self.places[..self.len].assume_init_ref() }
    }
}

impl<T, const CAPACITY: usize> DerefMut for Slots<T, CAPACITY> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { self.places[..self.len].assume_init_mut() }
    }
}
