// SPDX-License-Identifier: Apache-2.0
//! The folder of one run: its logs, and the share that dom0 mounts as `/lab`.
//!
//! What is only for the run is removed by a small shell process that waits for the end of a pipe, so it happens however this
//! process ends: by return, by panic, by a signal. The logs stay, those of the last runs only.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::LabError;

/// Name of the mark that a run ended without an error.
const GOOD: &str = "good";
/// How many runs without an error are kept, and how many others.
const KEPT_GOOD: usize = 4;
const KEPT_BAD: usize = 16;

/// Where dom0 has the share.
pub(crate) const SHARE: &str = "/lab";

/// The folder of one run.
pub(crate) struct RunDir {
    folder: PathBuf,
    share: PathBuf,
    cleaner: Child,
    _lock: File,
}

impl RunDir {
    /// Makes the folder below `cache`, and removes those of old runs.
    pub(crate) fn new(cache: &Path) -> Result<Self, LabError> {
        let runs = cache.join("runs");
        fs::create_dir_all(&runs).map_err(LabError::io("make the directory", &runs))?;
        // dom0's view and QEMU's command line need a path that does not depend on where we are.
        let runs = fs::canonicalize(&runs).map_err(LabError::io("resolve", &runs))?;
        prune(&runs)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut folder = runs.join(format!("{}-{}", now.as_secs(), std::process::id()));
        let mut count = 1;
        while folder.exists() {
            count += 1;
            folder = runs.join(format!("{}-{}-{count}", now.as_secs(), std::process::id()));
        }
        let share = folder.join("share");
        for name in ["console", "xen", "files", "jobs"] {
            let path = share.join(name);
            fs::create_dir_all(&path).map_err(LabError::io("make the directory", &path))?;
        }
        let lock = folder.join("lock");
        let file = File::create(&lock).map_err(LabError::io("create", &lock))?;
        file.lock().map_err(LabError::io("lock", &lock))?;
        let cleaner = cleaner(&share)?;
        Ok(Self { folder, share, cleaner, _lock: file })
    }

    /// The folder itself: what errors name.
    pub(crate) fn logs(&self) -> &Path {
        &self.folder
    }

    /// What dom0 sees as `/lab`.
    pub(crate) fn share(&self) -> &Path {
        &self.share
    }

    /// The machine's serial line: Xen's and dom0's console.
    pub(crate) fn serial(&self) -> PathBuf {
        self.folder.join("serial.log")
    }

    /// What QEMU writes to its standard error.
    pub(crate) fn qemu(&self) -> PathBuf {
        self.folder.join("qemu.log")
    }

    /// Marks the run as one without an error.
    pub(crate) fn mark_good(&self) {
        // Without the mark the logs are only kept for longer.
        let _ = File::create(self.folder.join(GOOD));
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        drop(self.cleaner.stdin.take());
        let _ = self.cleaner.wait();
    }
}

/// Starts the process that removes the temporary part of the share at our end.
fn cleaner(share: &Path) -> Result<Child, LabError> {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"read -r _; rm -rf -- "$1" "$2""#, "lab-cleaner"]);
    shell.args([share.join("files"), share.join("jobs")]);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that Ctrl-C at the terminal does not end it before us.
    shell.process_group(0);
    shell.spawn().map_err(|e| LabError::Command { command: "sh".to_owned(), detail: e.to_string() })
}

/// Removes the folders of old runs. One whose lock is held is a run under way.
fn prune(runs: &Path) -> Result<(), LabError> {
    let read = LabError::io("read the directory", runs);
    let mut folders: Vec<_> = fs::read_dir(runs).map_err(read)?.flatten().map(|e| e.path()).collect();
    folders.sort();
    let (mut good, mut bad) = (0, 0);
    for folder in folders.into_iter().rev() {
        if File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_err()) {
            continue;
        }
        let (count, kept) =
            if folder.join(GOOD).exists() { (&mut good, KEPT_GOOD) } else { (&mut bad, KEPT_BAD) };
        *count += 1;
        if *count > kept {
            fs::remove_dir_all(&folder).map_err(LabError::io("remove", &folder))?;
        }
    }
    Ok(())
}

/// Appends to a log of the run; a log that cannot be written is no reason to fail.
pub(crate) fn append(path: &Path, text: &[u8]) {
    if let Ok(mut file) = File::options().create(true).append(true).open(path) {
        let _ = file.write_all(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_leaves_its_logs_and_nothing_else_and_old_runs_go() {
        let cache = std::env::temp_dir().join(format!("lab-runs-{}", std::process::id()));
        let mut kept = Vec::new();
        for _ in 0..KEPT_GOOD + 3 {
            let run = RunDir::new(&cache).unwrap();
            fs::write(run.share().join("files/guest.elf"), "guest").unwrap();
            fs::write(run.share().join("console/guest.log"), "log").unwrap();
            run.mark_good();
            kept.push(run.logs().to_owned());
        }
        let last = kept.last().unwrap();
        assert!(last.join("share/console/guest.log").exists());
        assert!(!last.join("share/files").exists());
        let _next = RunDir::new(&cache).unwrap();
        let count = fs::read_dir(cache.join("runs")).unwrap().count();
        fs::remove_dir_all(&cache).unwrap();
        assert_eq!(count, KEPT_GOOD + 1);
    }
}
