// SPDX-License-Identifier: Apache-2.0
//! `voxoz run`: boots a guest with its console on the terminal: on this machine's Xen if it has one, else on real Xen in QEMU.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lab::packages::Install;
use lab::{End, GuestSpec, LabError, Reason};

use crate::build::layout::Progress;
use crate::build::options::Options as BuildOptions;
use crate::build::{self, xl};
use crate::failure::{Code, Failure};
use crate::file;

/// What an ELF file begins with.
const ELF: &[u8] = b"\x7FELF";

/// Boot a guest on Xen with its console on the terminal
///
/// PATH is a file that `voxoz build` has made, or anything that it builds: then that is done first. On a Xen host the guest is
/// started by `xl`, and Ctrl-] leaves its console. Elsewhere it is booted on real Xen in QEMU; the first run makes a small dom0 from
/// Debian's packages and keeps it in the user's cache directory.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    build: BuildOptions,
    /// More words for the guest's command line, up to 1023 bytes
    #[arg(long, value_name = "TEXT", default_value = "", allow_hyphen_values = true)]
    extra: String,
    /// Run what is in the image as a process of this system, without Xen
    #[arg(long)]
    hosted: bool,
}

/// A file of a guest that goes when this does, if it was made for one run.
struct Guest {
    path: PathBuf,
    memory: u32,
    is_temporary: bool,
}

impl Drop for Guest {
    fn drop(&mut self) {
        if self.is_temporary {
            // A file that stays behind in the folder for temporary files harms nobody.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Carries out the command: stays until the guest ends or the user leaves.
pub fn run(options: &Options, install: Install) -> Result<ExitCode, Failure> {
    if options.hosted {
        return run_hosted(options);
    }
    let guest = guest(options)?;
    if is_xen_host() && lab::packages::in_path("xl") {
        run_with_xl(&guest, &options.extra)?;
    } else {
        run_in_lab(&guest, &options.extra, install)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether this system is the domain that controls its Xen.
pub fn is_xen_host() -> bool {
    std::fs::read_to_string("/proc/xen/capabilities")
        .is_ok_and(|capabilities| capabilities.contains("control_d"))
}

/// The bytes of the file, if one was named and is a kernel.
fn kernel(options: &BuildOptions) -> Result<Option<Vec<u8>>, Failure> {
    match options.paths.as_slice() {
        [path] if !path.is_dir() => Ok(Some(file::read(path)?).filter(|bytes| bytes.starts_with(ELF))),
        _ => Ok(None),
    }
}

/// The guest: the file that was named, or one that is built of what was.
fn guest(options: &Options) -> Result<Guest, Failure> {
    if let Some(bytes) = kernel(&options.build)? {
        let path = options.build.paths[0].clone();
        return Ok(Guest {
            path,
            memory: xl::memory(options.build.memory, bytes.len())?,
            is_temporary: false,
        });
    }
    let built = build::build(&options.build, Progress::Hidden)?;
    let memory = xl::memory(options.build.memory, built.packed.len())?;
    let name = format!("voxoz-{}-{}.elf", xl::domain(&built.plan.name), std::process::id());
    let path = env::temp_dir().join(name);
    image::pack::write_executable(&path, &built.packed).map_err(|why| {
        let help = "free some room, or set TMPDIR to a directory that has it";
        Failure::new(Code::Build, format!("cannot write {}", path.display()), why, help)
    })?;
    Ok(Guest { path, memory, is_temporary: true })
}

fn run_hosted(options: &Options) -> Result<ExitCode, Failure> {
    let bytes = match kernel(&options.build)? {
        Some(bytes) => bytes,
        None => build::build(&options.build, Progress::Hidden)?.packed,
    };
    // The machine's files are read in place for as long as the process lives.
    let bytes: &'static [u8] = bytes.leak();
    let shown = options.build.paths.first().map_or(Path::new("the kernel"), PathBuf::as_path);
    let kernel = image::pack::Kernel::parse(bytes).map_err(|why| file::not_a_kernel(shown, why))?;
    let wrong = |why: &dyn std::fmt::Display| {
        let what = format!("cannot start what is in {}", shown.display());
        Failure::new(Code::Failed, what, why, "build it with `voxoz build`")
    };
    let image = kernel.image().ok_or_else(|| wrong(&"the kernel has not been packed"))?;
    let mut buffer = vec![0; options.extra.len() + 1];
    let more = image::arguments::split(&options.extra, &mut buffer)
        .map_err(|why| Failure::new(Code::Usage, "cannot read --extra", why, "quote it as in a shell"))?;
    let more: Vec<Vec<u8>> = more.iter().map(|word| word.as_bytes().to_vec()).collect();
    let status =
        hosted::boot_image(image, hosted::Settings::default(), &more).map_err(|error| wrong(&error))?;
    Ok(ExitCode::from(status as u8))
}

/// Starts the guest on this machine's Xen, with its console on the terminal.
fn run_with_xl(guest: &Guest, extra: &str) -> Result<(), Failure> {
    let stem = guest.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("guest");
    let config = env::temp_dir().join(format!("voxoz-{}.cfg", std::process::id()));
    std::fs::write(&config, xl::config(&xl::domain(stem), None, &guest.path, guest.memory, extra)).map_err(
        |why| {
            let help = "free some room, or set TMPDIR to a directory that has it";
            Failure::new(Code::Build, format!("cannot write {}", config.display()), why, help)
        },
    )?;
    let status = Command::new("xl").args(["create", "-c"]).arg(&config).status();
    let _ = std::fs::remove_file(&config);
    let help = "become root: `sudo voxoz run …`; `xl dmesg` tells what Xen says";
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(Code::Failed, "xl cannot start the guest", status, help)),
        Err(why) => Err(Failure::new(Code::Host, "cannot start xl", why, "install xen-utils")),
    }
}

fn run_in_lab(guest: &Guest, extra: &str, install: Install) -> Result<(), Failure> {
    let mut spec = GuestSpec::new("guest", &guest.path);
    spec.memory_mib = guest.memory;
    extra.clone_into(&mut spec.extra);
    let mut bench = lab::Options { install, cache: cache(), ..lab::Options::default() };
    bench.memory_mib = bench.memory_mib.max(guest.memory.saturating_add(lab::Options::OVERHEAD_MIB));
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
