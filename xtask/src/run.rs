// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask run`: builds the kernel and boots it on real Xen in QEMU, with its console on the terminal.

use crate::build::{KERNEL, Profile};
use crate::context::Context;
use crate::failure::Failure;
use crate::xen::{self, Domain};

/// Build the kernel and boot it on Xen with its console on the terminal
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    domain: Domain,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let kernel = KERNEL.build(context, Profile::Release)?;
    xen::boot(context, &kernel, &options.domain)
}
