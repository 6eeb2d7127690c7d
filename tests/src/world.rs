// SPDX-License-Identifier: Apache-2.0
//! The machine that the tests share: booted when it is needed, and replaced when a test needs one of another kind.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lab::packages::Install;
use lab::{Lab, LabError, Options, Processor};

use crate::examples;

/// A kind of machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The ordinary one.
    Usual,
    /// A processor without RDRAND and RDSEED, and memory for a guest of 8 GiB.
    LargeWithoutEntropy,
}

/// What the tests need from outside.
pub struct World {
    install: Install,
    machine: Mutex<Option<(Kind, Arc<Lab>)>>,
}

impl World {
    pub const fn new(install: Install) -> Self {
        Self { install, machine: Mutex::new(None) }
    }

    /// The usual machine.
    pub fn lab(&self) -> Result<Arc<Lab>, LabError> {
        self.machine(Kind::Usual)
    }

    /// A machine of this kind; another one is stopped first.
    pub fn machine(&self, kind: Kind) -> Result<Arc<Lab>, LabError> {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((running, lab)) = machine.as_ref()
            && *running == kind
        {
            return Ok(lab.clone());
        }
        *machine = None;
        let lab = Arc::new(Lab::boot(&self.options(kind))?);
        *machine = Some((kind, lab.clone()));
        Ok(lab)
    }

    /// A machine of the test's own with these disks; the shared one is stopped first.
    pub fn with_disks(&self, disks: Vec<PathBuf>) -> Result<Lab, LabError> {
        self.with(|usual| Options { disks, ..usual })
    }

    /// A machine of the test's own; the shared one is stopped first.
    pub fn with(&self, change: impl FnOnce(Options) -> Options) -> Result<Lab, LabError> {
        self.stop();
        Lab::boot(&change(self.options(Kind::Usual)))
    }

    /// Stops the machine.
    pub fn stop(&self) {
        *self.machine.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn options(&self, kind: Kind) -> Options {
        let usual = Options {
            install: self.install,
            cache: target().join("lab"),
            forwards: examples::FORWARDS.to_vec(),
            ..Options::default()
        };
        match kind {
            Kind::Usual => usual,
            Kind::LargeWithoutEntropy => {
                Options { memory_mib: 10 * 1024, processor: Processor::NoEntropy, ..usual }
            }
        }
    }
}

/// The folder of what was built.
pub fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("this package lies in the repository").join("target")
}

/// The test guest, built and packed by `cargo xtask build`.
pub fn test_guest() -> PathBuf {
    target().join("test-guest.elf")
}
