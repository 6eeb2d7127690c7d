// SPDX-License-Identifier: Apache-2.0
//! The fixtures: each is an Erlang module of `tests/fixtures/erl`, whose `start/0` gives a term. Modules without `start/0` are those that
//! fixtures call.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::here::{self, Call, Mode};
use crate::known::KnownFailures;
use crate::outcome;
use crate::stock::{self, Group, Program};
use crate::variant::VARIANTS;

/// All fixtures.
#[derive(Debug)]
pub struct Fixtures {
    programs: Vec<Program>,
    known: Arc<KnownFailures>,
    work: PathBuf,
}

impl Fixtures {
    /// Finds them.
    ///
    /// # Errors
    /// The folder or the list of known failures cannot be read.
    pub fn find(folder: &Path, work: &Path) -> Result<Self, String> {
        let wrong = |why: std::io::Error| format!("cannot read {}: {why}", folder.display());
        let mut programs = Vec::new();
        for entry in fs::read_dir(folder.join("erl")).map_err(wrong)? {
            let file = entry.map_err(wrong)?.path();
            if file.extension().is_some_and(|extension| extension == "erl") {
                let text = fs::read_to_string(&file).map_err(wrong)?;
                let functions =
                    if text.contains("-export([start/0") { vec!["start".into()] } else { Vec::new() };
                programs.push(Program { file, functions });
            }
        }
        programs.sort_by(|a, b| a.file.cmp(&b.file));
        let known = KnownFailures::read(&folder.join("known_failures"))?;
        let names: Vec<String> = programs.iter().map(|program| program.module().to_owned()).collect();
        if let [name, ..] = known.strangers(&names).as_slice() {
            return Err(format!("{name} is a known failure, and there is no such fixture"));
        }
        Ok(Self { programs, known: Arc::new(known), work: work.join("fixtures") })
    }

    /// The known failures.
    pub fn known(&self) -> &Arc<KnownFailures> {
        &self.known
    }

    fn folder(&self, variant: &str) -> PathBuf {
        self.work.join(variant)
    }

    /// The names of the tests, as [`Self::trials`] gives them.
    pub fn name(mode: Mode, variant: &str, module: &str) -> String {
        match mode {
            Mode::Ordinary => format!("{variant}/{module}"),
            Mode::Stressed | Mode::Simulated(_) | Mode::Emulated | Mode::Tmp | Mode::Data | Mode::Net => {
                format!("{}/{variant}/{module}", mode.name())
            }
        }
    }

    /// Runs those of the fixtures on stock OTP whose tests are wanted.
    ///
    /// # Errors
    /// Stock OTP does not run.
    pub fn prepare(&self, modes: &[Mode], wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        let groups = VARIANTS.iter().map(|variant| {
            let is_wanted = |program: &&Program| {
                let mut names = modes.iter().map(|mode| Self::name(*mode, variant.name, program.module()));
                program.functions.is_empty() || names.any(|name| wanted(&name))
            };
            Group {
                folder: self.folder(variant.name),
                options: variant.options,
                programs: self.programs.iter().filter(is_wanted).cloned().collect(),
            }
        });
        fs::create_dir_all(&self.work)
            .map_err(|why| format!("cannot make {}: {why}", self.work.display()))?;
        stock::run(&self.work, &groups.collect::<Vec<_>>())
    }

    /// A test for each fixture in each variant; in other modes than the ordinary one, in the first variant alone. So are fixtures that
    /// load modules, which stock OTP, where one node runs all, has already by the second time.
    pub fn trials(&self, mode: Mode) -> Vec<Trial> {
        let mut trials = Vec::new();
        let variants = if mode == Mode::Ordinary { VARIANTS } else { &VARIANTS[..1] };
        for (number, variant) in variants.iter().enumerate() {
            let is_run = |program: &&Program| {
                !program.functions.is_empty() && (number == 0 || !program.module().starts_with("code_"))
            };
            for program in self.programs.iter().filter(is_run) {
                let module = program.module().to_owned();
                let call = Call {
                    folder: self.folder(variant.name),
                    module,
                    function: "start".into(),
                    mode,
                    limit: here::LIMIT,
                };
                let known = self.known.clone();
                let name = Self::name(mode, variant.name, &call.module);
                trials.push(Trial::test(name, move || {
                    judge(compare(&call), known.reason(&[&mode.name(), variant.name], &call.module))
                }));
            }
        }
        trials
    }
}

fn compare(call: &Call) -> Result<(), String> {
    let file = stock::outcome_file(&call.folder, &call.module, &call.function);
    let stock = fs::read(&file).map_err(|why| format!("stock OTP has left no {}: {why}", file.display()))?;
    if stock == stock::STUCK || stock.starts_with(b"raised\n{error,undef,[{") && !is_compiled(call) {
        return Err(format!("the fixture is wrong: {}", String::from_utf8_lossy(&stock)));
    }
    let here = here::run(call)?;
    if stock == here { Ok(()) } else { Err(outcome::difference(&stock, &here)) }
}

fn is_compiled(call: &Call) -> bool {
    call.folder.join(format!("{}.beam", call.module)).is_file()
}

/// The verdict on a test: one that is known to fail has to fail.
///
/// # Errors
/// It fails and is not known to, or passes and is.
pub fn judge(result: Result<(), String>, known: Option<&str>) -> Result<(), Failed> {
    match (result, known) {
        (Ok(()), None) | (Err(_), Some(_)) => Ok(()),
        (Err(why), None) => Err(why.into()),
        (Ok(()), Some(reason)) => {
            Err(format!("passes, and is in the list of known failures: {reason}").into())
        }
    }
}
