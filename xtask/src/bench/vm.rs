// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench vm`: the same `.beam` files on stock OTP with one scheduler and in our virtual machine, both as processes of this
//! system.
//!
//! Each program times itself inside of its virtual machine (`tests/fixtures/bench/vm_bench.erl`), so starting up is not part of
//! it. Rounds of both take turns; what counts is the ratio of the medians. Both have to come to the same result.

mod program;
mod programs;
mod whole;

use std::path::{Path, PathBuf};

use program::{Run, Side};
use programs::{Group, PROGRAMS, Program};
use whole::{Idle, WHOLE, Whole};

use super::{Benchmark, Better, Report, Row};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// The benchmark.
pub const VM: Benchmark =
    Benchmark { name: "vm", about: "Erlang programs, beside stock OTP with one scheduler", measure };

/// Starts of each program on each side; the median of all runs counts.
const ROUNDS: usize = 3;

const ABOUT: &str = "The same `.beam` files, made by stock `erlc`, on stock OTP (JIT, `erl +S 1:1 +SDcpu 1:1`, theirs) and in our virtual machine \
as a Linux process (ours). Programs are in `tests/fixtures/bench`. Each is started three times on each side, in turn; in each start it runs once \
to warm up and then three times, each in a new process; the figure is the median of all nine. Peak memory is that of the whole operating \
system process, with what stock's boot brings along; ours loads what it calls. Programs of tables and natives run in a node (`voxoz erl`). Whole runs are \
timed from outside, from the start of a node to its end. *Bound by* says what most of our time goes into.";

fn measure(context: &Context, only: &[String]) -> Result<Report, Failure> {
    let is_wanted = |known: &str| only.is_empty() || only.iter().any(|name| name == known);
    let mut programs = measured(PROGRAMS, |program| is_wanted(program.name));
    let mut whole = measured(WHOLE, |whole| is_wanted(whole.name));
    let mut idle = is_wanted(whole::IDLE).then(|| [Idle::default(), Idle::default()]);
    if programs.is_empty() && whole.is_empty() && idle.is_none() {
        let names = PROGRAMS.iter().map(|program| program.name);
        let known: Vec<&str> =
            names.chain(WHOLE.iter().map(|whole| whole.name)).chain([whole::IDLE]).collect();
        return Err(Failure::new("no such program", format!("known are: {}", known.join(", "))));
    }
    let voxoz = build(context)?;
    let folder = compile(context)?;
    let sides = [Side::ours(&voxoz, &folder), Side::stock(&folder)];
    for round in 1..=ROUNDS {
        let tell = |name: &str| eprintln!("round {round} of {ROUNDS}: {name}");
        for (program, runs) in &mut programs {
            tell(program.name);
            for (side, run) in sides.iter().zip(runs) {
                run.add(side.run(program)?);
            }
        }
        for (whole, runs) in &mut whole {
            tell(whole.name);
            for (side, run) in sides.iter().zip(runs) {
                for _ in 0..whole.starts {
                    run.add(whole.run(side)?);
                }
            }
        }
        if let Some(idle) = &mut idle {
            tell(whole::IDLE);
            for (side, idle) in sides.iter().zip(idle) {
                idle.look(side)?;
            }
        }
    }
    report(&programs, &whole, idle.as_ref())
}

/// Something that is measured, and what it came to on both sides.
type Measured<T> = (&'static T, [Run; 2]);

fn measured<T>(all: &'static [T], is_wanted: impl Fn(&T) -> bool) -> Vec<Measured<T>> {
    all.iter().filter(|one| is_wanted(one)).map(|one| (one, [Run::default(), Run::default()])).collect()
}

fn report(
    programs: &[Measured<Program>],
    whole: &[Measured<Whole>],
    idle: Option<&[Idle; 2]>,
) -> Result<Report, Failure> {
    let mut report = Report::new("Virtual machine", ABOUT);
    for group in [Group::Sequential, Group::Concurrent, Group::Natives] {
        let mut logs = Vec::new();
        for (program, runs) in programs.iter().filter(|(program, _)| program.group == group) {
            let (ours, theirs) = times(program.name, runs)?;
            logs.push((theirs / ours).ln());
            report.row(row(program.name, ours, theirs, "ms").noted(program.bound));
        }
        if !logs.is_empty() {
            let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
            let name = format!("**{}, geometric mean of the ratios**", group.name());
            report.row(Row {
                row: name,
                ours: mean,
                theirs: Some(1.0),
                better: Better::Higher,
                unit: String::new(),
                note: "",
            });
        }
    }
    for (whole, runs) in whole {
        let (ours, theirs) = times(whole.name, runs)?;
        report.row(row(whole.title, ours, theirs, "ms").noted(whole.bound));
    }
    if let Some([ours, theirs]) = idle {
        let note = "code and its literals, the heap of the code server";
        report.row(row("a node that rests, memory", ours.mebibytes(), theirs.mebibytes(), "MiB").noted(note));
    }
    let names = programs.iter().map(|(program, runs)| (program.name, runs));
    for (name, [ours, theirs]) in names.chain(whole.iter().map(|(whole, runs)| (whole.title, runs))) {
        report.row(row(&format!("{name}, peak memory"), ours.mebibytes(), theirs.mebibytes(), "MiB"));
    }
    Ok(report)
}

/// The times of both, in milliseconds; they have to have come to the same.
fn times(name: &str, [ours, theirs]: &[Run; 2]) -> Result<(f64, f64), Failure> {
    if ours.result() != theirs.result() {
        let why = format!("ours: {}\ntheirs: {}", ours.result(), theirs.result());
        return Err(Failure::new(format!("{name} has two results"), why));
    }
    Ok((ours.milliseconds(), theirs.milliseconds()))
}

fn row(name: &str, ours: f64, theirs: f64, unit: &str) -> Row {
    Row { row: name.into(), ours, theirs: Some(theirs), better: Better::Lower, unit: unit.into(), note: "" }
}

/// Our virtual machine, as fast as it gets.
fn build(context: &Context) -> Result<PathBuf, Failure> {
    process::run(context.cargo().args(["build", "--quiet", "--release", "--package", "voxoz"]))?;
    Ok(context.target().join("release/voxoz"))
}

/// Compiles the programs; gives the folder with the `.beam` files.
fn compile(context: &Context) -> Result<PathBuf, Failure> {
    let sources = context.root().join("tests/fixtures/bench");
    let folder = context.target().join("bench-vm");
    std::fs::create_dir_all(&folder).during(|| format!("cannot make {}", context.shown(&folder)))?;
    let mut names: Vec<PathBuf> = std::fs::read_dir(&sources)
        .during(|| format!("cannot read {}", context.shown(&sources)))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "erl"))
        .collect();
    names.sort();
    process::run(std::process::Command::new("erlc").arg("-o").arg(&folder).args(&names))?;
    let forms = format!("vm_bench_forms:write({:?}), halt().", shown(&folder));
    process::run(Side::stock(&folder).node().args(["-eval", &forms]))?;
    Ok(folder)
}

fn shown(folder: &Path) -> String {
    folder.display().to_string()
}
