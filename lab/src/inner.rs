// SPDX-License-Identifier: Apache-2.0
//! What a lab and its guests share: the machine, jobs in dom0, waiting with a limit, and errors that carry the logs.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::channel::{Channel, Waited};
use crate::frames::Request;
use crate::image::Image;
use crate::machine::Machine;
use crate::options::{Clock, Forward};
use crate::run_dir::{RunDir, SHARE, append};
use crate::{LabError, command};

/// How often files that dom0 writes are looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How long a killed job may take to end.
const KILL_LIMIT: Duration = Duration::from_secs(60);
/// Time for each of the things that are gathered after an error.
const GATHER_LIMIT: Duration = Duration::from_secs(60);

/// What a script in dom0 came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status, as `$?` has it.
    pub status: i32,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error.
    pub stderr: Vec<u8>,
}

/// Identity of a file of the host at the time it was staged.
type FileKey = (PathBuf, u64, Option<SystemTime>);

pub(crate) struct Inner {
    // Declared, so dropped, before the folder that it writes to.
    pub(crate) machine: Machine,
    pub(crate) channel: Channel,
    pub(crate) run: RunDir,
    pub(crate) image: Image,
    pub(crate) clock: Clock,
    pub(crate) forwards: Vec<(Forward, SocketAddrV4)>,
    /// `xl` lets one domain be built at a time; waiting here costs no emulated time.
    pub(crate) creating: Mutex<()>,
    jobs: AtomicU64,
    staged: Mutex<HashMap<FileKey, String>>,
    failed: AtomicBool,
}

impl Inner {
    pub(crate) fn new(
        machine: Machine,
        channel: Channel,
        run: RunDir,
        image: Image,
        clock: Clock,
        forwards: Vec<(Forward, SocketAddrV4)>,
    ) -> Self {
        Self {
            machine,
            channel,
            run,
            image,
            clock,
            forwards,
            creating: Mutex::new(()),
            jobs: AtomicU64::new(1),
            staged: Mutex::default(),
            failed: AtomicBool::new(false),
        }
    }

    /// Whether an error has been made of this run.
    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// Runs a script in dom0.
    pub(crate) fn dom0(&self, script: &str, input: &[u8], limit: Duration) -> Result<Output, LabError> {
        let awaited = || format!("end of `{}` in dom0", script.trim().lines().next().unwrap_or_default());
        match self.job(script, input, limit)? {
            Waited::Got(output) => Ok(output),
            Waited::Closed => Err(self.gone(&awaited())),
            Waited::TimedOut => Err(self.timed_out(&awaited(), limit)),
        }
    }

    /// Runs a script in dom0 for which any status but 0 is an error; `action` names it there.
    pub(crate) fn dom0_ok(&self, action: &str, script: &str, limit: Duration) -> Result<Vec<u8>, LabError> {
        let output = self.dom0(script, &[], limit)?;
        if output.status == 0 {
            return Ok(output.stdout);
        }
        self.failed.store(true, Ordering::Relaxed);
        Err(LabError::Dom0 {
            action: action.to_owned(),
            status: output.status,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            logs: self.run.logs().to_owned(),
        })
    }

    fn job(&self, script: &str, input: &[u8], limit: Duration) -> Result<Waited<Output>, LabError> {
        let id = self.jobs.fetch_add(1, Ordering::Relaxed);
        let folder = self.run.share().join("jobs").join(id.to_string());
        let file = |name: &str| folder.join(name);
        let write = || {
            fs::create_dir(&folder)?;
            fs::write(file("script"), script)?;
            fs::write(file("input"), input)
        };
        write().map_err(LabError::io("write", &folder))?;
        if self.channel.send(Request::Run(id)).is_err() {
            return Ok(Waited::Closed);
        }
        let waited = match self.channel.wait_done(id, limit) {
            Waited::Got(status) => {
                let read = |name| fs::read(file(name)).map_err(LabError::io("read", &file(name)));
                Waited::Got(Output { status, stdout: read("stdout")?, stderr: read("stderr")? })
            }
            Waited::Closed => Waited::Closed,
            Waited::TimedOut => {
                if self.channel.send(Request::Kill(id)).is_ok() {
                    self.channel.wait_done(id, KILL_LIMIT);
                }
                Waited::TimedOut
            }
        };
        fs::remove_dir_all(&folder).map_err(LabError::io("remove", &folder))?;
        Ok(waited)
    }

