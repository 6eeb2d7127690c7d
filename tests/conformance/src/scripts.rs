// SPDX-License-Identifier: Apache-2.0
//! Shell scripts that call `$ERL`, or programs that call `erl`: once that is stock's, once it is `voxoz erl`. Output, error output and exit status have to be the
//! same. A script runs in an empty folder of its own, which is also its home.

use std::fmt::Write;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::fixtures::judge;
use crate::known::KnownFailures;
use crate::side::Side;
use crate::{outcome, stock};

/// How long a script may take.
const LIMIT: Duration = Duration::from_secs(600);

/// The scripts.
#[derive(Debug)]
pub struct Scripts {
    files: Vec<PathBuf>,
    work: PathBuf,
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

/// The name of a file without its end.
pub fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn compare(script: &Path, work: &Path) -> Result<(), String> {
    let stock = stock::kept(script, work, || run(script, work, Side::Stock))?;
    let here = run(script, work, Side::Here)?;
    if stock == here { Ok(()) } else { Err(outcome::difference(&stock, &here)) }
}

fn run(script: &Path, work: &Path, side: Side) -> Result<Vec<u8>, String> {
    let (folder, home) = side.folder(work, &stem(script))?;
    let file = |name: &str| folder.join(name);
    let create =
        |name: &str| fs::File::create(file(name)).map_err(|why| format!("cannot write {name}: {why}"));
    let mut command = Command::new("sh");
    command.arg(script).stdin(Stdio::null()).process_group(0);
    command.stdout(create("out")?).stderr(create("err")?);
    side.set(&mut command, &folder, &home)?;
    command.env("TERM", "dumb");
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

fn said(folder: &Path) -> String {
    let read = |name| String::from_utf8_lossy(&fs::read(folder.join(name)).unwrap_or_default()).into_owned();
    format!("{}--- error output:\n{}--- ", read("out"), read("err"))
}
