// SPDX-License-Identifier: Apache-2.0
//! Generated programs: modules of many random cases, run like fixtures. A case that differs is made smaller as far as it goes on to differ,
//! and what is left is printed with the seed.

mod case;
mod expression;
mod grammar;
mod match_spec;
mod random;
mod regex;
mod topic;
mod zlib;

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use self::case::Case;
use self::topic::Topic;
use crate::here::{self, Call, Mode};
use crate::outcome;
use crate::stock::{self, Group, Program};
use crate::variant::{VARIANTS, Variant};

/// The seeds of every run.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=12;

/// Programs that a failing case is made smaller with at once, and how often.
const ATTEMPTS: usize = 60;
const ROUNDS: usize = 24;

/// A program: what it is about, and the seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Source {
    topic: Topic,
    seed: u64,
}

impl Source {
    fn variant(self) -> Variant {
        self.topic.variant(self.seed)
    }

    fn module(self) -> String {
        self.topic.module(self.seed)
    }

    fn cases(self) -> Vec<Case> {
        self.topic.cases(self.seed)
    }

    /// The name of its test.
    fn name(self, mode: Mode) -> String {
        let name = format!("generated/{}/{}", self.variant().name, self.module());
        match mode {
            Mode::Ordinary => name,
            _ => format!("{}/{name}", mode.name()),
        }
    }
}

fn module(name: &str, cases: &[Case], topic: Topic) -> String {
    let functions: Vec<String> = (0..cases.len()).map(|number| format!("c{number}/0, a{number}/0")).collect();
    let calls: Vec<String> =
        (0..cases.len()).map(|number| format!("{{'CASE {number}', attempt(fun c{number}/0)}}")).collect();
    let mut text = format!(
        "-module({name}).\n-compile(nowarn_export_all).\n-export([start/0, id/1, {}]).\n\nstart() ->\n    [{}].\n\nid(X) -> X.\n\n\
         attempt(F) ->\n    try F() catch Class:Reason -> {{'EXCEPTION', Class, Reason}} end.\n\n",
        functions.join(", "),
        calls.join(",\n     "),
    );
    text.push_str(topic.helpers());
    for (number, case) in cases.iter().enumerate() {
        text.push_str(&format!("a{number}() -> attempt(fun c{number}/0).\n\n"));
        case.write(number, &mut text);
    }
    text
}

fn call(folder: &Path, module: &str, function: &str, mode: Mode) -> Call {
    Call {
        folder: folder.to_owned(),
        module: module.into(),
        function: function.into(),
        mode,
        limit: here::LIMIT,
    }
}

/// What comes after each case's name in the text of a module's result.
fn answers(text: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    text.split("{'CASE ").skip(1).map(|answer| answer.split_whitespace().collect::<String>().into()).collect()
}

/// Programs that are made, and where they are run.
#[derive(Clone, Debug)]
pub struct Generated {
    work: PathBuf,
    sources: Vec<Source>,
}

impl Generated {
    /// The programs of every run, and some with other seeds.
    pub fn new(work: &Path, more: impl IntoIterator<Item = u64>) -> Self {
        let seeds: Vec<u64> = SEEDS.chain(more).collect();
        let of_topic = |topic| seeds.iter().map(move |seed| Source { topic, seed: *seed });
        let sources = Topic::ALL.into_iter().flat_map(of_topic).collect();
        Self { work: work.join("generated"), sources }
    }

    /// Makes the programs and runs those on stock OTP whose tests are wanted.
    ///
    /// # Errors
    /// Stock OTP does not run.
    pub fn prepare(&self, wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        let mut groups = Vec::new();
        for variant in VARIANTS {
            let is_wanted =
                |source: &Source| source.variant() == *variant && wanted(&source.name(Mode::Ordinary));
            let mut programs = Vec::new();
            for source in self.sources.iter().copied().filter(is_wanted) {
                let name = source.module();
                let text = module(&name, &source.cases(), source.topic);
                programs.push(write(&self.work, &name, &text)?);
            }
            groups.push(Group { folder: self.work.join(variant.name), options: variant.options, programs });
        }
        if groups.iter().all(|group| group.programs.is_empty()) {
            return Ok(());
        }
        stock::run(&self.work, &groups)
    }

