// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench vm`: the same `.beam` files on stock OTP with one scheduler and in our virtual machine, both as processes of this
//! system.
//!
//! Each program times itself inside of its virtual machine (`tests/fixtures/bench/vm_bench.erl`), so starting up is not part of
//! it. Rounds of both take turns; what counts is the ratio of the medians. Both have to come to the same result.

mod program;
mod programs;

use std::path::{Path, PathBuf};

use program::{Run, Side};
use programs::{Group, PROGRAMS, Program};

use super::{Benchmark, Better, Report, Row};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::{packages, process};

/// The benchmark.
pub const VM: Benchmark =
    Benchmark { name: "vm", about: "Erlang programs, beside stock OTP with one scheduler", measure };

/// Starts of each program on each side; the median of all runs counts.
const ROUNDS: usize = 3;

const ABOUT: &str = "The same `.beam` files, made by stock `erlc`, on stock OTP (JIT, `erl +S 1:1 +SDcpu 1:1`, theirs) and in our virtual machine \
as a Linux process (ours). Programs are in `tests/fixtures/bench`. Each is started three times on each side, in turn; in each start it runs once \
to warm up and then three times, each in a new process; the figure is the median of all nine. Peak memory is that of the whole operating \
system process, with what stock's boot brings along; ours loads what it calls. *Bound by* says what most of our time goes into.";

fn measure(context: &Context, only: &[String]) -> Result<Report, Failure> {
    packages::ensure(context, packages::ERLANG)?;
    let chosen: Vec<&Program> = PROGRAMS
        .iter()
        .filter(|program| only.is_empty() || only.iter().any(|name| name == program.name))
        .collect();
    if chosen.is_empty() {
        let known: Vec<&str> = PROGRAMS.iter().map(|program| program.name).collect();
        return Err(Failure::new("no such program", format!("known are: {}", known.join(", "))));
    }
    let voxoz = build(context)?;
    let folder = compile(context)?;
    let sides = [Side::ours(&voxoz, &folder), Side::stock(&folder)];
    let mut runs: Vec<[Run; 2]> = chosen.iter().map(|_| [Run::default(), Run::default()]).collect();
    for round in 1..=ROUNDS {
        for (program, runs) in chosen.iter().zip(&mut runs) {
            eprintln!("round {round} of {ROUNDS}: {}", program.name);
            for (side, run) in sides.iter().zip(runs) {
                run.add(side.run(program.name)?);
            }
        }
    }
    report(&chosen, &runs)
}

fn report(programs: &[&Program], runs: &[[Run; 2]]) -> Result<Report, Failure> {
    let mut report = Report::new("Virtual machine", ABOUT);
    for group in [Group::Sequential, Group::Concurrent] {
        let mut logs = Vec::new();
        for (program, [ours, theirs]) in
            programs.iter().zip(runs).filter(|(program, _)| program.group == group)
        {
            if ours.result() != theirs.result() {
                let why = format!("ours: {}\ntheirs: {}", ours.result(), theirs.result());
                return Err(Failure::new(format!("{} has two results", program.name), why));
            }
            let (ours, theirs) = (ours.milliseconds(), theirs.milliseconds());
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
    for (program, [ours, theirs]) in programs.iter().zip(runs) {
        report.row(row(
            &format!("{}, peak memory", program.name),
            ours.mebibytes(),
            theirs.mebibytes(),
            "MiB",
        ));
    }
    Ok(report)
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
    process::run(&mut program::erl(
        &folder,
        &format!("vm_bench_forms:write({:?}), halt().", shown(&folder)),
    ))?;
    Ok(folder)
}

fn shown(folder: &Path) -> String {
    folder.display().to_string()
}
