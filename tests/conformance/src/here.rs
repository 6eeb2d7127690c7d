// SPDX-License-Identifier: Apache-2.0
//! The virtual machine's side. Each program runs in a process of its own, which is this program called again, so that one that crashes or
//! hangs fails alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use hosted::{CodePath, Collections, DataDisk, DiskFile, Flavor, Network, OtpRoot, Settings};

use crate::outcome;

/// The first argument of the process that runs one program.
pub const WORKER: &str = "--worker";

/// How long a small program may take: longer than the disk of a machine that does much else stalls one that writes.
pub const LIMIT: Duration = Duration::from_secs(600);

/// Bytes of `/tmp` in memory.
const TMP: u64 = 256 << 20;

/// In which way the virtual machine is put to the test. Stock OTP does everything once, so all modes are compared with the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// As it is used.
    #[default]
    Ordinary,
    /// With a collection wherever there can be one.
    Stressed,
    /// In a simulated world with this seed.
    Simulated(u64),
    /// Without machine code.
    Emulated,
    /// With `/tmp` in memory, as in a guest.
    Tmp,
    /// With `/tmp` on a volume, as a guest has `/data`.
    Data,
    /// Over a network stack of our own, as in a guest.
    Net,
}

impl Mode {
    /// The modes that an option asks for: `--emu`, `--stress`, `--tmp`, `--data`, `--net`, `--seed=NUMBER`, or `--seeds=COUNT` for the first so many seeds.
    #[must_use]
    pub fn asked_for(option: &str) -> Option<Vec<Self>> {
        let number = |prefix| option.strip_prefix(prefix).and_then(|number| number.parse::<u64>().ok());
        if let Some(seed) = number("--seed=") {
            return Some(vec![Self::Simulated(seed)]);
        }
        if let Some(count) = number("--seeds=") {
            return Some((1..=count).map(Self::Simulated).collect());
        }
        match option {
            "--emu" => Some(vec![Self::Emulated]),
            "--stress" => Some(vec![Self::Stressed]),
            "--tmp" => Some(vec![Self::Tmp]),
            "--data" => Some(vec![Self::Data]),
            "--net" => Some(vec![Self::Net]),
            _ => None,
        }
    }

    /// As it stands in the names of tests and known failures.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Ordinary => "ordinary".into(),
            Self::Stressed => "stressed".into(),
            Self::Simulated(seed) => format!("seed-{seed}"),
            Self::Emulated => "emu".into(),
            Self::Tmp => "tmp".into(),
            Self::Data => "data".into(),
            Self::Net => "net".into(),
        }
    }

    fn named(name: &str) -> Option<Self> {
        match (name, name.strip_prefix("seed-")) {
            ("ordinary", _) => Some(Self::Ordinary),
            ("stressed", _) => Some(Self::Stressed),
            ("emu", _) => Some(Self::Emulated),
            ("tmp", _) => Some(Self::Tmp),
            ("data", _) => Some(Self::Data),
            ("net", _) => Some(Self::Net),
            (_, Some(seed)) => seed.parse().ok().map(Self::Simulated),
            (_, None) => None,
        }
    }

    fn settings(self) -> Settings {
        match self {
            Self::Ordinary => Settings::default(),
            Self::Stressed => Settings { collections: Collections::Stressed, ..Settings::default() },
            Self::Emulated => Settings { flavor: Flavor::Emu, ..Settings::default() },
            Self::Tmp => Settings { tmp: Some(TMP), ..Settings::default() },
            Self::Data => Settings { data: Some(volume()), ..Settings::default() },
            Self::Net => Settings { network: Network::Own, ..Settings::default() },
            Self::Simulated(seed) => Settings { seed: Some(seed), ..Settings::default() },
        }
    }
}

/// A blank disk, whose file goes when this process does; it is a volume as soon as it is mounted.
fn volume() -> DataDisk {
    let file = std::env::temp_dir().join(format!("voxoz-conformance-{}", std::process::id()));
    let file: &'static Path = Box::leak(file.into_boxed_path());
    let _ = fs::remove_file(file);
    DiskFile::create(file, TMP).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    DataDisk { file, place: "/tmp" }
}

/// What is run.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where the module is.
    pub folder: PathBuf,
    /// The module.
    pub module: String,
    /// The function.
    pub function: String,
    /// How.
    pub mode: Mode,
    /// How long it may take.
    pub limit: Duration,
}

/// Runs a function and gives the text of its outcome.
///
/// # Errors
/// The process has crashed, or was too slow; what it has said.
pub fn run(call: &Call) -> Result<Vec<u8>, String> {
    let file = |kind: &str| {
        call.folder.join(format!("{}.{}.{}.{kind}", call.module, call.function, call.mode.name()))
    };
    let (outcome, log) = (file("here"), file("log"));
    let _ = fs::remove_file(&outcome);
    let said = fs::File::create(&log).map_err(|why| format!("cannot write {}: {why}", log.display()))?;
    let same = said.try_clone().map_err(|why| format!("cannot share the log: {why}"))?;
    let this = std::env::current_exe().map_err(|why| format!("cannot find this program: {why}"))?;
    let mut command = Command::new(this);
    command.args([WORKER, &call.mode.name(), &call.module, &call.function]).arg(&call.folder).arg(&outcome);
    command.env("RUST_BACKTRACE", "0").stdin(Stdio::null()).stdout(said).stderr(same);
    let mut child = command.spawn().map_err(|why| format!("cannot start a process: {why}"))?;
    let end = Instant::now() + call.limit;
    let mut pause = Duration::from_millis(1);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() >= end => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("not finished after {} s\n{}", call.limit.as_secs(), text(&log)));
            }
            Ok(None) => thread::sleep(pause),
            Err(why) => return Err(format!("cannot wait for the process: {why}")),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    match fs::read(&outcome) {
        Ok(bytes) if status.success() => Ok(bytes),
        _ => Err(format!("the process has ended with {status}\n{}", text(&log))),
    }
}

fn text(log: &Path) -> String {
    String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
}

/// What the process does that runs one program.
pub fn work(arguments: &[String]) -> ExitCode {
    let [mode, module, function, folder, file] = arguments else { return ExitCode::from(2) };
    let Some(mode) = Mode::named(mode) else { return ExitCode::from(2) };
    let path = CodePath::new(vec![PathBuf::from(folder)], OtpRoot::find().as_ref());
    match hosted::call(path, mode.settings(), module, function) {
        Ok(outcome) => match fs::write(file, outcome::text(&outcome)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("cannot write {file}: {why}");
                ExitCode::FAILURE
            }
        },
        Err(why) => {
            eprintln!("cannot call the function: {why}");
            ExitCode::FAILURE
        }
    }
}
