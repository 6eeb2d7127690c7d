// SPDX-License-Identifier: Apache-2.0
//! A suite in an emulator of its own, watched from outside: when the emulator dies or stands still in a case, that case has failed, and another emulator goes on after it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{During, Failure};
use crate::process;
use crate::suites::results::Results;
use crate::suites::way::Way;

/// How often an emulator is started again for one suite.
const STARTS: usize = 40;

/// What a case may take on top of its limit, with what is done before and after it.
const GRACE: Duration = Duration::from_secs(40);

/// The volume's file in the folder of a run, its size, which takes room only as it is written to, and where it is mounted.
const DISK: &str = "disk";
const DISK_SIZE: &str = "8G";
const MOUNT: &str = "/data";

/// Features of the language that suites use, which an emulator refuses unless it was started with them.
const FEATURES: [(&str, &str); 1] = [("maybe_SUITE", "maybe_expr")];

/// Who runs a suite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Stock's `erl`.
    Stock,
    /// `voxoz erl`.
    Here(Way),
}

impl Side {
    /// The name of the side's folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Here(Way::Host) => "here",
            Self::Here(Way::Net) => "here-net",
            Self::Here(Way::Data) => "here-data",
        }
    }
}

/// A run of a suite.
#[derive(Debug)]
pub struct Run<'r> {
    /// Who runs it.
    pub side: Side,
    /// The program `voxoz`.
    pub voxoz: &'r Path,
    /// The suite's module.
    pub module: &'r str,
    /// The folder of the run; `suite` in it has the suite and its data.
    pub folder: &'r Path,
    /// Where more modules are.
    pub paths: &'r [PathBuf],
    /// How long a case may take.
    pub limit: Duration,
}

/// How an emulator has ended.
enum End {
    Exited(ExitStatus),
    StoodStill,
}

