// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask test`: the hosted tests, which need no hypervisor, and the system tests, which run on real Xen.

use std::process::Command;

use rustix::process::nice;

use crate::beside::Beside;
use crate::build::{self, Profile};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::{packages, process};

/// Run the tests: hosted ones, and those on Xen beside them
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Only the tests that need no hypervisor
    #[arg(long, conflicts_with = "xen")]
    hosted: bool,
    /// Only the tests on Xen
    #[arg(long)]
    xen: bool,
    /// Only tests whose names contain one of these
    filters: Vec<String>,
}

/// The package of the tests on Xen, and its program.
const SYSTEM_TESTS: &str = "system-tests";

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let filters = &options.filters;
    match (options.hosted, options.xen) {
        (true, _) => hosted(context, filters),
        (_, true) => xen(context, filters),
        _ => beside_xen(context, filters, || hosted(context, filters)),
    }
}

/// By how much what is done beside the tests on Xen makes way for them: they take longest, since there is one machine.
const NICENESS: i32 = 10;

/// Does something while the tests on Xen run beside it. What they need is built before: cargo would have the two wait for each other.
pub fn beside_xen(
    context: &Context,
    filters: &[String],
    other: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let tests = build_xen(context, filters)?;
    let beside = Beside::start(context, tests, "test-xen.log")?;
    nice(NICENESS).during(|| "cannot do with less of the processors".to_owned())?;
    beside.with(other)
}

/// Runs the tests that need no hypervisor.
pub fn hosted(context: &Context, filters: &[String]) -> Result<(), Failure> {
    packages::ensure(context, packages::HOSTED_TESTS)?;
    packages::ensure(context, packages::STOCK_OTP)?;
    let mut cargo = context.cargo();
    cargo.arg("test").args(context.hosted_crates()).args(["--exclude", SYSTEM_TESTS]);
    if !filters.is_empty() {
        cargo.arg("--").args(filters);
    }
    process::run(&mut cargo)?;
    conformance(context, filters)
}

/// Runs Erlang programs on stock OTP and in the virtual machine, which is built as it is shipped.
fn conformance(context: &Context, filters: &[String]) -> Result<(), Failure> {
    // Scripts call it.
    process::run(context.cargo().args(["build", "--release", "--bin", "voxoz"]))?;
    let run = |ways: &[&str], filters: &[String]| {
        let mut cargo = context.cargo();
        cargo.args(["run", "--release", "--package", "conformance", "--", "--quiet"]).args(ways);
        process::run(cargo.args(filters))
    };
    run(&[], filters)?;
    run(&["--stress"], filters)?;
    if filters.is_empty() {
        let concurrent: Vec<String> = CONCURRENT.iter().map(|name| format!("/{name}_")).collect();
        run(&["--tmp"], &["/file_".into()])?;
        run(&["--data"], &["/file_".into()])?;
        run(&["--net"], &["/inet_".into()])?;
        return run(&[SEEDS], &concurrent);
    }
    run(&[SEEDS], filters)
}

/// How many simulated worlds there are, each with its seed.
const SEEDS: &str = "--seeds=20";

/// What the names of fixtures begin with for which it matters who runs when.
const CONCURRENT: &[&str] = &[
    "proc",
    "signal",
    "link",
    "monitor",
    "receive",
    "timer",
    "process",
    "gc_messages",
    "gc_receive",
    "sup",
    "ets_shared",
    "code_upgrade",
    "port_race",
];

/// Runs the tests on Xen.
pub fn xen(context: &Context, filters: &[String]) -> Result<(), Failure> {
    process::run(&mut build_xen(context, filters)?)
}

/// Builds the guests, the tests on Xen and what they call, and returns the command that runs them.
fn build_xen(context: &Context, filters: &[String]) -> Result<Command, Failure> {
    packages::ensure(context, packages::SYSTEM_TESTS)?;
    packages::ensure(context, packages::STOCK_OTP)?;
    for program in build::PROGRAMS {
        program.build(context, Profile::Release)?;
    }
    // One packs the examples, the other one asks guests.
    process::run(context.cargo().args(["build", "--release", "--bin", "voxoz", "--bin", "load"]))?;
    process::run(context.cargo().args(["build", "--package", SYSTEM_TESTS]))?;
    let mut tests = Command::new(context.target().join("debug").join(SYSTEM_TESTS));
    tests.current_dir(context.root()).args(context.no_install()).args(filters);
    Ok(tests)
}