    /// A test for each seed.
    pub fn trials(&self, mode: Mode) -> Vec<Trial> {
        let trial = |source: Source| {
            let this = self.clone();
            Trial::test(source.name(mode), move || this.judge(source, mode))
        };
        self.sources.iter().copied().map(trial).collect()
    }

    fn judge(&self, source: Source, mode: Mode) -> Result<(), Failed> {
        let folder = self.work.join(source.variant().name);
        let name = source.module();
        let file = stock::outcome_file(&folder, &name, "start");
        let expected =
            fs::read(&file).map_err(|why| format!("stock OTP has left no {}: {why}", file.display()))?;
        if !expected.starts_with(b"returned\n") {
            return Err(format!("the module is wrong: {}", String::from_utf8_lossy(&expected)).into());
        }
        let found = here::run(&call(&folder, &name, "start", mode));
        if found.as_ref().is_ok_and(|found| *found == expected) {
            return Ok(());
        }
        let all = source.cases();
        let number = match &found {
            Ok(found) => {
                let (expected, found) = (answers(&expected), answers(found));
                (0..all.len()).find(|number| expected.get(*number) != found.get(*number))
            }
            Err(_) => (0..all.len()).find(|number| {
                here::run(&call(&folder, &name, &source.topic.function(*number), mode)).is_err()
            }),
        };
        let Some(number) = number else {
            let why = found.map_or_else(|why| why, |found| outcome::difference(&expected, &found));
            return Err(format!("{name} differs as a whole, and no case does alone\n{why}").into());
        };
        let case = self.shrunk(all[number].clone(), source, mode)?;
        Err(self.report(&case, source, number, mode)?.into())
    }

    /// Runs each case alone on both sides; gives the difference of those that have one.
    fn differences(
        &self,
        cases: &[Case],
        source: Source,
        name: &str,
        mode: Mode,
    ) -> Result<Vec<Option<String>>, String> {
        let (work, variant) = (self.work.join(name), source.variant());
        let mut program = write(&work, name, &module(name, cases, source.topic))?;
        program.functions = (0..cases.len()).map(|number| source.topic.function(number)).collect();
        let group =
            Group { folder: work.join(variant.name), options: variant.options, programs: vec![program] };
        stock::run(&work, std::slice::from_ref(&group))?;
        let compare = |number: usize| {
            let function = source.topic.function(number);
            let file = stock::outcome_file(&group.folder, name, &function);
            let expected = fs::read(&file).map_err(|why| format!("stock OTP has left no outcome: {why}"))?;
            if expected.starts_with(format!("raised\n{{error,undef,[{{{name},").as_bytes()) {
                // Stock OTP does not compile or load it: it is no program.
                return Ok(None);
            }
            Ok(match here::run(&call(&group.folder, name, &function, mode)) {
                Ok(found) if found == expected => None,
                Ok(found) => Some(outcome::difference(&expected, &found)),
                Err(why) => Some(why),
            })
        };
        (0..cases.len()).map(compare).collect()
    }

    fn shrunk(&self, case: Case, source: Source, mode: Mode) -> Result<Case, String> {
        let mut case = case;
        for round in 0..ROUNDS {
            let mut smaller = case.smaller();
            smaller.truncate(ATTEMPTS);
            if smaller.is_empty() {
                break;
            }
            let name = format!("shrink_{}_{round}", source.module());
            let differences = self.differences(&smaller, source, &name, mode)?;
            match differences.iter().position(Option::is_some) {
                Some(found) => case = smaller.swap_remove(found),
                None => break,
            }
        }
        Ok(case)
    }

    fn report(&self, case: &Case, source: Source, number: usize, mode: Mode) -> Result<String, String> {
        let name = format!("smallest_{}", source.module());
        let differences = self.differences(std::slice::from_ref(case), source, &name, mode)?;
        let mut text =
            format!("{}, case {number}, {}; at its smallest:\n", source.module(), source.variant().name);
        case.write(0, &mut text);
        match differences.into_iter().next().flatten() {
            Some(difference) => text.push_str(&difference),
            None => text.push_str("alone it does not differ\n"),
        }
        Ok(text)
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<Program, String> {
    let file = folder.join(format!("{name}.erl"));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, text))
        .map_err(|why| format!("cannot write {}: {why}", file.display()))?;
    Ok(Program { file, functions: vec!["start".into()] })
}
