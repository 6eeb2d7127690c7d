// SPDX-License-Identifier: Apache-2.0
//! Xenbus: how front ends find their devices and agree with back ends (`xenbus.h`).
//!
//! A device is two directories in xenstore, `device/CLASS/INDEX` of the guest and one of the back end that the
//! former names. Each end writes its state into its own and watches the other's. [`handshake`] says what a front
//! end has to do next, [`binding`] does it, [`device`] knows the nodes, [`discovery`] tells which devices come and
//! go, and [`frontend`] is what a driver has to offer.

pub mod binding;
pub mod device;
pub mod discovery;
pub mod error;
pub mod frontend;
pub mod handshake;
pub mod state;

pub use binding::Binding;
pub use device::{Device, DeviceId};
pub use discovery::{Change, Discovery};
pub use error::Error;
pub use frontend::FrontEnd;
pub use handshake::{Action, Order, Phase, Step, Theirs};
pub use state::XenbusState;
