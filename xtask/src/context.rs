// SPDX-License-Identifier: Apache-2.0
//! What every task needs to know: where the repository is and which cargo runs it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::packages::Install;

/// The surroundings of a task.
#[derive(Debug)]
pub struct Context {
    root: PathBuf,
    cargo: PathBuf,
    install: Install,
}

impl Context {
    /// Finds the repository from where cargo found this crate.
    pub fn new(install: Install) -> Self {
        let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let package = PathBuf::from(package);
        let root = package.parent().unwrap_or(&package).to_path_buf();
        let cargo = env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
        Self { root, cargo, install }
    }

    /// The repository's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory in which tasks leave what they make.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// A call of cargo in the repository's root.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(&self.root);
        command
    }

    /// Cargo's arguments for the crates that are programs and libraries of the host.
    pub fn hosted_crates(&self) -> [&'static str; 5] {
        ["--workspace", "--exclude", "boot", "--exclude", "test-guest"]
    }

    /// Whether missing packages may be installed.
    pub fn install(&self) -> Install {
        self.install
    }

    /// The flag by which the host tool is told that nothing may be installed.
    pub fn no_install(&self) -> Option<&'static str> {
        (self.install == Install::Forbidden).then_some("--no-install")
    }

    /// A path as it is shown: relative to the repository where it lies within.
    pub fn shown<'p>(&self, path: &'p Path) -> std::path::Display<'p> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}
