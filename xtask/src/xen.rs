// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask xen`: boots any guest on real Xen in QEMU, with its console on the terminal.

use std::fs::File;
use std::path::{Path, PathBuf};

use lab::{GuestSpec, Reason};

use crate::context::Context;
use crate::failure::{During, Failure};

/// Boot a guest on Xen with its console on the terminal
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The guest's kernel, an ELF file
    guest: PathBuf,
    #[command(flatten)]
    domain: Domain,
}

/// What the guest gets.
#[derive(Debug, clap::Args)]
pub struct Domain {
    /// Memory in MiB
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub memory: u32,
    /// Command line
    #[arg(long, value_name = "TEXT", default_value = "", allow_hyphen_values = true)]
    pub extra: String,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    boot(context, &options.guest, &options.domain)
}

/// Boots a guest and stays until it ends or the user leaves. A crash is a failure.
pub fn boot(context: &Context, guest: &Path, domain: &Domain) -> Result<(), Failure> {
    let shown = context.shown(guest);
    // The lab would only find out after it has booted.
    File::open(guest).during(|| format!("cannot read {shown}"))?;
    let mut spec = GuestSpec::new("guest", guest);
    spec.memory_mib = domain.memory;
    spec.extra.clone_from(&domain.extra);
    let mut options = lab::Options { install: context.install(), ..lab::Options::default() };
    options.cache = context.target().join("lab");
    options.memory_mib = options.memory_mib.max(domain.memory.saturating_add(lab::Options::OVERHEAD_MIB));
    match lab::run_one(&spec, &options, lab::Keys::ToGuest, |_| ())
        .during(|| format!("cannot run {shown}"))?
    {
        None => Ok(()),
        Some(end) if matches!(end.reason, Reason::Crash | Reason::Watchdog | Reason::Other(_)) => {
            Err(Failure::new(format!("{shown} ended badly"), end.reason).help("its console above says more"))
        }
        Some(end) => {
            eprintln!("{shown} ended: {}, after {:.1} s", end.reason, end.after.as_secs_f64());
            Ok(())
        }
    }
}
