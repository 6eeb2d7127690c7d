// SPDX-License-Identifier: Apache-2.0
//! Tests of the tool as a person or a script meets it: what it prints, what it writes, how it exits.

#![forbid(unsafe_code)]

mod build;
mod check;
mod data;
mod detached;
mod examples;
mod host;
mod inspect;
mod kernel;
mod odd;
mod output;
mod pack;
mod release;
mod usage;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How a run of the tool ended.
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the tool.
fn voxoz<A: AsRef<OsStr>>(arguments: &[A]) -> Outcome {
    voxoz_with(arguments, &[])
}

/// Runs the tool with variables.
fn voxoz_with<A: AsRef<OsStr>>(arguments: &[A], variables: &[(&str, &str)]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voxoz"));
    command.args(arguments).env_remove("SOURCE_DATE_EPOCH").env_remove("VOXOZ_KERNEL").env_remove("VOXOZ_ON");
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    let output = command.output().expect("voxoz starts");
    Outcome {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("output is text"),
        err: String::from_utf8(output.stderr).expect("errors are text"),
    }
}

/// A directory for one test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a scratch directory can be made");
        Self(path)
    }

    /// The path of a file in it.
    fn path(&self, name: &str) -> String {
        self.0.join(name).into_os_string().into_string().expect("the path is text")
    }

    /// Writes a file and returns its path.
    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a scratch file can be written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A directory that stays behind harms no test.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
