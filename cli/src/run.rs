// SPDX-License-Identifier: Apache-2.0
//! `voxoz run`: boots a guest with its console on the terminal: on this machine's Xen if it has one, else on real Xen in QEMU.

pub mod bench;
mod detached;
pub mod host;

use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use image::arguments::Arguments;
use image::pack::Kernel;
use image::{Image, SectionKind};
use lab::packages::Install;
use lab::{Keys, Lab, LabError, Reason};

use crate::build::layout::Progress;
use crate::build::options::Options as BuildOptions;
use crate::build::temporary::Temporary;
use crate::build::{self, Built, ELF, xl};
use crate::failure::{Code, Failure};
use crate::machines::record::Place;
use crate::resources::{Access, Resources};
use crate::{disk, file, project};

/// Boot a guest on Xen with its console on the terminal
///
/// PATH is a file that `voxoz build` has made, or anything that it builds: then that is done first. On a Xen host the guest is
/// started by `xl`, and Ctrl-] leaves its console while the guest goes on. Elsewhere it is booted on real Xen in QEMU; the first run makes a small dom0 from
/// Debian's packages and keeps it in the user's cache directory, or in the folder that VOXOZ_CACHE names. There Ctrl-] leaves as well, and Ctrl-C stops a guest that reads nothing
/// from its console.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    build: BuildOptions,
    /// More words for the guest's command line, up to 1023 bytes
    #[arg(long, value_name = "TEXT", default_value = "", allow_hyphen_values = true, value_parser = extra)]
    extra: String,
    /// Run what is in the image as a process of this system, without Xen
    #[arg(long, conflicts_with = "on")]
    hosted: bool,
    /// Where it runs; on Xen if this machine has it, else on the bench
    #[arg(long, value_name = "PLACE", env = "VOXOZ_ON")]
    on: Option<Place>,
    /// Start it and leave it running: see `voxoz ps`, `logs`, `console` and `stop`
    #[arg(short, long)]
    detach: bool,
    /// What it is called, when it is detached; as the application if it is not said
    #[arg(long, requires = "detach")]
    name: Option<String>,
}

/// What Xen takes for a command line (`MAX_GUEST_CMDLINE`, xen/include/public/xen.h), less its end.
const LONGEST: usize = 1023;

fn extra(text: &str) -> Result<String, String> {
    if text.len() > LONGEST {
        let length = text.len();
        return Err(format!(
            "it has {length} bytes, and Xen takes {LONGEST}; put words into the image, behind --"
        ));
    }
    if text.contains(['\n', '\0']) { Err("it has a line end".into()) } else { Ok(text.into()) }
}

impl Options {
    /// Where it runs.
    fn place(&self) -> Place {
        match self.on {
            _ if self.hosted => Place::Process,
            Some(place) => place,
            None if is_xen_host() && lab::packages::in_path("xl") => Place::Xen,
            None => Place::Bench,
        }
    }
}

/// A guest's file and what it needs.
pub struct Guest {
    name: String,
    path: PathBuf,
    memory: u32,
    keys: Keys,
    /// The folder of a file that was made for one run, with which it goes.
    folder: Option<Temporary>,
}

