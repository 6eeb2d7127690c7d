// SPDX-License-Identifier: Apache-2.0
//! The page `docs/suites.md`, made of the record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::suites::list::{List, Suite};
use crate::suites::record::{Judged, Record};
use crate::suites::way::Way;

const INTRODUCTION: &str = "# OTP's own test suites

How many cases of OTP 25's suites pass. `cargo xtask suites --sources DIR` runs them from OTP's source tree and keeps this page; each suite runs in
an emulator of its own, on stock and here, under a small runner. Runnable is what stock passes under it: there is no second node, no compiled C and no property testing tool.
The record behind this page is [suites.csv](suites.csv); a case that passes there has to pass again.
";

/// A way besides the ordinary one: its section, and what it says.
const WAYS: [(Way, &str); 2] = [
    (
        Way::Net,
        "## Over our own network stack

`cargo xtask suites --way net`: sockets are those of the stack that a guest has, with a loopback and no device (`voxoz erl -net own`). Stock has the host's.
The record is [suites-net.csv](suites-net.csv).
",
    ),
    (
        Way::Data,
        "## On our own file system

`cargo xtask suites --way data`: the suite, its data and all that it writes are on a volume as a guest has it at `/data` (`voxoz erl -data FILE`), which has to be
undamaged afterwards. Stock has the host's. The record is [suites-data.csv](suites-data.csv).
",
    ),
];

/// Writes the page.
pub fn write(context: &Context, list: &List) -> Result<(), Failure> {
    let path = context.root().join("docs/suites.md");
    let records = Way::ALL.map(|way| Record::read(context, list, way).map(|record| (way, record)));
    let records = records.into_iter().collect::<Result<BTreeMap<_, _>, _>>()?;
    fs::write(&path, text(list, &records)).during(|| format!("cannot write {}", context.shown(&path)))
}

fn text(list: &List, records: &BTreeMap<Way, Record>) -> String {
    let mut text = INTRODUCTION.to_owned();
    let none = Record::default();
    let host = records.get(&Way::Host).unwrap_or(&none);
    totals(&mut text, host);
    for (way, introduction) in WAYS {
        let record = records.get(&way).unwrap_or(&none);
        let _ = write!(text, "\n{introduction}");
        totals(&mut text, record);
        text += "\n";
        suites(&mut text, record);
        if record.suites().any(|(_, judged)| judged.skipped().next().is_some()) {
            text += "\nSkipped by the suites themselves:\n\n";
            skipped(&mut text, record);
        }
        let only = |suite: &Suite, why: &str| {
            list.is_reason(suite, why, way) && !list.is_reason(suite, why, Way::Host)
        };
        let mut rest = String::new();
        not_runnable(&mut rest, record, only);
        if !rest.is_empty() {
            let _ = write!(text, "\nNot runnable in this way:\n\n{rest}");
        }
    }
    text += "\n## Suites\n\n";
    suites(&mut text, host);
    text += "\n## Skipped\n\nStock passes these; here the suite skips them itself.\n\n";
    skipped(&mut text, host);
    text += "\n## Not runnable\n\n";
    not_runnable(&mut text, host, |_, _| true);
    text += "\n## Left out\n\n";
    for (suite, why) in list.left_out() {
        let _ = writeln!(text, "- {suite}: {why}");
    }
    text
}

fn suites(text: &mut String, record: &Record) {
    *text += "| suite | runnable | passed | failed |\n|---|--:|--:|---|\n";
    for (suite, judged) in record.suites() {
        let (runnable, passed) = counts(judged);
        let failed: Vec<String> = judged.failed().map(|case| format!("`{case}`")).collect();
        let _ = writeln!(text, "| {suite} | {runnable} | {passed} | {} |", failed.join(", "));
    }
}

fn skipped(text: &mut String, record: &Record) {
    for (suite, judged) in record.suites() {
        judged.skipped().for_each(|(why, cases)| reason(text, suite, why, cases));
    }
}

fn not_runnable(text: &mut String, record: &Record, wanted: impl Fn(&Suite, &str) -> bool) {
    for (suite, judged) in record.suites() {
        let those = judged.not_runnable().filter(|(why, _)| wanted(suite, why));
        those.for_each(|(why, cases)| reason(text, suite, why, cases));
    }
}

fn reason(text: &mut String, suite: &Suite, why: &str, cases: &BTreeSet<String>) {
    let cases: Vec<String> = cases.iter().map(|case| format!("`{case}`")).collect();
    let _ = writeln!(text, "- {suite}, {why}: {}", cases.join(", "));
}

fn counts(judged: &Judged) -> (usize, usize) {
    let passed = judged.passed().count();
    (passed + judged.missed().count(), passed)
}

fn totals(text: &mut String, record: &Record) {
    let mut sums: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for (suite, judged) in record.suites() {
        let (runnable, passed) = counts(judged);
        for name in [suite.application.as_str(), "~all"] {
            let sum = sums.entry(name).or_default();
            *sum = (sum.0 + 1, sum.1 + runnable, sum.2 + passed);
        }
    }
    *text += "\n| application | suites | runnable | passed | in 100 |\n|---|--:|--:|--:|--:|\n";
    for (name, (suites, runnable, passed)) in sums {
        let tenths = (passed * 1000).checked_div(runnable).unwrap_or(1000);
        let name = name.trim_start_matches('~');
        let _ =
            writeln!(text, "| {name} | {suites} | {runnable} | {passed} | {}.{} |", tenths / 10, tenths % 10);
    }
}
