// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask test`: the hosted tests, which need no hypervisor, and the system tests, which run on real Xen.

use lab::packages::Install;

use crate::beside::Beside;
use crate::build::{self, Profile};
use crate::context::Context;
use crate::failure::Failure;
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

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let filters = &options.filters;
    match (options.hosted, options.xen) {
        (true, _) => hosted(context, filters),
        (_, true) => xen(context, filters),
        _ => beside_xen(context, filters, || hosted(context, filters)),
    }
}

/// Does something while the tests on Xen run beside it.
pub fn beside_xen(
    context: &Context,
    filters: &[String],
    other: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut words = vec!["test", "--xen"];
    words.extend(filters.iter().map(String::as_str));
    Beside::start(context, &words)?.with(other)
}

/// Runs the tests that need no hypervisor.
pub fn hosted(context: &Context, filters: &[String]) -> Result<(), Failure> {
    packages::ensure(context, packages::HOSTED_TESTS)?;
    packages::ensure(context, packages::STOCK_OTP)?;
    let mut cargo = context.cargo();
    cargo.arg("test").args(context.hosted_crates()).args(["--exclude", "system-tests"]);
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

/// Builds the guests and runs the tests on Xen; without filters also the lab's test of itself.
pub fn xen(context: &Context, filters: &[String]) -> Result<(), Failure> {
    packages::ensure(context, packages::SYSTEM_TESTS)?;
    for program in build::PROGRAMS {
        program.build(context, Profile::Release)?;
    }
    // It packs the examples.
    process::run(context.cargo().args(["build", "--release", "--bin", "voxoz"]))?;
    let mut cargo = context.cargo();
    cargo.args(["run", "--package", "system-tests", "--"]);
    if context.install() == Install::Forbidden {
        cargo.arg("--no-install");
    }
    process::run(cargo.args(filters))?;
    if filters.is_empty() {
        let mut cargo = context.cargo();
        cargo.args(["test", "--package", "lab", "--test", "boot", "--", "--ignored"]);
        process::run(cargo.env("LAB_CACHE", context.target().join("lab")))?;
    }
    Ok(())
}
