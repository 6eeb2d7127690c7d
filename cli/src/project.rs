// SPDX-License-Identifier: Apache-2.0
//! Folders of sources: what `voxoz build`, `run` and `check` compile before they look for modules or a release in it, and `voxoz.toml`, in which
//! an application says what it needs.

mod compile;
mod file;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::options::Options;
use crate::failure::{Code, Failure};
use file::ProjectFile;

/// The file in which a project says what it needs.
pub const FILE: &str = "voxoz.toml";

/// Where modules and disks of a project are, if nobody says another place.
const WORK: &str = "_build/voxoz";

/// What the options mean when the project's file is read and its sources are compiled. Anything that is no project is left as it is.
pub fn resolve(options: &Options) -> Result<Options, Failure> {
    let mut options = options.clone();
    if let [folder] = options.paths.as_slice()
        && folder.is_dir()
    {
        let folder = folder.clone();
        prepare(&folder, &mut options)?;
    }
    if let Some(port) = options.metrics {
        options.resources.reach(port);
    }
    Ok(options)
}

/// Reads a project's file and compiles its sources.
fn prepare(folder: &Path, options: &mut Options) -> Result<(), Failure> {
    let work = options.work.clone().unwrap_or_else(|| folder.join(WORK));
    let path = folder.join(FILE);
    let has_file = path.is_file();
    if has_file {
        ProjectFile::read(&path)?.complete(options, &work);
    }
    if folder.join("mix.exs").is_file() {
        release(folder, "mix", &["release", "--overwrite", "--quiet"], ("MIX_ENV", "prod"))?;
    } else if folder.join("rebar.config").is_file() {
        release(folder, "rebar3", &["release"], ("REBAR_COLOR", "none"))?;
    } else if let Some(sources) = compile::find(folder, has_file)? {
        let compiled = compile::compile(&sources, &work)?;
        if options.start.is_empty() && !options.shell && !compiled.is_started {
            options.start = compiled.start;
        }
        options.paths = vec![compiled.folder];
    }
    Ok(())
}

/// Has a project's own tool make its release. Without the tool, what it has made before is used.
fn release(folder: &Path, tool: &str, words: &[&str], variable: (&str, &str)) -> Result<(), Failure> {
    if !lab::packages::in_path(tool) {
        return Ok(());
    }
    let mut command = Command::new(tool);
    command.args(words).current_dir(folder).env(variable.0, variable.1);
    let failed = |why: &dyn std::fmt::Display| {
        let what = format!("`{tool} {}` failed in {}", words.join(" "), folder.display());
        Failure::new(Code::Build, what, why, "what it says is above")
    };
    // What it prints is no result of ours.
    command.stdout(std::io::stderr());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(&status)),
        Err(why) => Err(failed(&why)),
    }
}

/// The name of a folder.
fn name_of(folder: &Path) -> String {
    let absolute = std::fs::canonicalize(folder).unwrap_or_else(|_| PathBuf::from(folder));
    absolute.file_name().and_then(|name| name.to_str()).unwrap_or("app").to_owned()
}
