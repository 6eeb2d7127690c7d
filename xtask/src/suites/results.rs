// SPDX-License-Identifier: Apache-2.0
//! What a run of a suite has come to: the lines that the runner has written, and those added for it when the emulator died or stood still.

use std::collections::BTreeMap;

/// How a case has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Well.
    Passed,
    /// Not run, and why.
    Skipped(String),
    /// Badly, and why.
    Failed(String),
}

/// The cases of a suite, in its order.
#[derive(Clone, Default, Debug)]
pub struct Results {
    names: Vec<String>,
    outcomes: BTreeMap<String, Outcome>,
    /// The number of the case that has a start and no end.
    open: Option<usize>,
    done: bool,
}

impl Results {
    /// Reads the runner's lines. A later outcome of a case takes the place of an earlier one, unless that was good.
    pub fn parse(text: &str) -> Self {
        let mut results = Self::default();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields.as_slice() {
                ["done"] => results.done = true,
                ["plan", _, name] if !results.names.iter().any(|known| known == name) => {
                    results.names.push((*name).to_owned());
                }
                [number, "start", _] => {
                    results.done = false;
                    results.open = number.parse().ok();
                }
                [_, outcome, _, name, reason] => {
                    results.open = None;
                    results.add(name, outcome, reason);
                }
                _ => {}
            }
        }
        results
    }

    fn add(&mut self, name: &str, outcome: &str, reason: &str) {
        let outcome = match outcome {
            "passed" => Outcome::Passed,
            "skipped" => Outcome::Skipped(reason.to_owned()),
            _ => Outcome::Failed(reason.to_owned()),
        };
        if !self.has_passed(name) {
            self.outcomes.insert(name.to_owned(), outcome);
        }
    }

    /// Whether the runner has come to its end.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The number and the name of the case that was running.
    pub fn open(&self) -> Option<(usize, &str)> {
        let number = self.open?;
        Some((number, self.names.get(number.checked_sub(1)?)?))
    }

    /// All cases with what they have come to.
    pub fn cases(&self) -> impl Iterator<Item = (&str, Option<&Outcome>)> {
        self.names.iter().map(|name| (name.as_str(), self.outcomes.get(name)))
    }

    /// Whether a case has ended well.
    pub fn has_passed(&self, case: &str) -> bool {
        self.outcomes.get(case) == Some(&Outcome::Passed)
    }

    /// The cases that have failed, and why.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cases().filter_map(|(case, outcome)| match outcome {
            Some(Outcome::Failed(why)) => Some((case, why.as_str())),
            _ => None,
        })
    }

    /// The outcome of a case in words.
    pub fn describe(&self, case: &str) -> String {
        match self.outcomes.get(case) {
            Some(Outcome::Passed) => "passed".into(),
            Some(Outcome::Skipped(why)) => format!("skipped: {why}"),
            Some(Outcome::Failed(why)) => format!("failed: {why}"),
            None => "not run".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Results};

    #[test]
    fn lines_become_outcomes() {
        let text = "plan\t1\ta\nplan\t2\tg/b\nplan\t3\tc\nenter\tinit_per_suite\n1\tstart\ta\n1\tfailed\t3\ta\twhy\n2\tstart\tg/b\n";
        let results = Results::parse(text);
        assert_eq!(results.open(), Some((2, "g/b")));
        assert!(!results.is_done());
        assert_eq!(results.failed().collect::<Vec<_>>(), [("a", "why")]);
        let again =
            Results::parse(&format!("{text}2\tskipped\t0\tg/b\tno\n1\tstart\ta\n1\tpassed\t2\ta\t\ndone\n"));
        assert!(again.is_done() && again.has_passed("a") && again.open().is_none());
        let outcomes: Vec<_> = again.cases().map(|(_, outcome)| outcome.cloned()).collect();
        assert_eq!(outcomes, [Some(Outcome::Passed), Some(Outcome::Skipped("no".into())), None]);
    }
}
