// SPDX-License-Identifier: Apache-2.0
//! Generated programs: modules of many random cases, run like fixtures. A case that differs is made smaller as far as it goes on to differ,
//! and what is left is printed with the seed.

mod expression;
mod grammar;
mod random;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};

use self::expression::Expression;
use self::grammar::Generator;
use crate::here::{self, Call, Mode};
use crate::outcome;
use crate::stock::{self, Group, Program};
use crate::variant::{VARIANTS, Variant};

/// The seeds of every run.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=12;

/// Cases in a module.
const CASES: usize = 200;

/// Arguments of a case, whose values the compiler does not know.
const ARGUMENTS: u32 = 3;

/// Programs that a failing case is made smaller with at once, and how often.
const ATTEMPTS: usize = 60;
const ROUNDS: usize = 12;

/// A case: an expression over arguments, and the arguments.
#[derive(Clone, Debug)]
struct Case {
    body: Expression,
    arguments: Vec<Expression>,
}

impl Case {
    fn write(&self, number: usize, out: &mut String) {
        let parameters: Vec<String> = (0..ARGUMENTS).map(|number| format!("V{number}")).collect();
        let _ = write!(out, "c{number}() ->\n    b{number}(");
        for (index, argument) in self.arguments.iter().enumerate() {
            out.push_str(if index > 0 { ", ?MODULE:id(" } else { "?MODULE:id(" });
            argument.write(out, &mut BTreeSet::new());
            out.push(')');
        }
        let _ = write!(out, ").\n\nb{number}({}) ->\n    ", parameters.join(", "));
        self.body.write(out, &mut (0..ARGUMENTS).collect());
        out.push_str(".\n\n");
    }

    fn size(&self) -> usize {
        self.body.size() + self.arguments.iter().map(Expression::size).sum::<usize>()
    }

    fn smaller(&self) -> Vec<Self> {
        let bodies = self.body.smaller().into_iter().map(|body| Self { body, ..self.clone() });
        let mut all: Vec<Self> = bodies.collect();
        for (index, argument) in self.arguments.iter().enumerate() {
            for smaller in argument.smaller() {
                let mut case = self.clone();
                case.arguments[index] = smaller;
                all.push(case);
            }
        }
        all.sort_by_key(Self::size);
        all
    }
}

/// How a seed's program is compiled: each way has its turn.
fn variant(seed: u64) -> Variant {
    VARIANTS[(seed % VARIANTS.len() as u64) as usize]
}

fn cases(seed: u64) -> Vec<Case> {
    let mut generator = Generator::new(seed);
    let make = |_| {
        let (body, arguments) = generator.case(ARGUMENTS);
        Case { body, arguments }
    };
    (0..CASES).map(make).collect()
}

fn module(name: &str, cases: &[Case]) -> String {
    let functions: Vec<String> = (0..cases.len()).map(|number| format!("c{number}/0")).collect();
    let calls: Vec<String> =
        (0..cases.len()).map(|number| format!("{{'CASE {number}', attempt(fun c{number}/0)}}")).collect();
    let mut text = format!(
        "-module({name}).\n-compile(nowarn_export_all).\n-export([start/0, id/1, {}]).\n\nstart() ->\n    [{}].\n\nid(X) -> X.\n\n\
         attempt(F) ->\n    try F() catch Class:Reason -> {{'EXCEPTION', Class, Reason}} end.\n\n",
        functions.join(", "),
        calls.join(",\n     "),
    );
    for (number, case) in cases.iter().enumerate() {
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
    seeds: Vec<u64>,
}

impl Generated {
    /// The programs of every run, and some with other seeds.
    pub fn new(work: &Path, more: impl IntoIterator<Item = u64>) -> Self {
        Self { work: work.join("generated"), seeds: SEEDS.chain(more).collect() }
    }

    fn name(seed: u64) -> String {
        format!("generated/{}/seed_{seed}", variant(seed).name)
    }

    fn name_in(mode: Mode, seed: u64) -> String {
        match mode {
            Mode::Ordinary => Self::name(seed),
            _ => format!("{}/{}", mode.name(), Self::name(seed)),
        }
    }

    /// Makes the programs and runs those on stock OTP whose tests are wanted.
    ///
    /// # Errors
    /// Stock OTP does not run.
    pub fn prepare(&self, wanted: impl Fn(&str) -> bool) -> Result<(), String> {
        let mut groups = Vec::new();
        for variant in VARIANTS {
            let is_wanted = |seed: &u64| self::variant(*seed) == *variant && wanted(&Self::name(*seed));
            let mut programs = Vec::new();
            for seed in self.seeds.iter().copied().filter(is_wanted) {
                let module_name = format!("seed_{seed}");
                programs.push(write(&self.work, &module_name, &module(&module_name, &cases(seed)))?);
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
        let trial = |seed: u64| {
            let this = self.clone();
            Trial::test(Self::name_in(mode, seed), move || this.judge(seed, mode))
        };
        self.seeds.iter().copied().map(trial).collect()
    }

    fn judge(&self, seed: u64, mode: Mode) -> Result<(), Failed> {
        let variant = variant(seed);
        let folder = self.work.join(variant.name);
        let name = format!("seed_{seed}");
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
        let all = cases(seed);
        let number = match &found {
            Ok(found) => {
                let (expected, found) = (answers(&expected), answers(found));
                (0..all.len()).find(|number| expected.get(*number) != found.get(*number))
            }
            Err(_) => (0..all.len())
                .find(|number| here::run(&call(&folder, &name, &format!("c{number}"), mode)).is_err()),
        };
        let Some(number) = number else {
            let why = found.map_or_else(|why| why, |found| outcome::difference(&expected, &found));
            return Err(format!("seed {seed} differs as a whole, and no case does alone\n{why}").into());
        };
        let case = self.shrunk(all[number].clone(), variant, seed, mode)?;
        Err(self.report(&case, variant, seed, number, mode)?.into())
    }

    /// Runs each case alone on both sides; gives the difference of those that have one.
    fn differences(
        &self,
        cases: &[Case],
        variant: Variant,
        name: &str,
        mode: Mode,
    ) -> Result<Vec<Option<String>>, String> {
        let work = self.work.join(name);
        let mut program = write(&work, name, &module(name, cases))?;
        program.functions = (0..cases.len()).map(|number| format!("c{number}")).collect();
        let group =
            Group { folder: work.join(variant.name), options: variant.options, programs: vec![program] };
        stock::run(&work, std::slice::from_ref(&group))?;
        let compare = |number: usize| {
            let function = format!("c{number}");
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

    fn shrunk(&self, case: Case, variant: Variant, seed: u64, mode: Mode) -> Result<Case, String> {
        let mut case = case;
        for round in 0..ROUNDS {
            let mut smaller = case.smaller();
            smaller.retain(|other| other.size() < case.size());
            smaller.truncate(ATTEMPTS);
            if smaller.is_empty() {
                break;
            }
            let name = format!("shrink_{seed}_{}_{round}", variant.name);
            let differences = self.differences(&smaller, variant, &name, mode)?;
            match differences.iter().position(Option::is_some) {
                Some(found) => case = smaller.swap_remove(found),
                None => break,
            }
        }
        Ok(case)
    }

    fn report(
        &self,
        case: &Case,
        variant: Variant,
        seed: u64,
        number: usize,
        mode: Mode,
    ) -> Result<String, String> {
        let name = format!("smallest_{seed}_{}", variant.name);
        let differences = self.differences(std::slice::from_ref(case), variant, &name, mode)?;
        let mut text = format!("seed {seed}, case {number}, {}; at its smallest:\n", variant.name);
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
