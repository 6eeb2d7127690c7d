// SPDX-License-Identifier: Apache-2.0
//! The list of suites, `tests/suites/list`: a line `application/suite` for each that is run; with `: reason` behind, it is left out; so is a case, `application/suite/case: reason`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::failure::{During, Failure};

/// A suite.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Suite {
    /// The application, or `emulator`.
    pub application: String,
    /// The module.
    pub module: String,
}

/// The list.
#[derive(Default, Debug)]
pub struct List {
    run: Vec<Suite>,
    left_out: Vec<(Suite, String)>,
    cases: BTreeMap<Suite, BTreeMap<String, String>>,
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.application, self.module)
    }
}

impl Suite {
    /// Whether the name is that of the suite or of its application.
    pub fn is_called(&self, name: &str) -> bool {
        name == self.application || name == self.module || name == self.to_string()
    }

    /// The folder of the suite in OTP's source tree.
    pub fn folder(&self, sources: &Path) -> PathBuf {
        match self.application.as_str() {
            "emulator" => sources.join("erts/emulator/test"),
            application => sources.join("lib").join(application).join("test"),
        }
    }
}

impl List {
    /// Reads the list.
    pub fn read(context: &Context) -> Result<Self, Failure> {
        let path = context.root().join("tests/suites/list");
        let text = std::fs::read_to_string(&path).during(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let mut list = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, reason) =
                line.split_once(": ").map_or((line, None), |(name, reason)| (name, Some(reason.to_owned())));
            let mut parts = name.splitn(3, '/');
            let (Some(application), Some(module)) = (parts.next(), parts.next()) else {
                return Err(Failure::new("the list of suites is damaged", format!("no suite in {line:?}")));
            };
            let suite = Suite { application: application.into(), module: module.into() };
            match (parts.next(), reason) {
                (None, None) => list.run.push(suite),
                (None, Some(reason)) => list.left_out.push((suite, reason)),
                (Some(case), Some(reason)) => {
                    list.cases.entry(suite).or_default().insert(case.to_owned(), reason);
                }
                (Some(_), None) => {
                    return Err(Failure::new(
                        "the list of suites is damaged",
                        format!("no reason in {line:?}"),
                    ));
                }
            }
        }
        Ok(list)
    }

    /// The suites that are run.
    pub fn suites(&self) -> impl Iterator<Item = &Suite> {
        self.run.iter()
    }

    /// The suites that are not, and why.
    pub fn left_out(&self) -> impl Iterator<Item = &(Suite, String)> {
        self.left_out.iter()
    }

    /// Why a case is left out.
    pub fn reason(&self, suite: &Suite, case: &str) -> Option<&str> {
        self.cases.get(suite)?.get(case).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::List;

    #[test]
    fn lines_are_suites_and_exceptions() {
        let list = List::parse(
            "# all\nstdlib/lists_SUITE\nemulator/nif_SUITE: needs C\nstdlib/ets_SUITE/a/b: slow\n",
        )
        .unwrap();
        assert_eq!(list.suites().map(ToString::to_string).collect::<Vec<_>>(), ["stdlib/lists_SUITE"]);
        assert_eq!(list.left_out().next().unwrap().1, "needs C");
        let mut ets = list.suites().next().unwrap().clone();
        ets.module = "ets_SUITE".into();
        assert_eq!(list.reason(&ets, "a/b"), Some("slow"));
        assert_eq!(list.reason(&ets, "a"), None);
        assert!(List::parse("stdlib\n").is_err());
        assert!(List::parse("stdlib/lists_SUITE/a\n").is_err());
    }
}
