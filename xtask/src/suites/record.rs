// SPDX-License-Identifier: Apache-2.0
//! What is kept of all runs in a way, `docs/suites.csv` for the ordinary one: a row for each suite and outcome, with the cases that have it. Only what stock passes under the runner counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::suites::list::{List, Suite};
use crate::suites::read_if_there;
use crate::suites::results::{Outcome, Results};
use crate::suites::way::Way;

const HEADING: &str = "application,suite,outcome,reason,cases";

/// The longest reason that is kept.
const REASON: usize = 60;

/// What a case counts as.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// It passes on stock and here.
    Passed,
    /// It passes on stock and is skipped here.
    Skipped(String),
    /// It passes on stock and not here.
    Failed,
    /// Stock does not pass it either, or it is left out.
    NotRunnable(String),
}

/// The verdicts of a suite.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Judged(BTreeMap<Verdict, BTreeSet<String>>);

/// The verdicts of all suites in a way.
#[derive(Default, Debug)]
pub struct Record {
    way: Way,
    suites: BTreeMap<Suite, Judged>,
}

/// Compares what stock does with what is done here.
pub fn judge(stock: &Results, here: &Results, list: &List, suite: &Suite, way: Way) -> Judged {
    let here: BTreeMap<&str, Option<&Outcome>> = here.cases().collect();
    let mut judged = Judged::default();
    for (case, on_stock) in stock.cases() {
        let verdict = match (list.reason(suite, case, way), on_stock, here.get(case).copied().flatten()) {
            // A reason is a field of the record.
            (Some(reason), _, _) => Verdict::NotRunnable(reason.replace(',', "")),
            (None, Some(Outcome::Passed), Some(Outcome::Passed)) => Verdict::Passed,
            (None, Some(Outcome::Passed), Some(Outcome::Skipped(why))) => Verdict::Skipped(short(why)),
            (None, Some(Outcome::Passed), _) => Verdict::Failed,
            (None, Some(Outcome::Skipped(why)), _) if why.contains("nodes missing") => {
                Verdict::NotRunnable("needs a second node".into())
            }
            (None, Some(Outcome::Skipped(why)), _) => Verdict::NotRunnable(short(why)),
            (None, Some(Outcome::Failed(why)), _) if why.contains("{timetrap") => {
                Verdict::NotRunnable("takes too long on stock".into())
            }
            (None, _, _) => Verdict::NotRunnable("does not pass on stock".into()),
        };
        judged.0.entry(verdict).or_default().insert(case.to_owned());
    }
    judged
}

/// The beginning of a reason, fit for a field. Where files are on this machine is none of the record's.
fn short(reason: &str) -> String {
    let plain: String = reason.chars().filter(|c| !matches!(c, '"' | ',' | '|' | '`')).collect();
    let is_path = |word: &str| word.trim_start_matches(['(', '{', '[', '\\', '\'']).starts_with('/');
    let words: Vec<&str> = plain.split_whitespace().filter(|word| !is_path(word)).collect();
    words.join(" ").chars().take(REASON).collect::<String>().trim_end().into()
}

impl Verdict {
    fn fields(&self) -> (&'static str, &str) {
        match self {
            Self::Passed => ("passed", ""),
            Self::Skipped(why) => ("skipped", why),
            Self::Failed => ("failed", ""),
            Self::NotRunnable(why) => ("not runnable", why),
        }
    }

    fn of_fields(outcome: &str, reason: &str) -> Option<Self> {
        Some(match outcome {
            "passed" => Self::Passed,
            "skipped" => Self::Skipped(reason.into()),
            "failed" => Self::Failed,
            "not runnable" => Self::NotRunnable(reason.into()),
            _ => return None,
        })
    }
}

impl Judged {
    fn with(&self, wanted: impl Fn(&Verdict) -> bool) -> impl Iterator<Item = &str> {
        let those = self.0.iter().filter(move |(verdict, _)| wanted(verdict));
        those.flat_map(|(_, cases)| cases.iter().map(String::as_str))
    }

    /// The cases that pass.
    pub fn passed(&self) -> impl Iterator<Item = &str> {
        self.with(|verdict| *verdict == Verdict::Passed)
    }

    /// The cases that pass on stock and fail here.
    pub fn failed(&self) -> impl Iterator<Item = &str> {
        self.with(|verdict| *verdict == Verdict::Failed)
    }

    /// The cases that pass on stock and are skipped here, for each reason.
    pub fn skipped(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.0.iter().filter_map(|(verdict, cases)| match verdict {
            Verdict::Skipped(why) => Some((why.as_str(), cases)),
            _ => None,
        })
    }

    /// The cases that pass on stock only.
    pub fn missed(&self) -> impl Iterator<Item = &str> {
        self.with(|verdict| matches!(verdict, Verdict::Failed | Verdict::Skipped(_)))
    }

    /// The cases that do not count, for each reason.
    pub fn not_runnable(&self) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.0.iter().filter_map(|(verdict, cases)| match verdict {
            Verdict::NotRunnable(why) => Some((why.as_str(), cases)),
            _ => None,
        })
    }

    /// All in a few words.
    pub fn summary(&self) -> String {
        let (passed, missed) = (self.passed().count(), self.missed().count());
        let rest = self.not_runnable().map(|(_, cases)| cases.len()).sum::<usize>();
        format!("{passed} of {} passed, {rest} not runnable", passed + missed)
    }
}

impl Record {
    /// Reads what is kept of the suites that are run in a way.
    pub fn read(context: &Context, list: &List, way: Way) -> Result<Self, Failure> {
        let mut record = Self::parse(&read_if_there(&way.record(context))?, way)?;
        record.suites.retain(|suite, _| list.suites(way).any(|listed| listed == suite));
        Ok(record)
    }

