// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask run`: builds the kernel, and what is to run on it, and boots it on real Xen in QEMU with its console on the terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{KERNEL, Profile};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;
use crate::xen::{self, Domain};

/// Build the kernel and boot it on Xen with its console on the terminal
///
/// With an application, such as examples/hello, that is built as well, by erlc, mix or rebar3, and the host tool packs and boots it. What
/// follows `--` goes to `voxoz run`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The folder of an application; the kernel alone if there is none
    application: Option<PathBuf>,
    #[command(flatten)]
    domain: Domain,
    /// More for `voxoz run`
    #[arg(last = true, value_name = "ARGUMENTS")]
    more: Vec<String>,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let kernel = KERNEL.build(context, Profile::Release)?;
    let Some(folder) = &options.application else {
        return xen::boot(context, &kernel, &options.domain);
    };
    let words = compiled(context, folder)?;
    let mut voxoz = context.cargo();
    voxoz.args(["run", "--quiet", "--release", "--bin", "voxoz", "--", "run"]);
    voxoz.args(words).arg("--memory").arg(options.domain.memory.to_string());
    voxoz.arg("--extra").arg(&options.domain.extra).args(&options.more);
    process::run(voxoz.env("VOXOZ_KERNEL", kernel))
}

/// Compiles an application. Gives what `voxoz run` is told of it.
fn compiled(context: &Context, folder: &Path) -> Result<Vec<String>, Failure> {
    let folder = std::path::absolute(folder).during(|| format!("cannot find {}", folder.display()))?;
    let text = |path: &Path| path.display().to_string();
    if folder.join("mix.exs").is_file() {
        process::run(
            Command::new("mix").args(["release", "--overwrite"]).current_dir(&folder).env("MIX_ENV", "prod"),
        )?;
        return Ok(vec![text(&folder)]);
    }
    if folder.join("rebar.config").is_file() {
        process::run(Command::new("rebar3").arg("release").current_dir(&folder))?;
        return Ok(vec![text(&folder)]);
    }
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("app").to_owned();
    let ebin = context.target().join("examples").join(&name).join("ebin");
    fs::create_dir_all(&ebin).during(|| format!("cannot make {}", context.shown(&ebin)))?;
    let entries = fs::read_dir(&folder).during(|| format!("cannot read {}", context.shown(&folder)))?;
    let sources: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "erl"))
        .collect();
    if sources.is_empty() {
        let what = format!("there is no application in {}", context.shown(&folder));
        return Err(Failure::new(what, "it has neither mix.exs nor rebar.config nor .erl files"));
    }
    process::run(Command::new("erlc").arg("+debug_info").arg("-o").arg(&ebin).args(&sources))?;
    // A module of the folder's name is what is started; else there is somebody at the console.
    if folder.join(format!("{name}.erl")).is_file() {
        return Ok(vec![text(&ebin), "--start".into(), name]);
    }
    let shell = ["--shell", "--application", "compiler", "--application", "runtime_tools"];
    Ok([text(&ebin)].into_iter().chain(shell.map(String::from)).collect())
}