impl Run<'_> {
    fn file(&self) -> PathBuf {
        self.folder.join("results")
    }

    fn is_on_volume(&self) -> bool {
        self.side == Side::Here(Way::Data)
    }

    /// The folder in which cases leave files, as the emulator names it.
    fn private(&self) -> PathBuf {
        if self.is_on_volume() { Path::new(MOUNT).join("private") } else { self.host_private() }
    }

    fn host_private(&self) -> PathBuf {
        self.folder.join("private")
    }

    /// The folder with the suite and its data, as the emulator names it.
    fn suite(&self) -> PathBuf {
        if self.is_on_volume() { Path::new(MOUNT).join("suite") } else { self.folder.join("suite") }
    }

    /// Takes away what cases have left.
    pub fn clean(&self) -> Result<(), Failure> {
        let _ = fs::remove_dir_all(self.host_private());
        if !self.is_on_volume() {
            return Ok(());
        }
        let disk = self.folder.join(DISK);
        let _ = fs::remove_file(&disk);
        let volume = |command: &str| {
            let mut voxoz = Command::new(self.voxoz);
            voxoz.args(["disk", command]).arg(&disk);
            voxoz
        };
        process::run(volume("create").args(["--size", DISK_SIZE]))?;
        process::run(volume("put").arg(self.folder.join("suite")).arg("/suite"))
    }

    /// Looks whether the volume is as it should be.
    pub fn check(&self) -> Result<(), Failure> {
        if !self.is_on_volume() {
            return Ok(());
        }
        process::run(Command::new(self.voxoz).args(["disk", "check"]).arg(self.folder.join(DISK)))
    }

    /// The results so far.
    pub fn results(&self) -> Results {
        Results::parse(&fs::read_to_string(self.file()).unwrap_or_default())
    }

    /// Runs the named cases, or all if none is named.
    pub fn cases(&self, only: &[String]) -> Result<Results, Failure> {
        let mut first = 1;
        for _ in 0..STARTS {
            let mut child = self.start(first, only)?;
            let end = self.watch(&mut child)?;
            let results = self.results();
            if results.is_done() {
                return Ok(results);
            }
            let why = self.describe(&end);
            let Some((number, name)) = results.open() else {
                self.fail_the_rest(&results, first, only, &why)?;
                return Ok(self.results());
            };
            self.append(&format!("{number}\tfailed\t0\t{name}\t{why}\n"))?;
            first = number + 1;
        }
        Ok(self.results())
    }

    /// An emulator that does not come to the next case fails all that are left.
    fn fail_the_rest(
        &self,
        results: &Results,
        first: usize,
        only: &[String],
        why: &str,
    ) -> Result<(), Failure> {
        let names: Vec<String> = results.cases().map(|(name, _)| name.to_owned()).collect();
        if names.is_empty() {
            return self.append(&format!("plan\t1\tall\n1\tfailed\t0\tall\t{why}\n"));
        }
        for (index, name) in names.iter().enumerate().skip(first - 1) {
            if only.is_empty() && results.describe(name) == "not run" {
                self.append(&format!("{}\tfailed\t0\t{name}\tbefore it: {why}\n", index + 1))?;
            }
        }
        Ok(())
    }

    fn describe(&self, end: &End) -> String {
        let said = fs::read(self.folder.join("err")).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).replace(['\n', '\t', '\r'], " ");
        let tail: String = said.chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
        match end {
            End::Exited(status) => format!("emulator ended, {status}: {tail}"),
            End::StoodStill => format!("emulator stood still: {tail}"),
        }
    }

    fn append(&self, line: &str) -> Result<(), Failure> {
        let file = self.file();
        let mut open = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&file)
            .during(|| format!("cannot open {}", file.display()))?;
        open.write_all(line.as_bytes()).during(|| format!("cannot write {}", file.display()))
    }

    fn start(&self, first: usize, only: &[String]) -> Result<Child, Failure> {
        let home = self.host_private();
        fs::create_dir_all(&home).during(|| format!("cannot make {}", home.display()))?;
        let mut command = match self.side {
            Side::Stock => Command::new("erl"),
            Side::Here(way) => {
                let mut command = Command::new(self.voxoz);
                command.arg("erl");
                match way {
                    Way::Host => {}
                    Way::Net => {
                        command.args(["-net", "own"]);
                    }
                    Way::Data => {
                        command.arg("-data").arg(self.folder.join(DISK));
                    }
                }
                command
            }
        };
        command.args(["-noshell", "-noinput"]);
        for (_, feature) in FEATURES.iter().filter(|(module, _)| *module == self.module) {
            command.args(["-enable-feature", feature]);
        }
        for path in self.paths.iter().chain([&self.suite()]) {
            command.arg("-pa").arg(path);
        }
        command.args(["-run", "suite_runner", "main", self.module]).arg(self.file()).arg(self.private());
        command.arg(self.limit.as_millis().to_string()).arg(first.to_string()).args(only);
        command.current_dir(&home).stdin(Stdio::null()).process_group(0);
        let create =
            |name: &str| File::create(self.folder.join(name)).during(|| format!("cannot write {name}"));
        command.stdout(create("out")?).stderr(create("err")?);
        command
            .env("HOME", &home)
            .env("TERM", "dumb")
            .env("LC_ALL", "C.UTF-8")
            .env("ERL_CRASH_DUMP_SECONDS", "0");
        for variable in ["ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ERL_LIBS", "XDG_CONFIG_HOME"] {
            command.env_remove(variable);
        }
        if self.side != Side::Stock {
            command.env("PATH", self.path_with_erl()?);
        }
        command.spawn().during(|| "cannot start the emulator".into())
    }

    /// A path on which `erl` is ours.
    fn path_with_erl(&self) -> Result<std::ffi::OsString, Failure> {
        let bin = self.folder.join("bin");
        let erl = bin.join("erl");
        let write = || {
            fs::create_dir_all(&bin)?;
            fs::write(&erl, format!("#!/bin/sh\nexec {} erl \"$@\"\n", self.voxoz.display()))?;
            fs::set_permissions(&erl, fs::Permissions::from_mode(0o755))
        };
        write().during(|| format!("cannot write {}", erl.display()))?;
        let mut path = bin.into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        Ok(path)
    }

    /// Waits until the emulator ends, or writes nothing for longer than a case may take.
    fn watch(&self, child: &mut Child) -> Result<End, Failure> {
        let still = self.limit + GRACE;
        let size = || fs::metadata(self.file()).map_or(0, |data| data.len());
        let (mut last, mut since) = (size(), Instant::now());
        loop {
            if let Some(status) = child.try_wait().during(|| "cannot wait for the emulator".into())? {
                return Ok(End::Exited(status));
            }
            let now = size();
            if now != last {
                (last, since) = (now, Instant::now());
            }
            if since.elapsed() > still {
                let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status();
                let _ = child.wait();
                return Ok(End::StoodStill);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
