// SPDX-License-Identifier: Apache-2.0
//! `voxoz run`: boots a guest on real Xen in QEMU, with its console on the terminal.

use std::env;
use std::path::PathBuf;

use lab::packages::Install;
use lab::{End, GuestSpec, LabError, Reason};

use crate::failure::{Code, Failure};

/// Boot a guest on Xen, in QEMU, with its console on the terminal
///
/// The first run makes a small dom0 from Debian's packages and keeps it in the user's cache directory.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The guest's kernel, an ELF file
    guest: PathBuf,
    /// Memory in MiB
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    memory: u32,
    /// Command line, up to 1023 bytes; for more, embed arguments with `voxoz pack`
    #[arg(long, value_name = "TEXT", default_value = "", allow_hyphen_values = true)]
    extra: String,
}

/// Carries out the command: stays until the guest ends or the user leaves.
pub fn run(options: &Options, install: Install) -> Result<(), Failure> {
    // The lab would only find out after it has booted.
    crate::file::read(&options.guest)?;
    let mut spec = GuestSpec::new("guest", &options.guest);
    spec.memory_mib = options.memory;
    spec.extra.clone_from(&options.extra);
    let mut bench = lab::Options { install, cache: cache(), ..lab::Options::default() };
    bench.memory_mib = bench.memory_mib.max(options.memory.saturating_add(lab::Options::OVERHEAD_MIB));
    match lab::run_one(&spec, &bench) {
        Ok(Some(end)) => judge(end),
        Ok(None) => Ok(()),
        Err(error) => Err(explain(&error)),
    }
}

/// Where the dom0 that is made from Debian's packages is kept between runs.
fn cache() -> PathBuf {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    base.unwrap_or_else(env::temp_dir).join("voxoz")
}

fn judge(end: End) -> Result<(), Failure> {
    match end.reason {
        Reason::Crash | Reason::Watchdog | Reason::Other(_) => {
            let help = "read the report on the guest's console above";
            Err(Failure::new(Code::Failed, "the guest ended badly", end.reason, help))
        }
        Reason::Poweroff | Reason::Reboot | Reason::Suspend | Reason::SoftReset | Reason::Destroyed => {
            anstream::eprintln!("the guest ended: {}, after {:.1} s", end.reason, end.after.as_secs_f64());
            Ok(())
        }
    }
}

fn explain(error: &LabError) -> Failure {
    let (code, help) = match error {
        LabError::Argument(_) => (Code::Usage, "see `voxoz run --help`"),
        LabError::Format { .. } => (Code::Build, "see what is in it with `voxoz inspect`"),
        LabError::GuestEnded { .. } => (Code::Failed, "the logs have the guest's console"),
        LabError::Packages { .. } => (Code::Host, "install them, or leave out --no-install"),
        LabError::Gone { .. } | LabError::TimedOut { .. } | LabError::Dom0 { .. } => {
            (Code::Host, "the logs tell more; `voxoz doctor` checks this machine")
        }
        LabError::Command { .. } | LabError::Io { .. } => (Code::Host, "`voxoz doctor` checks this machine"),
    };
    Failure::new(code, "cannot run the guest", error, help)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lab::{End, LabError, Reason};

    use super::{explain, judge};
    use crate::failure::Code;

    #[test]
    fn a_crash_is_a_failure_and_a_poweroff_is_not() {
        let end = |reason| judge(End { reason, after: Duration::from_secs(1) });
        assert!(end(Reason::Poweroff).is_ok());
        assert_eq!(end(Reason::Crash).unwrap_err().code(), Code::Failed);
    }

    #[test]
    fn errors_of_the_lab_have_their_exit_codes() {
        let packages = LabError::Packages {
            reason: "packages are missing".into(),
            names: vec!["qemu-system-x86".into()],
            command: "apt-get install qemu-system-x86".into(),
        };
        assert_eq!(explain(&packages).code(), Code::Host);
        assert_eq!(explain(&LabError::Argument("bad".into())).code(), Code::Usage);
        let format = LabError::Format { path: "k.elf".into(), detail: "no ELF file".into() };
        assert_eq!(explain(&format).code(), Code::Build);
    }
}
