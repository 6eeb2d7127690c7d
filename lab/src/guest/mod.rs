// SPDX-License-Identifier: Apache-2.0
//! A guest: created by `xl create`, watched through the log of that `xl`, steered by further `xl` commands.

pub(crate) mod console;
pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod spec;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use self::console::Console;
use self::end::{End, Reason};
use self::spec::{GuestSpec, Start};
use crate::LabError;
use crate::inner::Inner;
use crate::options::Clock;
use crate::qemu::GUEST_CPU;

/// Limit for a single `xl` command. Building a guest of 8 GiB takes seconds, a few on a slow host.
pub(crate) const XL_LIMIT: Duration = Duration::from_secs(120);

/// A domain that `xl` has created.
pub struct Guest {
    lab: Arc<Inner>,
    watcher: Watcher,
    domid: u32,
    /// The terminal that `xenconsoled` made for its console; none if it ended before it could be asked for.
    terminal: Option<String>,
    console: PathBuf,
    console_start: u64,
    /// How long the machine's serial line was before this guest.
    serial_start: u64,
    created: SystemTime,
    creation: Duration,
}

/// What is needed to see whether a guest has ended.
#[derive(Clone)]
pub(crate) struct Watcher {
    pub(crate) name: String,
    log: PathBuf,
}

impl Watcher {
    fn read(&self) -> Result<end::Watch, LabError> {
        let log = fs::read(&self.log).map_err(LabError::io("read", &self.log))?;
        Ok(end::parse(&String::from_utf8_lossy(&log)))
    }

    /// Returns why the guest ended, if it has.
    pub(crate) fn reason(&self) -> Result<Option<Reason>, LabError> {
        Ok(self.read()?.reason)
    }
}

/// Creates a guest.
pub(crate) fn create(lab: &Arc<Inner>, spec: &GuestSpec) -> Result<Guest, LabError> {
    spec.check()?;
    let name = &spec.name;
    let kernel = lab.stage(&spec.kernel)?;
    let ramdisk = spec.ramdisk.as_deref().map(|path| lab.stage(path)).transpose()?;
    let cpu = (lab.clock == Clock::Real).then_some(GUEST_CPU);
    let config = lab.run.share().join("files").join(format!("{name}.cfg"));
    let text = spec.config(&kernel, ramdisk.as_deref(), cpu);
    fs::write(&config, text).map_err(LabError::io("write", &config))?;

    let console = lab.run.share().join("console").join(format!("guest-{name}.log"));
    let _creating = lab.creating.lock().unwrap_or_else(PoisonError::into_inner);
    // An earlier guest of this name wrote to the same file.
    let console_start = fs::metadata(&console).map_or(0, |m| m.len());
    let serial_start = fs::metadata(lab.run.serial()).map_or(0, |m| m.len());
    let paused = match spec.start {
        Start::Running => "",
        Start::Paused => "-p",
    };
    let script = format!(
        "read before _ </proc/uptime\n\
         xl create -q {paused} /lab/files/{name}.cfg || exit\n\
         read after _ </proc/uptime\n\
         echo \"$before $after\"\n\
         id=$(sed -n 's/.*(domid \\([0-9]*\\)) to die.*/\\1/p' /lab/xen/xl-{name}.log)\n\
         tty=$(xenstore-read \"/local/domain/$id/console/tty\" 2>/dev/null) || exit 0\n\
         echo \"$tty\"\n"
    );
    let printed = lab.dom0_ok(&format!("xl create {name}"), &script, XL_LIMIT)?;
    let created = SystemTime::now();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    let (uptimes, terminal) = printed.split_once('\n').unwrap_or((&printed, ""));
    let terminal = terminal.trim().to_owned();
    let creation = between(uptimes).unwrap_or_default();
    let watcher =
        Watcher { name: name.clone(), log: lab.run.share().join("xen").join(format!("xl-{name}.log")) };
    let domid = watcher.read()?.domid.ok_or_else(|| LabError::Format {
        path: watcher.log.clone(),
        detail: "does not name the domain".to_owned(),
    })?;
    let terminal = (!terminal.is_empty()).then_some(terminal);
    Ok(Guest {
        lab: lab.clone(),
        watcher,
        domid,
        terminal,
        console,
        console_start,
        serial_start,
        created,
        creation,
    })
}

/// What lies between two uptimes, in seconds with two decimals.
fn between(uptimes: &str) -> Option<Duration> {
    let (before, after) = uptimes.trim().split_once(' ')?;
    Duration::try_from_secs_f64(after.parse::<f64>().ok()? - before.parse::<f64>().ok()?).ok()
}

