// SPDX-License-Identifier: Apache-2.0
//! Debian packages that a command of this repository needs on the host, and their installation.
//!
//! A package counts as present when the thing it is needed for is there, so a hand-built QEMU in the `PATH` is as good as
//! Debian's. What only dom0 needs is never installed on the host: see `image.rs`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::LabError;
use crate::command;

/// Whether missing packages may be fetched and installed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Install {
    /// Install what is missing, as root or through `sudo`.
    #[default]
    Allowed,
    /// Touch neither the host nor the network: what is missing is an error.
    Forbidden,
}

/// What shows that a package is not needed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A program of this name is in the `PATH`.
    Program(&'static str),
    /// This file exists.
    File(&'static str),
}

/// A package of the host and what it is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Package {
    /// Debian's name for it.
    pub name: &'static str,
    /// What makes it present.
    pub proof: Proof,
}

impl Package {
    /// A package that is needed for one program.
    pub const fn program(name: &'static str, program: &'static str) -> Self {
        Self { name, proof: Proof::Program(program) }
    }

    /// A package that is needed for one file.
    pub const fn file(name: &'static str, file: &'static str) -> Self {
        Self { name, proof: Proof::File(file) }
    }

    fn is_present(&self) -> bool {
        match self.proof {
            Proof::Program(program) => in_path(program),
            Proof::File(file) => Path::new(file).exists(),
        }
    }
}

/// What the bench needs on the host.
pub const BENCH: &[Package] =
    &[Package::program("qemu-system-x86", "qemu-system-x86_64"), Package::program("xz-utils", "xz")];

/// Packages, each with one of the same source that Debian does not let be there in a version of another release. Who has that one from backports
/// would have it removed by apt, or the package refused: it is brought to the same version.
const SIBLINGS: &[(&str, &str)] = &[("qemu-system-x86", "qemu-utils")];

/// Installs those of `packages` that are missing, after saying so on standard error.
pub fn ensure(packages: &[Package], install: Install) -> Result<(), LabError> {
    let missing = |p: &&Package| !p.is_present();
    let names: Vec<_> = packages.iter().filter(missing).map(|p| p.name.to_owned()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let mut install_command = installation(&names);
    let line = command::line(&install_command);
    let error = |reason: &str| LabError::Packages {
        reason: reason.to_owned(),
        names: names.clone(),
        command: line.clone(),
    };
    if install == Install::Forbidden {
        return Err(error("packages are missing and installing is forbidden"));
    }
    if !in_path("apt-get") {
        return Err(error("packages are missing and this host has no apt-get"));
    }
    if !is_root() && !in_path("sudo") {
        return Err(error("packages are missing and installing them needs root or sudo"));
    }
    eprintln!("lab: installing {}: {line}", names.join(" "));
    if !has_lists() {
        update()?;
    }
    if command::output(&mut install_command).is_err() {
        // The lists may name versions that the archive has replaced since.
        update()?;
        command::output(&mut installation(&names))?;
    }
    match packages.iter().find(missing) {
        None => Ok(()),
        Some(package) => {
            Err(error(&format!("{} is installed and {:?} is still missing", package.name, package.proof)))
        }
    }
}

/// The command that installs packages.
fn installation(names: &[String]) -> Command {
    let mut command = apt_get(&["install", "--yes", "--no-install-recommends"]);
    command.args(names);
    for (name, sibling) in SIBLINGS {
        if !names.iter().any(|wanted| wanted == name)
            || !Path::new(DPKG_INFO).join(format!("{sibling}.list")).exists()
        {
            continue;
        }
        // Without lists apt knows no version yet; it has them when the installation is tried again.
        let shown = command::output(Command::new("apt-cache").args(["show", "--no-all-versions", name]));
        if let Some(version) =
            shown.ok().as_deref().and_then(|shown| version(std::str::from_utf8(shown).ok()?))
        {
            command.args(["--allow-downgrades", &format!("{sibling}={version}")]);
        }
    }
    command
}

/// The version in what `apt-cache show` prints.
fn version(shown: &str) -> Option<&str> {
    shown.lines().find_map(|line| line.strip_prefix("Version: "))
}

/// Where dpkg keeps what it knows of packages.
const DPKG_INFO: &str = "/var/lib/dpkg/info";

/// Renews apt's package lists.
pub(crate) fn update() -> Result<(), LabError> {
    eprintln!("lab: renewing apt's package lists");
    command::output(&mut apt_get(&["update"])).map(drop)
}

/// Whether apt has package lists at all; a fresh container has none.
pub(crate) fn has_lists() -> bool {
    let Ok(entries) = std::fs::read_dir(LISTS) else { return false };
    entries.flatten().any(|e| e.file_name().to_string_lossy().contains("_Packages"))
}

/// Where apt keeps its package lists.
pub(crate) const LISTS: &str = "/var/lib/apt/lists";

/// Another one may be at work, as a machine's own upgrades are after its start: it is waited for.
const WAITING: [&str; 2] = ["-o", "DPkg::Lock::Timeout=600"];

fn apt_get(args: &[&str]) -> Command {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").args(WAITING).args(args).stderr(Stdio::inherit());
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether a program of this name is in the `PATH`.
#[must_use]
pub fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        // A user's PATH often lacks these two.
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .any(|dir| dir.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_package_is_found() {
        let shown = "Package: qemu-system-x86\nSource: qemu\nVersion: 1:7.2+dfsg-7\nDepends: libc6\n";
        assert_eq!(version(shown), Some("1:7.2+dfsg-7"));
        assert_eq!(version("Package: qemu-system-x86\n"), None);
    }
}
