// SPDX-License-Identifier: Apache-2.0
//! Shell scripts that call `$ERL`, or programs that call `erl`: once that is stock's, once it is `voxoz erl`. Output, error output and exit status have to be the
//! same. A script runs in an empty folder of its own, which is also its home.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::fixtures::judge;
use crate::known::KnownFailures;
use crate::{outcome, stock};

/// How long a script may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The scripts.
#[derive(Debug)]
pub struct Scripts {
    files: Vec<PathBuf>,
    work: PathBuf,
}

/// What runs a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Stock,
    Here,
}

impl Scripts {
    /// Finds the scripts in a folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn find(folder: &Path, work: &Path) -> Result<Self, String> {
        let entries =
            fs::read_dir(folder).map_err(|why| format!("cannot read {}: {why}", folder.display()))?;
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sh"));
        files.sort();
        Ok(Self { files, work: work.join("scripts") })
    }

    /// A test for each script.
    pub fn trials(&self, known: &Arc<KnownFailures>) -> Vec<Trial> {
        let trial = |file: &PathBuf| {
            let (file, known, work) = (file.clone(), known.clone(), self.work.clone());
            let name = stem(&file);
            Trial::test(format!("script/{name}"), move || {
                judge(compare(&file, &work), known.reason(&["script"], &name))
            })
        };
        self.files.iter().map(trial).collect()
    }
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn compare(script: &Path, work: &Path) -> Result<(), String> {
    let stock = of_stock(script, work)?;
    let here = run(script, work, Side::Here)?;
    if stock == here { Ok(()) } else { Err(outcome::difference(&stock, &here)) }
}

/// What stock gives, which is kept until the script or OTP changes.
fn of_stock(script: &Path, work: &Path) -> Result<Vec<u8>, String> {
    let kept = work.join(format!("{}.stock", stem(script)));
    let stamp_file = kept.with_extension("stamp");
    let stamp = stock::stamp_of(&[script.to_owned()], "script");
    if fs::read_to_string(&stamp_file).is_ok_and(|there| there == stamp)
        && let Ok(bytes) = fs::read(&kept)
    {
        return Ok(bytes);
    }
    let bytes = run(script, work, Side::Stock)?;
    let write = |file: &Path, bytes: &[u8]| {
        fs::write(file, bytes).map_err(|why| format!("cannot write {}: {why}", file.display()))
    };
    write(&kept, &bytes)?;
    write(&stamp_file, stamp.as_bytes())?;
    Ok(bytes)
}

/// The program `voxoz`, which is built beside this one.
fn voxoz() -> Result<PathBuf, String> {
    let this = std::env::current_exe().map_err(|why| format!("cannot find this program: {why}"))?;
    let program = this.with_file_name("voxoz");
    if program.is_file() {
        return Ok(program);
    }
    Err(format!("there is no {}: run cargo build --release --bin voxoz", program.display()))
}

fn run(script: &Path, work: &Path, side: Side) -> Result<Vec<u8>, String> {
    let erl = match side {
        Side::Stock => "erl".into(),
        Side::Here => format!("{} erl", voxoz()?.display()),
    };
    let folder = work.join(format!("{}.{}", stem(script), if side == Side::Stock { "erl" } else { "voxoz" }));
    let _ = fs::remove_dir_all(&folder);
    let home = folder.join("home");
    fs::create_dir_all(&home).map_err(|why| format!("cannot make {}: {why}", home.display()))?;
    let file = |name: &str| folder.join(name);
    let create =
        |name: &str| fs::File::create(file(name)).map_err(|why| format!("cannot write {name}: {why}"));
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    if side == Side::Here {
        let mut folders = fake_erl(&folder, &erl)?.into_os_string();
        folders.push(":");
        folders.push(path);
        path = folders;
    }
    let mut command = Command::new("sh");
    command.arg(script).current_dir(&home).stdin(Stdio::null()).process_group(0);
    command.stdout(create("out")?).stderr(create("err")?);
    command.env("PATH", path).env("ERL", erl).env("HOME", &home).env("TERM", "dumb").env("LC_ALL", "C.UTF-8");
    for variable in ["ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ERL_LIBS", "XDG_CONFIG_HOME"] {
        command.env_remove(variable);
    }
    let mut child = command.spawn().map_err(|why| format!("cannot start sh: {why}"))?;
    let end = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() >= end => {
                // What the script has started goes with it.
                let group = format!("-{}", child.id());
                let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
                let _ = child.wait();
                let limit = LIMIT.as_secs();
                return Err(format!("not finished after {limit} s; it has said:\n{}", said(&folder)));
            }
            Ok(None) => thread::sleep(Duration::from_millis(10)),
            Err(why) => return Err(format!("cannot wait for sh: {why}")),
        }
    };
    let mut text = said(&folder);
    let _ = writeln!(text, "{status}");
    Ok(text.into_bytes())
}

/// A folder with a program `erl` that is ours, for programs like `elixir` that look for it.
fn fake_erl(folder: &Path, erl: &str) -> Result<PathBuf, String> {
    let (folder, wrong) = (folder.join("bin"), |why| format!("cannot make a program erl: {why}"));
    fs::create_dir_all(&folder).map_err(wrong)?;
    let file = folder.join("erl");
    fs::write(&file, format!("#!/bin/sh\nexec {erl} \"$@\"\n")).map_err(wrong)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).map_err(wrong)?;
    Ok(folder)
}

fn said(folder: &Path) -> String {
    let read = |name| String::from_utf8_lossy(&fs::read(folder.join(name)).unwrap_or_default()).into_owned();
    format!("{}--- error output:\n{}--- ", read("out"), read("err"))
}