impl Guest {
    /// The domain's name.
    pub fn name(&self) -> &str {
        &self.watcher.name
    }

    /// The domain's number.
    pub fn domid(&self) -> u32 {
        self.domid
    }

    /// How long `xl create` took, by dom0's clock, which counts instructions where the machine's does; to 10 ms.
    pub fn creation(&self) -> Duration {
        self.creation
    }

    /// Returns a new reader of the console's output, from the guest's first byte.
    pub fn console(&self) -> Console {
        Console::new(self.lab.clone(), self.watcher.clone(), self.console.clone(), self.console_start)
    }

    /// What Xen and dom0's kernel have said on the machine's serial line since the guest's creation began: the only word there is of a domain that
    /// Xen ends as crashed without asking it.
    pub fn machine_said(&self) -> Result<String, LabError> {
        let path = self.lab.run.serial();
        let said = fs::read(&path).map_err(LabError::io("read", &path))?;
        let start = usize::try_from(self.serial_start).map_or(said.len(), |start| start.min(said.len()));
        Ok(String::from_utf8_lossy(&said[start..]).replace('\r', ""))
    }

    /// Writes bytes to the guest's console as they are, and returns when all are on their way: as the guest reads, 2 KiB
    /// in its ring and some more in dom0.
    pub fn send(&self, bytes: &[u8], limit: Duration) -> Result<(), LabError> {
        let awaited = format!("guest {} to take {} bytes of console input", self.name(), bytes.len());
        let Some(terminal) = &self.terminal else {
            return Err(self.lab.guest_ended(
                self.name(),
                &awaited,
                "before its console was found".to_owned(),
            ));
        };
        // In a subshell: the script's own shell is a session leader, for which the terminal that it opens would become its
        // controlling terminal, to be hung up at its end.
        let output = self.lab.dom0(&format!("(cat >{terminal})\n# {awaited}"), bytes, limit)?;
        match (output.status, self.watcher.reason()?) {
            (0, _) => Ok(()),
            (_, Some(reason)) => Err(self.lab.guest_ended(self.name(), &awaited, reason.to_string())),
            (status, None) => Err(LabError::Dom0 {
                action: format!("writing to {terminal}"),
                status,
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
                logs: self.lab.run.logs().to_owned(),
            }),
        }
    }

    /// Waits until the guest has ended and `xl` has acted on it. Where that action is a restart, this is the first end.
    pub fn wait_end(&self, limit: Duration) -> Result<End, LabError> {
        let awaited = format!("end of guest {}", self.name());
        self.lab.poll(&awaited, limit, || self.ended())
    }

    /// Returns how the guest ended, if it has.
    pub fn ended(&self) -> Result<Option<End>, LabError> {
        let watch = self.watcher.read()?;
        let Some(reason) = watch.reason.filter(|_| watch.acted) else { return Ok(None) };
        let log = &self.watcher.log;
        let written = fs::metadata(log).and_then(|m| m.modified()).map_err(LabError::io("read", log))?;
        let after = written.duration_since(self.created).unwrap_or_default();
        Ok(Some(End { reason, after }))
    }

    /// Fails if the machine is gone, and the guest with it.
    pub fn must_have_machine(&self) -> Result<(), LabError> {
        if self.lab.machine.ended().is_some() {
            return Err(self.lab.gone(&format!("end of guest {}", self.name())));
        }
        Ok(())
    }

    /// Asks the guest to power off.
    pub fn shutdown(&self) -> Result<(), LabError> {
        self.xl("shutdown")
    }

    /// Asks the guest to reboot.
    pub fn reboot(&self) -> Result<(), LabError> {
        self.xl("reboot")
    }

    /// Ends the guest at once.
    pub fn destroy(&self) -> Result<(), LabError> {
        self.xl("destroy")
    }

    /// Stops the guest's processors.
    pub fn pause(&self) -> Result<(), LabError> {
        self.xl("pause")
    }

    /// Lets a paused guest run.
    pub fn unpause(&self) -> Result<(), LabError> {
        self.xl("unpause")
    }

    /// By name, not by number: a guest that was restarted has another one.
    fn xl(&self, verb: &str) -> Result<(), LabError> {
        let command = format!("xl {verb} {}", self.name());
        self.lab.dom0_ok(&command, &command, XL_LIMIT).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptimes_have_a_time_between_them() {
        assert_eq!(between("12.50 13.75\n"), Some(Duration::from_millis(1250)));
        assert_eq!(between("12.50"), None);
    }
}
