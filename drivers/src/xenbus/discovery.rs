// SPDX-License-Identifier: Apache-2.0
//! Which devices there are, and which come and go.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::device::{DeviceId, parse_index};
use super::error::Error;
use crate::doorbell::Doorbell;
use crate::xenstore::{self, Session, Store, Wait, WatchToken, reply::Names};

/// The directory of all devices of this guest.
const DEVICES: &str = "device";

/// How many devices are followed; hardly anybody plugs in a hundredth of it.
pub const DEVICES_MAX: usize = 4096;

/// What has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// A device has been plugged in.
    Arrived(DeviceId),
    /// A device has been unplugged: its directory is gone.
    Left(DeviceId),
}

/// Follows the devices of this guest.
#[derive(Debug)]
pub struct Discovery {
    watch: WatchToken,
    known: BTreeSet<DeviceId>,
}

impl Discovery {
    /// Watches the devices. None is known yet: the first event, which comes at once, is the reason for the first
    /// [`refresh`](Self::refresh).
    pub fn new<B: Doorbell, W: Wait>(session: &mut Session<B, W>) -> Result<Self, Error> {
        Ok(Self { watch: session.watch(DEVICES)?, known: BTreeSet::new() })
    }

    /// The watch whose events are the reason to [`refresh`](Self::refresh).
    pub fn watch(&self) -> WatchToken {
        self.watch
    }

    /// The devices that were there when last looked.
    pub fn known(&self) -> impl Iterator<Item = &DeviceId> {
        self.known.iter()
    }

    /// Looks what is there now and says what has changed: first what has left, then what has arrived.
    pub fn refresh(&mut self, store: &mut dyn Store) -> Result<Vec<Change>, Error> {
        let now = scan(store)?;
        let left = self.known.difference(&now).cloned().map(Change::Left);
        let arrived = now.difference(&self.known).cloned().map(Change::Arrived);
        let changes = left.chain(arrived).collect();
        self.known = now;
        Ok(changes)
    }
}

/// All devices that are there. A directory between `device` and a device whose name is no number is none.
pub fn scan(store: &mut dyn Store) -> Result<BTreeSet<DeviceId>, Error> {
    let mut devices = BTreeSet::new();
    for class in list(store, DEVICES)?.iter() {
        devices.append(&mut scan_class(store, class)?);
        if devices.len() > DEVICES_MAX {
            return Err(Error::TooMany { limit: DEVICES_MAX });
        }
    }
    Ok(devices)
}

/// All devices of a class that are there.
pub fn scan_class(store: &mut dyn Store, class: &str) -> Result<BTreeSet<DeviceId>, Error> {
    let names = list(store, &format!("{DEVICES}/{class}"))?;
    let indices = names.iter().filter_map(parse_index);
    let devices: BTreeSet<_> = indices.map(|index| DeviceId { class: class.to_string(), index }).collect();
    if devices.len() > DEVICES_MAX {
        return Err(Error::TooMany { limit: DEVICES_MAX });
    }
    Ok(devices)
}

/// A directory that is not there, or has just gone, has no children.
fn list(store: &mut dyn Store, path: &str) -> Result<Names, xenstore::Error> {
    match store.list(path) {
        Err(error) if error.is_not_found() => Ok(Names::default()),
        result => result,
    }
}

#[cfg(test)]
mod tests;