    /// Calls `look` until it returns something, the machine ends, or the time is over.
    pub(crate) fn poll<T>(
        &self,
        awaited: &str,
        limit: Duration,
        mut look: impl FnMut() -> Result<Option<T>, LabError>,
    ) -> Result<T, LabError> {
        let deadline = Instant::now() + limit;
        loop {
            // Asked before looking: what was written before the end is found.
            let ended = self.machine.ended().is_some();
            if let Some(value) = look()? {
                return Ok(value);
            }
            if ended {
                return Err(self.gone(awaited));
            }
            if Instant::now() >= deadline {
                return Err(self.timed_out(awaited, limit));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Makes a file of the host visible to dom0 and returns its path there.
    pub(crate) fn stage(&self, path: &Path) -> Result<String, LabError> {
        let real = fs::canonicalize(path).map_err(LabError::io("find", path))?;
        let metadata = fs::metadata(&real).map_err(LabError::io("read", &real))?;
        let key = (real, metadata.len(), metadata.modified().ok());
        let mut staged = self.staged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = staged.get(&key) {
            return Ok(name.clone());
        }
        let base = key.0.file_name().unwrap_or_default().to_string_lossy();
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        let name = format!("{}-{}", staged.len(), base.chars().map(plain).collect::<String>());
        let copy = self.run.share().join("files").join(&name);
        fs::copy(&key.0, &copy).map_err(LabError::io("copy to the share", &key.0))?;
        let inside = format!("{SHARE}/files/{name}");
        staged.insert(key, inside.clone());
        Ok(inside)
    }

    /// The error for a time limit that passed; gathers what dom0 can still tell.
    pub(crate) fn timed_out(&self, awaited: &str, limit: Duration) -> LabError {
        self.gather();
        LabError::TimedOut { awaited: awaited.to_owned(), limit, logs: self.run.logs().to_owned() }
    }

    /// The error for a machine that has ended.
    pub(crate) fn gone(&self, awaited: &str) -> LabError {
        self.failed.store(true, Ordering::Relaxed);
        gone(&self.machine, &self.run, awaited)
    }

    /// The error for a guest that ended too early.
    pub(crate) fn guest_ended(&self, guest: &str, awaited: &str, how: String) -> LabError {
        self.failed.store(true, Ordering::Relaxed);
        let (guest, awaited) = (guest.to_owned(), awaited.to_owned());
        LabError::GuestEnded { guest, awaited, how, logs: self.run.logs().to_owned() }
    }

    /// Puts what helps to understand a failure beside the logs, once. The agent itself may be what hangs.
    fn gather(&self) {
        if self.failed.swap(true, Ordering::Relaxed) {
            return;
        }
        for (name, script) in [
            ("dmesg.log", "dmesg"),
            ("domains.log", "xl list -v; xl dmesg"),
            ("processes.log", "ps -o pid,ppid,stat,args"),
        ] {
            match self.job(script, &[], GATHER_LIMIT) {
                Ok(Waited::Got(output)) => append(&self.run.logs().join(name), &output.stdout),
                _ => break,
            }
        }
        for line in self.channel.unknown() {
            append(&self.run.logs().join("control.log"), format!("{line}\n").as_bytes());
        }
    }
}

/// The error for a machine that ended, with what QEMU and the serial line said last.
pub(crate) fn gone(machine: &Machine, run: &RunDir, awaited: &str) -> LabError {
    let status = machine.ended().map_or_else(|| "its control port is closed".to_owned(), |s| s.to_string());
    let said = |path: &Path| fs::read(path).unwrap_or_default();
    // Its log begins with its command line, which is no help here.
    let qemu = said(&run.qemu());
    let qemu = command::tail(qemu.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default());
    let serial = command::tail(&said(&run.serial()));
    let qemu = if qemu.is_empty() { qemu } else { format!(": {qemu}") };
    let detail = format!("QEMU: {status}{qemu}; serial line: {serial}");
    LabError::Gone { awaited: awaited.to_owned(), detail, logs: run.logs().to_owned() }
}
