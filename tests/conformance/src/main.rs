// SPDX-License-Identifier: Apache-2.0
//! Erlang programs on stock OTP and in the virtual machine: what they come to has to be the same text, byte for byte, results and
//! exceptions with their stack traces.
//!
//! `cargo xtask test --hosted` calls this. Arguments are parts of names, of which each selects the tests that contain it, and the
//! options of any Rust test program; `--stress`, `--tmp`, `--data`, `--net`, `--seed=NUMBER` and `--seeds=COUNT` choose how the virtual machine runs. A seed that finds something is
//! in the name of the test.
#![forbid(unsafe_code)]

mod compiler;
mod fixtures;
mod generated;
mod here;
mod known;
mod outcome;
mod scripts;
mod side;
mod stock;
mod terminal;
mod variant;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use libtest_mimic::Arguments;

use self::compiler::Compiler;
use self::fixtures::Fixtures;
use self::generated::Generated;
use self::here::Mode;
use self::scripts::Scripts;
use self::terminal::Sessions;

/// The option that asks for generated programs whose seeds nobody has tried, so many.
const EXPLORE: &str = "--explore=";

/// Where everything that is made here goes.
fn work() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    // target/release/conformance
    program.ancestors().nth(2).unwrap_or(Path::new("target")).join("conformance")
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|first| first == here::WORKER) {
        return here::work(&arguments[2..]);
    }
    let mut filters = Vec::new();
    let mut options = vec![arguments.remove(0)];
    let mut modes = Vec::new();
    let mut more = 0;
    for argument in arguments {
        if let Some(count) = argument.strip_prefix(EXPLORE).and_then(|count| count.parse().ok()) {
            more = count;
            continue;
        }
        match Mode::asked_for(&argument) {
            Some(asked) => modes.extend(asked),
            None if argument.starts_with('-') => options.push(argument),
            None => filters.push(argument),
        }
    }
    if modes.is_empty() {
        modes.push(Mode::Ordinary);
    }
    match run(&Arguments::from_iter(options), &filters, &modes, more) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, filters: &[String], modes: &[Mode], more: u64) -> Result<ExitCode, String> {
    let wanted =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let folder = folder.canonicalize().map_err(|why| format!("cannot find the fixtures: {why}"))?;
    let fixtures = Fixtures::find(&folder, &work())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let generated = Generated::new(&work(), (0..more).map(|number| now * 1000 + number));
    let compiler = Compiler::new(&work());
    let scripts = Scripts::find(&folder.join("scripts"), &work())?;
    let sessions = Sessions::find(&folder.join("terminal"), &work())?;
    if !arguments.list {
        fixtures.prepare(modes, wanted)?;
        generated.prepare(wanted)?;
        if modes.contains(&Mode::Ordinary) {
            compiler.prepare(wanted)?;
        }
    }
    let mut trials: Vec<_> = modes.iter().flat_map(|mode| fixtures.trials(*mode)).collect();
    // What chance decides in a simulated world makes no difference to one process, and the compiler is too slow under stress.
    for mode in modes.iter().filter(|mode| matches!(mode, Mode::Ordinary | Mode::Stressed)) {
        trials.extend(generated.trials(*mode));
    }
    if modes.contains(&Mode::Ordinary) {
        trials.extend(compiler.trials(fixtures.known(), Mode::Ordinary));
        trials.extend(scripts.trials(fixtures.known()));
        trials.extend(sessions.trials(fixtures.known()));
    }
    trials.retain(|trial| wanted(trial.name()));
    Ok(libtest_mimic::run(arguments, trials).exit_code())
}
