// SPDX-License-Identifier: Apache-2.0
//! What a driver has to offer, so that a [`Binding`](super::Binding) can lead it through the handshake.

use super::device::Device;
use super::error::Error;
use super::handshake::Order;
use crate::xenstore::{self, Store};

/// A driver of one device.
///
/// The binding calls `offer` and `publish`, later `connect`; when the back end goes, `disconnect`, and after that
/// perhaps `offer` again. Errors of the driver close the device and are handed up.
pub trait FrontEnd {
    /// Whose `Connected` comes first.
    fn order(&self) -> Order;

    /// Reads what the back end can do, and makes rings and event channels for it. Nothing is set up before.
    fn offer(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error>;

    /// Writes what was made to the device's own nodes. It may be called several times for one offer: it runs in
    /// a transaction.
    fn publish(&self, store: &mut dyn Store, device: &Device) -> Result<(), xenstore::Error>;

    /// Reads what the back end says about the device, and begins to use it.
    fn connect(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error>;

    /// Starts nothing new until `resume`. A driver of a device that never changes need not care.
    fn pause(&mut self) {}

    /// Reads anew what the back end says about the device, and goes on.
    fn resume(&mut self, store: &mut dyn Store, device: &Device) -> Result<(), Error> {
        self.connect(store, device)
    }

    /// Stops and takes back all that was lent, as soon as the back end lets go of it. What was under way is kept
    /// or fails, as the driver promises to its users. It is called after an `offer` or `connect` that failed, too.
    fn disconnect(&mut self);
}