/// Carries out the command: stays until the guest ends or the user leaves.
pub fn run(options: &Options, install: Install) -> Result<ExitCode, Failure> {
    let place = options.place();
    if place == Place::Xen {
        host::check()?;
    }
    let build = project::resolve(&options.build)?;
    let resources = &build.resources;
    if options.detach {
        detached::start(&build, options, place, install)?;
        return Ok(ExitCode::SUCCESS);
    }
    if place == Place::Process {
        return run_hosted(&build, &options.extra);
    }
    let guest = guest(&build)?;
    resources.disks.iter().try_for_each(disk::ensure)?;
    match place {
        Place::Xen => run_on_host(guest, &options.extra, resources)?,
        Place::Bench | Place::Process => run_in_lab(&guest, &options.extra, resources, install)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether this system is the domain that controls its Xen.
pub fn is_xen_host() -> bool {
    std::fs::read_to_string("/proc/xen/capabilities")
        .is_ok_and(|capabilities| capabilities.contains("control_d"))
}

/// The bytes of the file, if one was named and is a kernel. What is wrong with it is told before anything boots.
fn kernel(options: &BuildOptions) -> Result<Option<Vec<u8>>, Failure> {
    let [path] = options.paths.as_slice() else { return Ok(None) };
    if path.is_dir() {
        return Ok(None);
    }
    let bytes = file::contents(path)?;
    if !bytes.starts_with(ELF) {
        return Ok(None);
    }
    options.check_built(path)?;
    let help = "build it again with `voxoz build`, or copy it again";
    let kernel = Kernel::parse(&bytes).map_err(|why| {
        let what = format!("{} is not a kernel of Voxoz, or is damaged", path.display());
        Failure::new(Code::Build, what, why, help)
    })?;
    if let Some(image) = kernel.image() {
        Image::parse(image).map_err(|why| {
            Failure::new(Code::Build, format!("the image in {} is damaged", path.display()), why, help)
        })?;
    }
    Ok(Some(bytes))
}

/// The guest: the file that was named, or one that is built of what was.
fn guest(options: &BuildOptions) -> Result<Guest, Failure> {
    let asked = options.resources.memory;
    if let Some(bytes) = kernel(options)? {
        let path = options.paths[0].clone();
        let memory = xl::memory(asked, bytes.len())?;
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("guest");
        return Ok(Guest {
            name: xl::domain(stem),
            path,
            memory,
            keys: keys(&words_of(&bytes)),
            folder: None,
        });
    }
    let built = built(options)?;
    let memory = xl::memory(asked, built.packed.len())?;
    let name = xl::domain(&built.plan.name);
    let unwritable = |path: &Path, why| {
        let help = "free some room, or set TMPDIR to a directory that has it";
        Failure::new(Code::Build, format!("cannot write {}", path.display()), why, help)
    };
    let folder = Temporary::new("voxoz-run").map_err(|why| unwritable(&env::temp_dir(), why))?;
    let path = folder.path().join(format!("{name}.elf"));
    image::pack::write_executable(&path, &built.packed).map_err(|why| unwritable(&path, why))?;
    Ok(Guest { name, path, memory, keys: keys(&built.plan.arguments), folder: Some(folder) })
}

/// Builds, and says what was built.
fn built(options: &BuildOptions) -> Result<Built, Failure> {
    let began = Instant::now();
    let progress = if std::io::stderr().is_terminal() { Progress::Shown } else { Progress::Hidden };
    let built = build::build(options, progress)?;
    anstream::eprintln!(
        "voxoz: built {}, {:.1} MiB, in {:.1} s",
        built.plan.name,
        built.packed.len() as f64 / f64::from(1 << 20),
        began.elapsed().as_secs_f64()
    );
    Ok(built)
}

/// The words in the image of a kernel; none if there is no image to be read, of which the guest itself will tell.
fn words_of(kernel: &[u8]) -> Vec<String> {
    let words = || {
        let kernel = Kernel::parse(kernel).ok()?;
        let image = Image::parse(kernel.image()?).ok()?;
        let words = Arguments::parse(image.section(SectionKind::ARGUMENTS)?).ok()?;
        Some(words.iter().map(str::to_owned).collect())
    };
    words().unwrap_or_default()
}

/// Whether a program that is started with these words reads keys.
fn keys(words: &[String]) -> Keys {
    if words.iter().any(|word| word == "-noinput") { Keys::ToStop } else { Keys::ToGuest }
}

fn run_hosted(options: &BuildOptions, extra: &str) -> Result<ExitCode, Failure> {
    hosted_ports(&options.resources)?;
    let bytes = match kernel(options)? {
        Some(bytes) => bytes,
        None => built(options)?.packed,
    };
    let data = hosted_disk(&options.resources)?;
    // The machine's files are read in place for as long as the process lives.
    let bytes: &'static [u8] = bytes.leak();
    let shown = options.paths.first().map_or(Path::new("the kernel"), PathBuf::as_path);
    let kernel = Kernel::parse(bytes).map_err(|why| file::not_a_kernel(shown, why))?;
    let wrong = |why: &dyn std::fmt::Display| {
        let what = format!("cannot start what is in {}", shown.display());
        Failure::new(Code::Failed, what, why, "build it with `voxoz build`")
    };
    let image = kernel.image().ok_or_else(|| wrong(&"the kernel has not been packed"))?;
    let mut buffer = vec![0; extra.len() + 1];
    let more = image::arguments::split(extra, &mut buffer)
        .map_err(|why| Failure::new(Code::Usage, "cannot read --extra", why, "quote it as in a shell"))?;
    let more: Vec<Vec<u8>> = more.iter().map(|word| word.as_bytes().to_vec()).collect();
    let settings = hosted::Settings { data, ..hosted::Settings::default() };
    let status = hosted::boot_image(image, settings, &more).map_err(|error| wrong(&error))?;
    Ok(ExitCode::from(status as u8))
}

/// The disk of a process: it has one at most.
fn hosted_disk(resources: &Resources) -> Result<Option<hosted::DataDisk>, Failure> {
    match resources.disks.as_slice() {
        [] => Ok(None),
        [disk] if disk.access == Access::ReadWrite => {
            disk::ensure(disk)?;
            Ok(Some(disk::data(&disk.image)?))
        }
        _ => {
            let why = "such a process has one, which it can write to";
            let help = "leave the other disks out, or run without --hosted";
            Err(Failure::new(Code::Usage, "these disks cannot be had with --hosted", why, help))
        }
    }
}

/// Says where the ports of a process are: at this system's own.
fn hosted_ports(resources: &Resources) -> Result<(), Failure> {
    for port in &resources.ports {
        if port.host.is_some_and(|host| host != port.guest) {
            let what = format!("port {} cannot be another one with --hosted", port.guest);
            let why = "the ports of such a process are those of this system";
            let help = format!("use --port {0}, or have the application listen elsewhere", port.guest);
            return Err(Failure::new(Code::Usage, what, why, help));
        }
        anstream::eprintln!("voxoz: the application's {} port is 127.0.0.1:{}", port.protocol, port.guest);
    }
    Ok(())
}

/// Starts the guest on this machine's Xen. One whose console the user has left needs its file: it may be started anew.
fn run_on_host(guest: Guest, extra: &str, resources: &Resources) -> Result<(), Failure> {
    let name = guest.name.clone();
    match host::run(&guest, extra, resources)? {
        host::Outcome::Ended(Some(reason)) => judge(reason, None),
        host::Outcome::Ended(None) => {
            anstream::eprintln!("{name} has ended");
            Ok(())
        }
        host::Outcome::GoesOn => {
            anstream::eprintln!(
                "voxoz: {name} goes on; `xl console {name}` shows its console, `xl shutdown {name}` stops it"
            );
            if let Some(folder) = guest.folder {
                folder.keep();
            }
            Ok(())
        }
    }
}

/// Boots the guest on the bench.
fn run_in_lab(guest: &Guest, extra: &str, resources: &Resources, install: Install) -> Result<(), Failure> {
    let _held = bench::hold(resources)?;
    let spec = bench::spec(&guest.name, &guest.path, guest.memory, extra, resources)
        .map_err(|error| explain(&error))?;
    let started = |lab: &Lab| {
        for port in bench::ports(lab, resources) {
            anstream::eprintln!("voxoz: the guest's {port}");
        }
    };
    let options = bench::options(guest.memory, resources, install);
    match lab::run_one(&spec, &options, guest.keys, started) {
        Ok(Some(end)) => judge(end.reason, Some(end.after)),
        Ok(None) => Ok(()),
        Err(error) => Err(explain(&error)),
    }
}

fn judge(reason: Reason, after: Option<Duration>) -> Result<(), Failure> {
    match reason {
        Reason::Crash | Reason::Watchdog | Reason::Other(_) => {
            let help = "read the report on the guest's console above";
            Err(Failure::new(Code::Failed, "the guest ended badly", reason, help))
        }
        Reason::Poweroff | Reason::Reboot | Reason::Suspend | Reason::SoftReset | Reason::Destroyed => {
            let after =
                after.map_or_else(String::new, |after| format!(", after {:.1} s", after.as_secs_f64()));
            anstream::eprintln!("the guest ended: {reason}{after}");
            Ok(())
        }
    }
}

/// An error of the bench as a person reads it.
pub fn explain(error: &LabError) -> Failure {
    let (code, help) = match error {
        LabError::Argument(_) => (Code::Usage, "see `voxoz run --help`"),
        LabError::Port { .. } => (
            Code::Host,
            "stop what listens there, or use another one, as in `--port 9000:8080`; a guest's port alone takes any that is free",
        ),
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

    use lab::{LabError, Reason};

    use super::{explain, judge};
    use crate::failure::Code;

    #[test]
    fn a_crash_is_a_failure_and_a_poweroff_is_not() {
        assert!(judge(Reason::Poweroff, Some(Duration::from_secs(1))).is_ok());
        assert_eq!(judge(Reason::Crash, None).unwrap_err().code(), Code::Failed);
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
