// SPDX-License-Identifier: Apache-2.0
//! What can go wrong between a command line and a guest's last word, each with the thing, the limit and the logs named.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Failure of the bench. The text says what failed and why; `logs` is the folder in which everything was kept.
#[derive(Debug)]
pub enum LabError {
    /// Packages are missing and may not, or could not, be installed.
    Packages {
        /// What is wrong.
        reason: String,
        /// The packages.
        names: Vec<String>,
        /// The command that would install them.
        command: String,
    },
    /// A program of the host failed.
    Command {
        /// The command line.
        command: String,
        /// Its exit status and the end of what it said.
        detail: String,
    },
    /// A file operation of the host failed.
    Io {
        /// What was attempted, as a phrase: "write", "read the directory".
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A file does not have the form it should have.
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The machine ended, or its dom0 became unreachable, while something was waited for.
    Gone {
        /// What was waited for.
        awaited: String,
        /// How the machine ended.
        detail: String,
        /// Where the logs are.
        logs: PathBuf,
    },
    /// A time limit passed.
    TimedOut {
        /// What was waited for.
        awaited: String,
        /// For how long.
        limit: Duration,
        /// Where the logs are.
        logs: PathBuf,
    },
    /// A script in dom0 ended with a status other than 0.
    Dom0 {
        /// What the script was for.
        action: String,
        /// Its exit status.
        status: i32,
        /// What it wrote to its standard error.
        stderr: String,
        /// Where the logs are.
        logs: PathBuf,
    },
    /// A guest ended before it did what was waited for.
    GuestEnded {
        /// The guest's name.
        guest: String,
        /// What was waited for.
        awaited: String,
        /// How it ended.
        how: String,
        /// Where the logs are.
        logs: PathBuf,
    },
    /// A port of the loopback that was asked for cannot be had.
    Port {
        /// The port.
        port: u16,
        /// The reason.
        source: std::io::Error,
    },
    /// A guest specification or an argument that cannot be used.
    Argument(String),
}

impl LabError {
    /// Returns the folder with the logs of the run, where one exists.
    pub fn logs(&self) -> Option<&Path> {
        match self {
            Self::Gone { logs, .. }
            | Self::TimedOut { logs, .. }
            | Self::Dom0 { logs, .. }
            | Self::GuestEnded { logs, .. } => Some(logs),
            Self::Packages { .. }
            | Self::Command { .. }
            | Self::Io { .. }
            | Self::Format { .. }
            | Self::Port { .. }
            | Self::Argument(_) => None,
        }
    }

    /// Makes the error of a file operation; for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packages { reason, names, command } => {
                write!(f, "{reason}: {}; to install: {command}", names.join(" "))
            }
            Self::Command { command, detail } => write!(f, "`{command}` failed: {detail}"),
            Self::Io { action, path, source } => write!(f, "cannot {action} {}: {source}", path.display()),
            Self::Format { path, detail } => write!(f, "{}: {detail}", path.display()),
            Self::Gone { awaited, detail, logs } => {
                write!(
                    f,
                    "the machine was lost while waiting for {awaited}: {detail}; logs: {}",
                    logs.display()
                )
            }
            Self::TimedOut { awaited, limit, logs } => {
                let seconds = limit.as_secs_f64();
                write!(f, "no {awaited} within {seconds:.1} s; logs: {}", logs.display())
            }
            Self::Dom0 { action, status, stderr, logs } => {
                let logs = logs.display();
                write!(f, "{action} failed in dom0 with status {status}: {}; logs: {logs}", stderr.trim_end())
            }
            Self::GuestEnded { guest, awaited, how, logs } => {
                write!(f, "guest {guest} ended ({how}) before {awaited}; logs: {}", logs.display())
            }
            Self::Port { port, source } => write!(f, "port {port} of 127.0.0.1 cannot be had: {source}"),
            Self::Argument(detail) => f.write_str(detail),
        }
    }
}

impl std::error::Error for LabError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Port { source, .. } => Some(source),
            _ => None,
        }
    }
}
