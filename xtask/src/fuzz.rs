// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask fuzz`: builds the fuzz targets with coverage counters and runs each for some time.
//!
//! The targets are libFuzzer programs in a workspace of their own, `fuzz/`. Stable Rust can instrument them: the
//! coverage pass is a pass of LLVM, and `-C passes` takes it. There is no address sanitiser on stable; what the
//! targets look for are panics, failed assertions, hangs and unbounded memory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::{packages, process};

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Flags of the compiler: coverage counters at every edge, comparisons reported to the fuzzer. The profile of the targets'
/// workspace leaves assertions and overflow checks in.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg=fuzzing",
];

/// Lines of a target's log that an error repeats.
const TAIL_LINES: usize = 12;

/// Run the fuzz targets
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Only these targets
    targets: Vec<String>,
    /// How long each runs
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    fuzz(context, &options.targets, options.seconds)
}

/// Builds and runs the named targets, or all if none is named, for so many seconds each.
pub fn fuzz(context: &Context, names: &[String], seconds: u32) -> Result<(), Failure> {
    packages::ensure(context, packages::FUZZ)?;
    let targets = chosen(targets(context)?, names)?;
    build(context)?;
    for name in &targets {
        run_target(context, name, seconds)?;
    }
    println!("{} fuzz targets ran {seconds} s each without a finding", targets.len());
    Ok(())
}

/// A cargo call for the workspace of the fuzz targets.
pub fn cargo(context: &Context, subcommand: &str) -> Command {
    let mut command = context.cargo();
    command.arg(subcommand).arg("--manifest-path").arg(context.root().join("fuzz/Cargo.toml"));
    command
}

fn directory(context: &Context) -> PathBuf {
    context.target().join("fuzz")
}

/// The names of all targets.
fn targets(context: &Context) -> Result<Vec<String>, Failure> {
    let text = process::output(cargo(context, "metadata").args(["--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value =
        serde_json::from_str(&text).during(|| "cannot read what cargo metadata prints".into())?;
    let targets = metadata["packages"].as_array().into_iter().flatten().flat_map(|package| {
        let targets = package["targets"].as_array().into_iter().flatten();
        targets.filter(|target| target["kind"][0] == "bin").filter_map(|target| target["name"].as_str())
    });
    Ok(targets.map(str::to_owned).collect())
}

/// The targets that are asked for: all, or those that are named.
fn chosen(all: Vec<String>, names: &[String]) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Ok(all);
    }
    match names.iter().find(|name| !all.contains(name)) {
        Some(unknown) => {
            let known = format!("known are {}", all.join(", "));
            Err(Failure::new(format!("there is no fuzz target {unknown}"), known))
        }
        None => Ok(names.to_vec()),
    }
}

fn build(context: &Context) -> Result<(), Failure> {
    let mut cargo = cargo(context, "build");
    // With a target, flags do not reach build scripts, which would not link with the counters.
    cargo.args(["--release", "--target", TARGET, "--target-dir"]).arg(directory(context));
    process::run(cargo.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f")))
}

fn run_target(context: &Context, name: &str, seconds: u32) -> Result<(), Failure> {
    let program = directory(context).join(TARGET).join("release").join(name);
    let corpus = directory(context).join("corpus").join(name);
    let findings = directory(context).join("findings").join(name);
    for path in [&corpus, &findings] {
        fs::create_dir_all(path).during(|| format!("cannot make {}", context.shown(path)))?;
    }
    let log_path = directory(context).join(format!("{name}.log"));
    let log = || File::options().create(true).append(true).open(&log_path);
    let log_failure = || format!("cannot write {}", context.shown(&log_path));
    fs::write(&log_path, "").during(log_failure)?;
    let mut command = Command::new(&program);
    command.current_dir(context.root());
    command.arg(format!("-max_total_time={seconds}"));
    // An input that takes this long hangs; inputs are a few kilobytes at most.
    command.args(["-timeout=10", "-rss_limit_mb=2048", "-use_value_profile=1", "-print_final_stats=1"]);
    command.arg(format!("-artifact_prefix={}/", findings.display())).arg(&corpus);
    command.stdout(log().during(log_failure)?).stderr(log().during(log_failure)?);
    let before = listed(&findings);
    let result = process::run(&mut command);
    let said = fs::read(&log_path).during(|| format!("cannot read {}", context.shown(&log_path)))?;
    let said = String::from_utf8_lossy(&said);
    match result {
        Ok(()) => {
            println!("fuzz target {name}: {} inputs in {seconds} s, nothing found", inputs(&said));
            Ok(())
        }
        Err(failure) => {
            let input = listed(&findings).into_iter().find(|path| !before.contains(path));
            let (log, program) = (context.shown(&log_path), context.shown(&program));
            let help = match input {
                Some(input) => format!("to repeat it: {program} {}", context.shown(&input)),
                None => format!("the whole log is in {log}"),
            };
            let why = format!("{failure}\n{}", tail(&said));
            Err(Failure::new(format!("fuzz target {name} found something"), why).help(help))
        }
    }
}

/// How many inputs libFuzzer says that it tried.
fn inputs(said: &str) -> &str {
    let count = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    count.map_or("?", str::trim)
}

/// The lines around the panic, or else the last ones.
fn tail(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let panic = lines.iter().position(|line| line.contains("panicked at"));
    let start = panic.unwrap_or(lines.len().saturating_sub(TAIL_LINES));
    lines.iter().skip(start).take(TAIL_LINES).copied().collect::<Vec<_>>().join("\n")
}

fn listed(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::{chosen, inputs, tail};

    #[test]
    fn unknown_targets_list_the_known_ones() {
        let all = || vec!["ring".to_owned(), "xenstore".to_owned()];
        assert_eq!(chosen(all(), &[]).unwrap(), all());
        assert_eq!(chosen(all(), &["ring".into()]).unwrap(), ["ring"]);
        let failure = chosen(all(), &["wring".into()]).unwrap_err().to_string();
        assert!(failure.contains("no fuzz target wring\n  known are ring, xenstore"), "{failure}");
    }

    #[test]
    fn logs_are_read() {
        assert_eq!(inputs("INFO: x\nstat::number_of_executed_units: 113239\n"), "113239");
        assert_eq!(inputs(""), "?");
        let log = format!("{}thread '<unnamed>' panicked at src/a.rs:1:2:\nfound\n", "#1 NEW\n".repeat(20));
        assert_eq!(tail(&log), "thread '<unnamed>' panicked at src/a.rs:1:2:\nfound");
        assert_eq!(tail(&"line\n".repeat(20)).lines().count(), 12);
    }
}
