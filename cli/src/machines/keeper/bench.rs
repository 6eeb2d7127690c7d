// SPDX-License-Identifier: Apache-2.0
//! A machine on the bench: a guest of Xen in QEMU.

use std::sync::Arc;
use std::time::Duration;

use lab::{Guest, Lab, LabError};

use super::{Kept, Running, Take};
use crate::failure::Failure;
use crate::machines::Machine;
use crate::run::{bench, explain};

/// How long the guest may take to read what was typed.
const SEND_LIMIT: Duration = Duration::from_secs(30);

struct OnBench {
    guest: Guest,
    /// The machine that the guest is on ends with it.
    _lab: Lab,
    /// The disks are held to the end.
    _held: Vec<std::fs::File>,
}

/// Boots the bench and starts the guest.
pub fn start(machine: &Machine) -> Result<Running, Failure> {
    let record = &machine.record;
    let held = bench::hold(&record.resources)?;
    let spec = bench::spec(&record.name, &machine.image(), record.memory, &record.extra, &record.resources);
    let spec = spec.map_err(|error| explain(&error))?;
    let options = bench::options(record.memory, &record.resources, record.install);
    let lab = Lab::boot(&options).map_err(|error| explain(&error))?;
    let guest = lab.create(&spec).map_err(|error| explain(&error))?;
    let ports = bench::ports(&lab, &record.resources);
    let mut console = guest.console();
    let take: Take = Box::new(move || console.take().map_err(text));
    Ok(Running { kept: Arc::new(OnBench { guest, _lab: lab, _held: held }), take, ports })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn text(error: LabError) -> String {
    error.to_string()
}

impl Kept for OnBench {
    fn ended(&self) -> Result<Option<String>, String> {
        let end = self.guest.ended().map_err(text)?;
        if end.is_none() {
            self.guest.must_have_machine().map_err(text)?;
        }
        Ok(end.map(|end| end.reason.to_string()))
    }

    fn send(&self, bytes: &[u8]) -> Result<(), String> {
        self.guest.send(bytes, SEND_LIMIT).map_err(text)
    }

    fn stop(&self) -> Result<(), String> {
        self.guest.shutdown().map_err(text)
    }

    fn kill(&self) -> Result<(), String> {
        self.guest.destroy().map_err(text)
    }
}
