// SPDX-License-Identifier: Apache-2.0
//! What an application is and how it is made into an image: what `voxoz build`, `run` and `check` are told alike.

use std::path::{Path, PathBuf};

use super::translate::Translated;
use crate::failure::{Code, Failure};
use crate::resources::Resources;

/// What is built, and how.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
pub struct Options {
    /// A release, a project, an escript, or folders of modules
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The kernel; else VOXOZ_KERNEL, or voxoz-kernel.elf beside this program
    #[arg(long, value_name = "FILE")]
    pub kernel: Option<PathBuf>,
    /// Call MODULE:FUNCTION at the start, with the other words as its arguments; for folders of modules
    #[arg(short, long = "start", value_names = ["MODULE", "FUNCTION"], num_args = 1..)]
    pub start: Vec<String>,
    /// Start a shell on the console
    #[arg(long)]
    pub shell: bool,
    /// An application of OTP that is there as well; may be given again
    #[arg(long = "application", value_name = "NAME")]
    pub applications: Vec<String>,
    /// A variable of the guest's environment; may be given again
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub variables: Vec<(String, String)>,
    /// Answer `GET /metrics` on this TCP port of the guest, for Prometheus
    #[arg(long, value_name = "PORT", env = "VOXOZ_METRICS", value_parser = clap::value_parser!(u16).range(1..))]
    pub metrics: Option<u16>,
    #[command(flatten)]
    pub resources: Resources,
    /// The folder for the modules and disks of a project; PROJECT/_build/voxoz if it is not said
    #[arg(long, value_name = "FOLDER")]
    pub work: Option<PathBuf>,
    /// Leave out modules that nothing in the image names, and list them
    #[arg(long)]
    pub prune: bool,
    /// Which modules of OTP are translated for the virtual machine now; others are when they are loaded
    #[arg(long, value_enum, value_name = "WHICH", default_value = "start")]
    pub translate: Translated,
    /// Keep what debuggers read in modules, and do not compress them
    #[arg(long)]
    pub keep_debug: bool,
    /// Keep the times of files; else they are SOURCE_DATE_EPOCH or 0
    #[arg(long)]
    pub keep_times: bool,
    /// Leave out NIF libraries and programs of applications, which a guest cannot use
    #[arg(long)]
    pub ignore_natives: bool,
    /// Keep -name and -sname of vm.args, which are left out while guests have no distribution
    #[arg(long)]
    pub keep_name: bool,
    /// More words for erl's command line; an escript's arguments
    #[arg(last = true, value_name = "WORDS")]
    pub words: Vec<String>,
}

/// What is on the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// Output only.
    None,
    /// A shell.
    Shell,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !text.contains('\0') => Ok((name.into(), value.into())),
        _ => Err("it is not NAME=VALUE".into()),
    }
}

impl Options {
    /// What is on the console.
    pub fn terminal(&self) -> Terminal {
        if self.shell { Terminal::Shell } else { Terminal::None }
    }

    /// A variable: of the command line, or else of the environment.
    pub fn variable(&self, name: &str) -> Option<String> {
        let given = self.variables.iter().rev().find(|(given, _)| given == name);
        given.map(|(_, value)| value.clone()).or_else(|| std::env::var(name).ok())
    }

    /// Checks that nothing is said of a file that is built already which only counts while it is built.
    pub fn check_built(&self, path: &Path) -> Result<(), Failure> {
        let said = [
            ("--kernel", self.kernel.is_some()),
            ("-s", !self.start.is_empty()),
            ("--shell", self.shell),
            ("--application", !self.applications.is_empty()),
            ("--env", !self.variables.is_empty()),
            ("--work", self.work.is_some()),
            ("--prune", self.prune),
            ("--keep-debug", self.keep_debug),
            ("--keep-times", self.keep_times),
            ("--ignore-natives", self.ignore_natives),
            ("--keep-name", self.keep_name),
            ("words after --", !self.words.is_empty()),
        ];
        let Some((flag, _)) = said.iter().find(|(_, is_said)| *is_said) else { return Ok(()) };
        let why = format!("{} is built already, and what it starts is in it", path.display());
        let help = "build it again with that, or leave it out; `--extra` has words for one run";
        Err(Failure::new(Code::Usage, format!("{flag} cannot be used here"), why, help))
    }

    /// Checks what the parser of the command line cannot.
    pub fn check(&self) -> Result<(), Failure> {
        if self.paths.is_empty() && !self.shell {
            let help = "name a release, a project, an escript or folders of modules; `voxoz build --shell` builds OTP's shell alone";
            return Err(Failure::new(Code::Usage, "there is nothing to build", "no path was given", help));
        }
        Ok(())
    }
}
