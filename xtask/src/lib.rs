// SPDX-License-Identifier: Apache-2.0
//! Developer tasks: `cargo xtask help`.
//!
//! One file per command. A command prints what it does and returns a [`Failure`] when it cannot go on; nothing here
//! panics because of what it finds on the machine.

#![forbid(unsafe_code)]

pub mod bench;
mod beside;
mod build;
mod ci;
mod context;
mod failure;
mod fuzz;
mod layers;
mod packages;
mod process;
mod run;
mod suites;
mod tail_calls;
mod test;
mod xen;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::packages::Install;

pub use crate::context::Context;
pub use crate::failure::Failure;

/// Build, boot, test and measure Voxoz
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Command {
    /// Do not install missing Debian packages; fail and name them instead
    #[arg(long, global = true)]
    no_install: bool,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Build(build::Options),
    Run(run::Options),
    Xen(xen::Options),
    Test(test::Options),
    Bench(bench::Options),
    Fuzz(fuzz::Options),
    Suites(suites::Options),
    /// Check the layering of the crates and the house rules that a machine can check
    Layers,
    /// Check that the machine code of the emulator's instructions ends in jumps
    TailCalls,
    /// Run all that a change has to pass
    Ci,
}

/// Carries out the command line.
#[must_use]
pub fn main() -> ExitCode {
    let command = Command::parse();
    let install = if command.no_install { Install::Forbidden } else { Install::Allowed };
    match perform(&Context::new(install), &command.task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(context: &Context, task: &Task) -> Result<(), Failure> {
    match task {
        Task::Build(options) => build::run(context, options),
        Task::Run(options) => run::run(context, options),
        Task::Xen(options) => xen::run(context, options),
        Task::Test(options) => test::run(context, options),
        Task::Bench(options) => bench::run(context, options),
        Task::Fuzz(options) => fuzz::run(context, options),
        Task::Suites(options) => suites::run(context, options),
        Task::Layers => layers::run(context),
        Task::TailCalls => tail_calls::run(context),
        Task::Ci => ci::run(context),
    }
}
