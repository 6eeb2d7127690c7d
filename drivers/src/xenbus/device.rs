// SPDX-License-Identifier: Apache-2.0
//! A device: its two directories and what stands in them.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use super::error::Error;
use super::state::{self, XenbusState};
use crate::doorbell::Doorbell;
use crate::memory::DomId;
use crate::xenstore::{self, Session, Store, Wait, path};

/// Names a device among those of this guest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeviceId {
    /// What it is: `vif`, `vbd`, `9pfs` and so on.
    pub class: String,
    /// Which of them it is.
    pub index: u32,
}

impl DeviceId {
    /// The device's own directory, relative to the guest's.
    pub fn path(&self) -> String {
        format!("device/{}/{}", self.class, self.index)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.class, self.index)
    }
}

/// Where the two ends of a device stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Device {
    id: DeviceId,
    front: String,
    back: String,
    back_domain: DomId,
}

impl Device {
    /// Looks up where the back end of a device is.
    pub fn open(store: &mut dyn Store, id: &DeviceId) -> Result<Self, Error> {
        let front = id.path();
        let back = store.read_string(&format!("{front}/backend")).map_err(unplugged)?;
        path::check(&back).map_err(xenstore::Error::from)?;
        let back_domain = store.read_domain(&format!("{front}/backend-id")).map_err(unplugged)?;
        Ok(Self { id: id.clone(), front, back, back_domain })
    }

    /// Which device it is.
    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    /// The domain of the back end: whom to grant pages to and bind event channels with.
    pub fn back_domain(&self) -> DomId {
        self.back_domain
    }

    /// The path of a node of ours.
    pub fn front(&self, node: &str) -> String {
        format!("{}/{node}", self.front)
    }

    /// The path of a node of the back end.
    pub fn back(&self, node: &str) -> String {
        format!("{}/{node}", self.back)
    }

    /// The back end's state, or `None` when it has no such node: it is gone.
    pub fn back_state(&self, store: &mut dyn Store) -> Result<Option<XenbusState>, Error> {
        Ok(store.read_if_exists(&self.back("state"))?.map(|value| state::parse(&value)))
    }

    /// Whether the device still has its directory. The toolstack removes it when the device is unplugged.
    pub fn is_plugged(&self, store: &mut dyn Store) -> Result<bool, Error> {
        Ok(store.exists(&self.front("state"))?)
    }

    /// Whether the back end wants the device to go for good rather than to come back: its node `online` is 0.
    pub fn is_going_offline(&self, store: &mut dyn Store) -> Result<bool, Error> {
        Ok(store.read_if_exists(&self.back("online"))?.is_some_and(|value| value == b"0"))
    }

    /// Writes our state, unless the device is unplugged: a write alone would bring its directory back to life.
    pub fn switch_state<B: Doorbell, W: Wait>(
        &self,
        session: &mut Session<B, W>,
        to: XenbusState,
    ) -> Result<(), Error> {
        self.switch_state_with(session, to, |_| Ok(()))
    }

    /// Writes our state together with whatever `publish` writes, so that the back end sees all of it or nothing.
    pub fn switch_state_with<B: Doorbell, W: Wait>(
        &self,
        session: &mut Session<B, W>,
        to: XenbusState,
        mut publish: impl FnMut(&mut dyn Store) -> Result<(), Error>,
    ) -> Result<(), Error> {
        session.transaction(|store| {
            if !self.is_plugged(store)? {
                return Err(Error::Unplugged);
            }
            publish(store)?;
            Ok(store.write(&self.front("state"), state::value(to).as_bytes())?)
        })
    }
}

/// A device of which a node is missing that every device has is being taken away.
fn unplugged(error: xenstore::Error) -> Error {
    if error.is_not_found() { Error::Unplugged } else { error.into() }
}

/// Reads the name of a device's directory.
pub(super) fn parse_index(name: &str) -> Option<u32> {
    let index: u32 = name.parse().ok()?;
    // "+1" and "007" name no directory that `path` would find again.
    (index.to_string() == name).then_some(index)
}
