// SPDX-License-Identifier: Apache-2.0
//! Stock OTP: compiles programs and runs them, many in one call, because a start of `erl` takes as long as hundreds of small programs.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A program: an Erlang file and the functions without arguments that are called.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file.
    pub file: PathBuf,
    /// The functions.
    pub functions: Vec<String>,
}

/// Programs that are compiled with the same options into the same folder.
#[derive(Clone, Debug)]
pub struct Group {
    /// Where `.beam` files and outcomes are left.
    pub folder: PathBuf,
    /// Options of the compiler, Erlang terms with commas between.
    pub options: &'static str,
    /// The programs.
    pub programs: Vec<Program>,
}

/// The outcome of a function that does not come to its end.
pub const STUCK: &[u8] = b"stuck\n";

fn harness() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("erl/stock_harness.erl")
}

/// The file of the outcome of a function.
#[must_use]
pub fn outcome_file(folder: &Path, module: &str, function: &str) -> PathBuf {
    folder.join(format!("{module}.{function}.stock"))
}

/// Names the contents of files, a text and the release of OTP.
#[must_use]
pub fn stamp_of(files: &[PathBuf], text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file).unwrap_or_default().hash(&mut hasher);
    }
    fs::read(otp_version()).unwrap_or_default().hash(&mut hasher);
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What stock gives for a script, which is kept until the script or OTP changes.
///
/// # Errors
/// `run` fails, or its result cannot be kept.
pub fn kept(
    script: &Path,
    work: &Path,
    run: impl FnOnce() -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, String> {
    let kept = work.join(script.file_name().unwrap_or_default()).with_extension("stock");
    let stamp_file = kept.with_extension("stamp");
    let stamp = stamp_of(&[script.to_owned()], "script");
    if fs::read_to_string(&stamp_file).is_ok_and(|there| there == stamp)
        && let Ok(bytes) = fs::read(&kept)
    {
        return Ok(bytes);
    }
    let bytes = run()?;
    let write = |file: &Path, bytes: &[u8]| {
        fs::write(file, bytes).map_err(|why| format!("cannot write {}: {why}", file.display()))
    };
    write(&kept, &bytes)?;
    write(&stamp_file, stamp.as_bytes())?;
    Ok(bytes)
}

impl Program {
    /// The module's name.
    #[must_use]
    pub fn module(&self) -> &str {
        self.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// Names everything that the outcome depends on.
    fn stamp(&self, options: &str) -> String {
        let functions = self.functions.join(",");
        stamp_of(&[self.file.clone(), harness()], &format!("{options} {functions}"))
    }

    fn stamp_file(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.stamp", self.module()))
    }
}

/// A file that another release of OTP has with other contents.
fn otp_version() -> PathBuf {
    let root = env::var_os("VOXOZ_OTP_ROOT").map_or_else(|| "/usr/lib/erlang".into(), PathBuf::from);
    root.join("releases/RELEASES")
}

/// Runs what has changed since the last time.
///
/// # Errors
/// A text, when stock OTP does not run or does not finish.
pub fn run(work: &Path, groups: &[Group]) -> Result<(), String> {
    let mut job = String::new();
    let mut stamps = Vec::new();
    for group in groups {
        fs::create_dir_all(&group.folder)
            .map_err(|why| format!("cannot make {}: {why}", group.folder.display()))?;
        let stale: Vec<&Program> =
            group.programs.iter().filter(|program| !is_fresh(group, program)).collect();
        for program in &stale {
            for function in &program.functions {
                let _ = fs::remove_file(outcome_file(&group.folder, program.module(), function));
            }
            stamps.push((program.stamp_file(&group.folder), program.stamp(group.options)));
        }
        if !stale.is_empty() {
            let programs: Vec<String> = stale.iter().map(|program| term(program)).collect();
            let (folder, options) = (group.folder.display(), group.options);
            let _ = writeln!(job, "{{\"{folder}\",[{options}],[{}]}}.", programs.join(",\n  "));
        }
    }
    if job.is_empty() {
        return Ok(());
    }
    let file = work.join("job");
    fs::write(&file, job).map_err(|why| format!("cannot write {}: {why}", file.display()))?;
    let expression = format!(
        "{{ok,M,B}}=compile:file(\"{}\",[binary]),{{module,M}}=code:load_binary(M,\"\",B),M:main(\"{}\").",
        harness().display(),
        file.display()
    );
    let mut erl = Command::new("erl");
    erl.args(["-noshell", "-noinput", "-eval", &expression]).current_dir(work);
    let output = erl.output().map_err(|why| format!("cannot start erl: {why}"))?;
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let running = fs::read_to_string(file.with_extension("running")).unwrap_or_default();
        return Err(format!("{said}\nstock OTP has ended with {} while it ran {running}", output.status));
    }
    fs::write(work.join("stock.log"), said).map_err(|why| format!("cannot write the log: {why}"))?;
    for (file, stamp) in stamps {
        fs::write(&file, stamp).map_err(|why| format!("cannot write {}: {why}", file.display()))?;
    }
    Ok(())
}

/// One that was stuck is run again, for it may have been the machine that was; so is one whose outcome a run that was ended early has left out.
fn is_fresh(group: &Group, program: &Program) -> bool {
    let is_known = |function: &String| {
        let file = outcome_file(&group.folder, program.module(), function);
        fs::read(file).is_ok_and(|outcome| outcome != STUCK)
    };
    program.functions.iter().all(is_known)
        && fs::read_to_string(program.stamp_file(&group.folder))
            .is_ok_and(|stamp| stamp == program.stamp(group.options))
}

fn term(program: &Program) -> String {
    format!("{{\"{}\",[{}]}}", program.file.display(), program.functions.join(","))
}
