// SPDX-License-Identifier: Apache-2.0
//! The domain's disks: those that are there when it starts, led through their handshakes, and the file systems on them.

mod block;
mod drive;

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use beam_vm::platform::DumpPlace;
use drivers::xenbus::{self, DeviceId};
use fs::Namespace;
use fs::data::{Blank, DataFs, Settings};
use fs::memory::User;
use log::{error, info, warn};

use crate::entropy::Entropy;
use crate::machine::Machine;
use crate::time;

pub use block::Block;
pub use drive::{Drive, Outlook, PATIENCE};

/// The class of block devices.
const CLASS: &str = "vbd";

/// Where the first disk is mounted.
const PLACE: &str = "/data";

/// A crash dump on the first disk.
const DUMP: &str = "/data/erl_crash.dump";

/// The number of the first disk as a device, behind those of the image and `/tmp`.
const FIRST_DEVICE: u32 = 3;

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
        let drives: Vec<Drive> = find(machine).iter().filter_map(|id| bind(machine, id)).collect();
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

    /// Mounts the file systems of the disks, those that can be written to first: at `/data`, and what comes after it at `/data1` and so on.
    /// A disk that cannot be used is as if it were not there, with a word on the console. Gives where a crash dump goes.
    pub fn mount(&self, files: &mut Namespace, entropy: &mut Entropy) -> DumpPlace {
        let is_read_only = |drive: &&Drive| drive.disk().is_some_and(|disk| disk.read_only);
        let mut drives: Vec<&Drive> = self.drives.iter().collect();
        drives.sort_by_key(is_read_only);
        let mut next = 0;
        let mut dump = DumpPlace::Console;
        for drive in drives {
            let began = time::now();
            let Some(mut system) = open(drive, FIRST_DEVICE + next, entropy) else { continue };
            let took = time::now() - began;
            let place = if next == 0 { PLACE.into() } else { format!("{PLACE}{next}") };
            let room = system.room();
            match files.mount(place.as_bytes(), Box::new(system)) {
                Ok(()) => {
                    info!(
                        "{place} is on {}: {} of {} KiB free, after {} us",
                        drive.name(),
                        room.available >> 10,
                        room.total >> 10,
                        took.as_micros()
                    );
                    if next == 0 && !is_read_only(&drive) {
                        dump = DumpPlace::FileOrConsole(DUMP);
                    }
                }
                Err(errno) => error!(
                    "{} is not mounted: the image has no folder {place} (error {})",
                    drive.name(),
                    errno.0
                ),
            }
            next += 1;
        }
        dump
    }

    /// What is to be expected of disks for which nobody sleeps.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        self.drives.iter().map(Drive::outlook).fold(Outlook::Until(None), Outlook::and)
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

/// The file system of a disk; a blank one is made into one.
fn open(drive: &Drive, device: u32, entropy: &mut Entropy) -> Option<DataFs> {
    let name = drive.name();
    let mut uuid = [0; 16];
    entropy.fill(&mut uuid);
    let clock = Box::new(|| time::wall_clock().as_secs().cast_signed());
    let settings = Settings { user: User::default(), device, clock, uuid };
    let opened = DataFs::open(Box::new(Block::new(drive.clone())?), settings, Blank::Format);
    opened.inspect_err(|why| error!("{name} is not mounted: {why}")).ok()
}

fn bind(machine: &Machine, id: &DeviceId) -> Option<Drive> {
    Drive::open(machine, id).inspect_err(|error| warn!("{id} cannot be used: {error}")).ok()
}
