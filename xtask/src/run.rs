// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask run`: builds the kernel, and what is to run on it, and boots it on real Xen in QEMU with its console on the terminal.

use std::path::{Path, PathBuf};

use crate::build::{KERNEL, Profile};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::xen::{self, Domain};
use crate::{packages, process};

/// The memory of a kernel without an application, in MiB.
const MEMORY: u32 = 64;

/// Build the kernel and boot it on Xen with its console on the terminal
///
/// With an application, such as examples/hello, the host tool compiles it, packs it and boots it: `voxoz run` in one step, with modules and
/// disks in target/examples. What follows `--` goes to `voxoz run`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The folder of an application; the kernel alone if there is none
    application: Option<PathBuf>,
    /// Run the application as a process of this system, without Xen
    #[arg(long, requires = "application")]
    hosted: bool,
    /// Memory in MiB
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    memory: Option<u32>,
    /// Command line
    #[arg(long, value_name = "TEXT", default_value = "", allow_hyphen_values = true)]
    extra: String,
    /// More for `voxoz run`
    #[arg(last = true, value_name = "ARGUMENTS")]
    more: Vec<String>,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let Some(folder) = &options.application else {
        let kernel = KERNEL.build(context, Profile::Release)?;
        let domain = Domain { memory: options.memory.unwrap_or(MEMORY), extra: options.extra.clone() };
        return xen::boot(context, &kernel, &domain);
    };
    let folder = std::path::absolute(folder).during(|| format!("cannot find {}", folder.display()))?;
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("app");
    if !folder.is_dir() {
        let why = "it is no folder";
        return Err(Failure::new(format!("cannot run {}", context.shown(&folder)), why)
            .help("`ls examples` lists those that come with this; a kernel alone is for `cargo xtask xen`"));
    }
    packages::ensure(context, packages::of_example(name, &folder))?;
    if !context.target().join("release/voxoz").exists() {
        eprintln!(
            "xtask: kernel and tool are compiled for the first time, which takes 5 to 15 minutes; later runs take seconds"
        );
    }
    let kernel = KERNEL.build(context, Profile::Release)?;
    process::run(context.cargo().args(["build", "--release", "--bin", "voxoz"]))?;
    let mut voxoz = voxoz(context, &folder, &work(context, name));
    if options.hosted {
        voxoz.arg("--hosted");
    }
    if let Some(memory) = options.memory {
        voxoz.arg("--memory").arg(memory.to_string());
    }
    voxoz.arg("--extra").arg(&options.extra).args(&options.more);
    process::run(voxoz.env("VOXOZ_KERNEL", kernel))
}

/// Where the modules and disks of an example are.
fn work(context: &Context, name: &str) -> PathBuf {
    context.target().join("examples").join(name)
}

/// `voxoz run` of a folder. The bench is that of the other tasks.
fn voxoz(context: &Context, folder: &Path, work: &Path) -> std::process::Command {
    let mut voxoz = std::process::Command::new(context.target().join("release/voxoz"));
    voxoz.args(context.no_install()).arg("run").arg(folder).arg("--work").arg(work);
    voxoz.env("VOXOZ_CACHE", context.target().join("lab"));
    voxoz
}
