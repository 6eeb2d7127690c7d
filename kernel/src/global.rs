// SPDX-License-Identifier: Apache-2.0
//! A cell for the few things that the kernel has once: exclusive access that is checked, never waited for.
//!
//! The domain has one vCPU, event upcalls stay masked and a trap never returns, so a second access can only come from the
//! first one's own call tree. Waiting for it would hang; here it is a panic with the place of both, or `None` for the
//! crash report, which must go on whatever was under way.
#![expect(unsafe_code, reason = "a static with interior mutability needs UnsafeCell and Sync")]

use core::cell::{Cell, UnsafeCell};
use core::ops::{Deref, DerefMut};
use core::panic::Location;

/// A value in a static.
pub struct Global<T> {
    holder: Cell<Option<&'static Location<'static>>>,
    value: UnsafeCell<T>,
}

// SAFETY: the kernel never starts a second vCPU and runs nothing in upcalls or trap handlers beside the crash report, which
// goes through `try_borrow`; so all access is from one thread of execution. Hosted tests keep their `Global` on one thread.
unsafe impl<T> Sync for Global<T> {}

/// Exclusive access, for as long as this lives.
pub struct Borrowed<'a, T> {
    global: &'a Global<T>,
}

impl<T> Global<T> {
    /// A cell that holds `value`.
    pub const fn new(value: T) -> Self {
        Self { holder: Cell::new(None), value: UnsafeCell::new(value) }
    }

    /// Access to the value.
    ///
    /// # Panics
    /// When it is in use already further up the call tree.
    #[track_caller]
    pub fn borrow(&self) -> Borrowed<'_, T> {
        match self.try_borrow() {
            Some(borrowed) => borrowed,
            None => panic!("already in use since {}", self.holder.get().unwrap_or(Location::caller())),
        }
    }

    /// Access to the value, or `None` when it is in use already.
    #[track_caller]
    pub fn try_borrow(&self) -> Option<Borrowed<'_, T>> {
        if self.holder.get().is_some() {
            return None;
        }
        self.holder.set(Some(Location::caller()));
        Some(Borrowed { global: self })
    }
}

impl<T> Deref for Borrowed<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: a `Borrowed` exists only while `holder` is set, and `try_borrow` makes no second one while it is; so the
        // only references to the value are those derived from this one, under its own borrow.
        unsafe { &*self.global.value.get() }
    }
}

impl<T> DerefMut for Borrowed<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`; `&mut self` makes it the only reference derived from this `Borrowed`.
        unsafe { &mut *self.global.value.get() }
    }
}

impl<T> Drop for Borrowed<'_, T> {
    fn drop(&mut self) {
        self.global.holder.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_access_is_refused_until_the_first_ends() {
        let global = Global::new(1);
        let mut first = global.borrow();
        *first += 1;
        assert!(global.try_borrow().is_none());
        drop(first);
        assert_eq!(*global.borrow(), 2);
    }

    #[test]
    #[should_panic(expected = "already in use since kernel/src/global.rs")]
    fn a_nested_access_names_the_first() {
        let global = Global::new(());
        let _first = global.borrow();
        let _second = global.borrow();
    }
}
