// SPDX-License-Identifier: Apache-2.0
//! How a driver tells the other domain that shared memory has changed.

/// The sending side of an event channel.
///
/// Drivers ring; what carries the signal (an event channel port, in tests a counter) is not theirs to know.
pub trait Doorbell {
    /// Signals the other domain. It must not be assumed to react at once, or at all.
    fn ring(&self);
}

impl<B: Doorbell + ?Sized> Doorbell for &B {
    fn ring(&self) {
        (**self).ring();
    }
}

impl<B: Doorbell + ?Sized> Doorbell for alloc::rc::Rc<B> {
    fn ring(&self) {
        (**self).ring();
    }
}
