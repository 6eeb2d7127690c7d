// SPDX-License-Identifier: Apache-2.0
//! The list of suites, `tests/suites/list`: a line `application/suite` for each that is run; with `: reason` behind, it is left out; so is a case, `application/suite/case: reason`.
//!
//! Words `+net` and `+data` behind a suite say in which ways it is run besides the ordinary one; behind a case, in which ways alone it is left out.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::suites::way::Way;

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
    run: Vec<(Suite, Vec<Way>)>,
    left_out: Vec<(Suite, String)>,
    cases: BTreeMap<Suite, BTreeMap<(String, Way), String>>,
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
            let damaged =
                |why: &str| Failure::new("the list of suites is damaged", format!("{why} in {line:?}"));
            let mut words = name.split(' ');
            let mut parts = words.next().unwrap_or_default().splitn(3, '/');
            let ways: Option<Vec<Way>> = words.map(Way::of_word).collect();
            let ways = ways.ok_or_else(|| damaged("no way"))?;
            let (Some(application), Some(module)) = (parts.next(), parts.next()) else {
                return Err(damaged("no suite"));
            };
            let suite = Suite { application: application.into(), module: module.into() };
            match (parts.next(), reason) {
                (None, None) => list.run.push((suite, [vec![Way::Host], ways].concat())),
                (None, Some(reason)) => list.left_out.push((suite, reason)),
                (Some(case), Some(reason)) => {
                    let cases = list.cases.entry(suite).or_default();
                    let ways = if ways.is_empty() { Way::ALL.to_vec() } else { ways };
                    cases.extend(ways.into_iter().map(|way| ((case.to_owned(), way), reason.clone())));
                }
                (Some(_), None) => return Err(damaged("no reason")),
            }
        }
        Ok(list)
    }

    /// The suites that are run in a way.
    pub fn suites(&self, way: Way) -> impl Iterator<Item = &Suite> {
        self.run.iter().filter(move |(_, ways)| ways.contains(&way)).map(|(suite, _)| suite)
    }

    /// The suites that are not, and why.
    pub fn left_out(&self) -> impl Iterator<Item = &(Suite, String)> {
        self.left_out.iter()
    }

    /// Whether a case of a suite is left out for this reason.
    pub fn is_reason(&self, suite: &Suite, reason: &str, way: Way) -> bool {
        let mut cases = self.cases.get(suite).into_iter().flatten();
        cases.any(|((_, at), why)| *at == way && why == reason)
    }

    /// Why a case is left out.
    pub fn reason(&self, suite: &Suite, case: &str, way: Way) -> Option<&str> {
        self.cases.get(suite)?.get(&(case.to_owned(), way)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::List;
    use crate::suites::way::Way;

    #[test]
    fn lines_are_suites_and_exceptions() {
        let list = List::parse(
            "# all\nstdlib/lists_SUITE\nstdlib/ets_SUITE +data\nemulator/nif_SUITE: needs C\nstdlib/ets_SUITE/a/b: slow\nstdlib/ets_SUITE/c +data: hard\n",
        )
        .unwrap();
        let names = |way| list.suites(way).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(Way::Host), ["stdlib/lists_SUITE", "stdlib/ets_SUITE"]);
        assert_eq!(names(Way::Data), ["stdlib/ets_SUITE"]);
        assert_eq!(names(Way::Net), Vec::<String>::new());
        assert_eq!(list.left_out().next().unwrap().1, "needs C");
        let ets = list.suites(Way::Data).next().unwrap();
        assert_eq!(list.reason(ets, "a/b", Way::Host), Some("slow"));
        assert_eq!(list.reason(ets, "a/b", Way::Data), Some("slow"));
        assert_eq!(list.reason(ets, "a", Way::Host), None);
        assert_eq!(list.reason(ets, "c", Way::Host), None);
        assert_eq!(list.reason(ets, "c", Way::Data), Some("hard"));
        for damaged in
            ["stdlib\n", "stdlib/lists_SUITE/a\n", "stdlib/lists_SUITE +moon\n", "stdlib/lists_SUITE data\n"]
        {
            assert!(List::parse(damaged).is_err(), "{damaged}");
        }
    }
}
