// SPDX-License-Identifier: Apache-2.0
//! The domain's disks: those that are there when it starts, led through their handshakes.

mod block;
mod drive;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use drivers::xenbus::{self, DeviceId};
use log::warn;

use crate::machine::Machine;
use crate::time;

pub use block::Block;
pub use drive::{Drive, PATIENCE};

/// The class of block devices.
const CLASS: &str = "vbd";

/// How long the start waits for back ends. The toolstack starts no domain before its disks are there, so that this is for hosts that
/// are very busy.
const START_LIMIT: Duration = Duration::from_secs(10);

/// The disks, in the order of their names.
pub struct Storage {
    drives: Vec<Drive>,
}

impl Storage {
    /// Finds the disks, and waits until their back ends are connected.
    pub fn start(machine: &Machine) -> Self {
        let drives: Vec<Drive> = find(machine).iter().filter_map(|id| open(machine, id)).collect();
        let deadline = time::now() + START_LIMIT;
        for drive in &drives {
            if !drive.wait_connected(deadline) {
                warn!("{}: the back end does not connect", drive.name());
            }
        }
        Self { drives }
    }

    /// The disks.
    #[must_use]
    pub fn drives(&self) -> &[Drive] {
        &self.drives
    }

    /// Does what xenstore has events for.
    pub fn attend(&self) {
        self.drives.iter().for_each(Drive::follow);
    }
}

/// The block devices that there are.
fn find(machine: &Machine) -> BTreeSet<DeviceId> {
    match xenbus::discovery::scan_class(&mut *machine.xenstore.borrow(), CLASS) {
        Ok(found) => found,
        Err(error) => {
            warn!("disks cannot be looked for: {error}");
            BTreeSet::new()
        }
    }
}

fn open(machine: &Machine, id: &DeviceId) -> Option<Drive> {
    Drive::open(machine, id).inspect_err(|error| warn!("{id} cannot be used: {error}")).ok()
}
