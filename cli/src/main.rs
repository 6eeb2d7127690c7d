// SPDX-License-Identifier: Apache-2.0
//! `voxoz`, the host tool: makes applications into guests, boots them on real Xen, and looks into kernels and packs them anew.
//!
//! One file per command. Results go to standard output, everything else to standard error.

#![forbid(unsafe_code)]

mod beam;
mod build;
mod check;
mod console;
mod disk;
mod doctor;
mod erl;
mod erlang;
mod failure;
mod file;
mod inspect;
mod logs;
mod machines;
mod new;
mod out;
mod pack;
mod project;
mod ps;
mod resources;
mod run;
mod stop;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lab::packages::Install;

use crate::failure::{EXIT_CODES, Failure};

/// One bootable file for Xen, and what it takes to make and run it.
#[derive(Parser)]
#[command(name = "voxoz", version, after_help = EXIT_CODES)]
struct Arguments {
    /// Do not install missing Debian packages; fail and name them instead
    #[arg(long, global = true)]
    no_install: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::Options),
    Build(build::Command),
    Check(check::Options),
    Run(run::Options),
    Ps(ps::Options),
    Logs(logs::Options),
    Console(console::Options),
    Stop(stop::Options),
    #[command(hide = true)]
    Keep(machines::keeper::Options),
    Beam(beam::Options),
    Erl(erl::Options),
    #[command(subcommand)]
    Disk(disk::Command),
    Inspect(inspect::Options),
    Pack(pack::Options),
    /// Tell what this machine lacks to build and to run guests
    Doctor,
    /// Print the version
    Version,
}

fn main() -> ExitCode {
    // What follows is erl's, to the last dash.
    let mut words = std::env::args_os();
    let arguments = match words.nth(1) {
        Some(word) if word == "erl" => Arguments {
            no_install: false,
            command: Command::Erl(erl::Options { arguments: words.collect() }),
        },
        _ => Arguments::parse(),
    };
    match perform(&arguments) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn perform(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let install = if arguments.no_install { Install::Forbidden } else { Install::Allowed };
    match &arguments.command {
        Command::New(options) => new::run(options)?,
        Command::Build(command) => build::run(command)?,
        Command::Check(options) => check::run(options)?,
        Command::Run(options) => return run::run(options, install),
        Command::Ps(options) => ps::run(options)?,
        Command::Logs(options) => logs::run(options)?,
        Command::Console(options) => console::run(options)?,
        Command::Stop(options) => stop::run(options)?,
        Command::Keep(options) => machines::keeper::run(options)?,
        Command::Beam(options) => return beam::run(options),
        Command::Erl(options) => return erl::run(options),
        Command::Disk(command) => return disk::run(command),
        Command::Inspect(options) => inspect::run(options)?,
        Command::Pack(options) => pack::run(options)?,
        Command::Doctor => doctor::run()?,
        Command::Version => out::line(format_args!("voxoz {}", env!("CARGO_PKG_VERSION")))?,
    }
    Ok(ExitCode::SUCCESS)
}
