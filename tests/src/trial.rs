// SPDX-License-Identifier: Apache-2.0
//! One run of a test program in a guest, from its creation to its end.

use std::path::PathBuf;
use std::time::Duration;

use lab::{End, Guest, GuestSpec, Lab, Reason};
use libtest_mimic::Failed;

use crate::world::test_guest;

/// Time for a program that does little.
pub const LIMIT: Duration = Duration::from_secs(240);

/// How much a test does: as much as is bearable each time, or all that was ever asked for where the environment says so.
pub fn amount<T>(usual: T, all: T) -> T {
    if std::env::var_os("VOXOZ_TEST_ALL").is_some() { all } else { usual }
}

/// How to run a test program.
pub struct Run {
    program: &'static str,
    memory_mib: u32,
    extra: String,
    kernel: PathBuf,
    limit: Duration,
}

/// What a guest left behind.
pub struct Outcome {
    /// Its console, with plain line ends.
    pub console: String,
    /// How it ended.
    pub end: End,
    /// What Xen said of one that crashed.
    xen: String,
}

impl Run {
    /// A run of this program with 64 MiB.
    pub fn new(program: &'static str) -> Self {
        Self { program, memory_mib: 64, extra: String::new(), kernel: test_guest(), limit: LIMIT }
    }

    pub fn memory_mib(self, memory_mib: u32) -> Self {
        Self { memory_mib, ..self }
    }

    pub fn extra(self, extra: impl Into<String>) -> Self {
        Self { extra: extra.into(), ..self }
    }

    pub fn kernel(self, kernel: PathBuf) -> Self {
        Self { kernel, ..self }
    }

    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// The guest's specification, to be changed or created by the test itself.
    pub fn spec(&self) -> GuestSpec {
        let mut spec = GuestSpec::new(self.program, &self.kernel);
        spec.memory_mib = self.memory_mib;
        spec.extra = format!("test={} {}", self.program, self.extra);
        spec
    }

    /// Creates the guest and waits for its end.
    pub fn to_end(&self, lab: &Lab) -> Result<Outcome, Failed> {
        let guest = lab.create(&self.spec())?;
        finish(&guest, self.limit)
    }

    /// The same for a program that must say that all is well, and power off.
    pub fn to_success(&self, lab: &Lab) -> Result<Outcome, Failed> {
        let outcome = self.to_end(lab)?;
        outcome.must_contain(&format!("test {}: ok", self.program))?;
        outcome.must_end(Reason::Poweroff)?;
        Ok(outcome)
    }
}

/// Waits for a guest's end.
pub fn finish(guest: &Guest, limit: Duration) -> Result<Outcome, Failed> {
    let mut console = guest.console();
    let end = guest.wait_end(limit)?;
    // The last bytes of the console may follow the end.
    std::thread::sleep(Duration::from_millis(200));
    let console = String::from_utf8_lossy(&console.take()?).replace('\r', "");
    let xen = if end.reason == Reason::Crash { guest.machine_said()? } else { String::new() };
    Ok(Outcome { console, end, xen })
}

impl Outcome {
    /// Fails unless the console holds `text`.
    pub fn must_contain(&self, text: &str) -> Result<(), Failed> {
        if self.console.contains(text) {
            return Ok(());
        }
        Err(self.failed(&format!("the console does not say {text:?}")))
    }

    /// Fails unless Xen has said `text` of the guest that crashed.
    pub fn must_be_said_by_xen(&self, text: &str) -> Result<(), Failed> {
        if self.xen.contains(text) { Ok(()) } else { Err(self.failed(&format!("Xen does not say {text:?}"))) }
    }

    /// Fails unless the guest ended for this reason.
    pub fn must_end(&self, reason: Reason) -> Result<(), Failed> {
        if self.end.reason == reason {
            return Ok(());
        }
        Err(self.failed(&format!("{reason} was to be its end")))
    }

    /// What was wrong, last: the beginning of a long console may be cut off where this is read.
    fn failed(&self, what: &str) -> Failed {
        let Self { console, end, xen } = self;
        format!("{console}\n{xen}\nthe guest ended by {} after {:.1?}: {what}", end.reason, end.after).into()
    }

    /// The rest of the first line that holds `text`.
    pub fn after(&self, text: &str) -> Result<&str, Failed> {
        self.must_contain(text)?;
        let rest = self.console.split(text).nth(1).and_then(|rest| rest.lines().next());
        Ok(rest.unwrap_or_default().trim())
    }
}