    fn parse(text: &str, way: Way) -> Result<Self, Failure> {
        let mut record = Self { way, ..Self::default() };
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.splitn(5, ',').collect();
            let [application, module, outcome, reason, cases] = fields.as_slice() else {
                return Err(Failure::new(
                    "a record of suites is damaged",
                    format!("{line:?} has not five fields"),
                ));
            };
            let suite = Suite { application: (*application).into(), module: (*module).into() };
            let verdict = Verdict::of_fields(outcome, reason).ok_or_else(|| {
                Failure::new("a record of suites is damaged", format!("no outcome in {line:?}"))
            })?;
            let cases = cases.split(' ').map(str::to_owned).collect();
            record.suites.entry(suite).or_default().0.insert(verdict, cases);
        }
        Ok(record)
    }

    fn text(&self) -> String {
        let mut text = format!("{HEADING}\n");
        for (suite, judged) in &self.suites {
            for (verdict, cases) in &judged.0 {
                let (outcome, reason) = verdict.fields();
                let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
                let _ = writeln!(
                    text,
                    "{},{},{outcome},{reason},{}",
                    suite.application,
                    suite.module,
                    cases.join(" ")
                );
            }
        }
        text
    }

    /// Keeps it.
    pub fn write(&self, context: &Context) -> Result<(), Failure> {
        let path = self.way.record(context);
        fs::write(&path, self.text()).during(|| format!("cannot write {}", context.shown(&path)))
    }

    /// The suites with their verdicts.
    pub fn suites(&self) -> impl Iterator<Item = (&Suite, &Judged)> {
        self.suites.iter()
    }

    /// The cases of a suite that are known to fail.
    pub fn failed(&self, suite: &Suite) -> Vec<String> {
        self.suites.get(suite).map(|judged| judged.missed().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// The cases that passed and do not pass now.
    pub fn lost(&self, suite: &Suite, now: &Judged) -> Vec<String> {
        let passed: BTreeSet<&str> = now.passed().collect();
        let before = self.suites.get(suite).into_iter().flat_map(Judged::passed);
        before.filter(|case| !passed.contains(case)).map(str::to_owned).collect()
    }

    /// Takes what cases that are known to fail have come to when they were run alone.
    pub fn mend(&mut self, suite: &Suite, here: &Results) {
        let Some(Judged(verdicts)) = self.suites.get_mut(suite) else { return };
        let mut mended = BTreeSet::new();
        for (verdict, cases) in verdicts.iter_mut() {
            if matches!(verdict, Verdict::Failed | Verdict::Skipped(_)) {
                mended.extend(cases.extract_if(.., |case| here.has_passed(case)));
            }
        }
        verdicts.entry(Verdict::Passed).or_default().append(&mut mended);
        verdicts.retain(|_, cases| !cases.is_empty());
    }

    /// Takes the verdicts of a new run of a suite.
    pub fn replace(&mut self, suite: &Suite, judged: Judged) {
        self.suites.insert(suite.clone(), judged);
    }
}

#[cfg(test)]
mod tests {
    use super::{Record, judge};
    use crate::suites::list::{List, Suite};
    use crate::suites::results::Results;
    use crate::suites::way::Way;

    fn results(outcomes: &[(&str, &str, &str)]) -> Results {
        let mut text = String::new();
        for (number, (case, outcome, reason)) in outcomes.iter().enumerate() {
            text += &format!("plan\t{number}\t{case}\n{number}\t{outcome}\t1\t{case}\t{reason}\n");
        }
        Results::parse(&text)
    }

    #[test]
    fn stock_is_the_measure_and_the_record_only_rises() {
        let suite = Suite { application: "stdlib".into(), module: "x_SUITE".into() };
        let stock = results(&[
            ("a", "passed", ""),
            ("b", "passed", ""),
            ("c", "failed", "{timetrap,1}"),
            ("d", "skipped", "no, node"),
            ("e", "skipped", r#"Test case (\"/here/x.erl\"(7)) ignored: 2 nodes missing"#),
            ("f", "skipped", r#"reads (\"/here/x.erl\"(7)) no more"#),
        ]);
        let here =
            results(&[("a", "passed", ""), ("b", "failed", "bad"), ("c", "passed", ""), ("d", "passed", "")]);
        let judged = judge(&stock, &here, &List::default(), &suite, Way::Host);
        assert_eq!(judged.summary(), "1 of 2 passed, 4 not runnable");
        let mut record = Record::default();
        record.replace(&suite, judged.clone());
        let text = record.text();
        assert!(text.contains("stdlib,x_SUITE,not runnable,no node,d\n"), "{text}");
        assert!(text.contains("stdlib,x_SUITE,not runnable,needs a second node,e\n"), "{text}");
        assert!(text.contains("stdlib,x_SUITE,not runnable,reads no more,f\n"), "{text}");
        let read = Record::parse(&text, Way::Host).unwrap();
        assert_eq!(read.suites[&suite], judged);
        assert_eq!(read.failed(&suite), ["b"]);
        let mut mended = Record::parse(&text, Way::Host).unwrap();
        mended.mend(&suite, &results(&[("b", "passed", ""), ("d", "passed", "")]));
        assert_eq!(mended.suites[&suite].summary(), "2 of 2 passed, 4 not runnable");
        let worse = judge(&stock, &results(&[("b", "passed", "")]), &List::default(), &suite, Way::Host);
        assert_eq!(read.lost(&suite, &worse), ["a"]);
        assert!(read.lost(&suite, &judged).is_empty());
    }
}
