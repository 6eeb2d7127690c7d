// SPDX-License-Identifier: Apache-2.0
//! The page `docs/suites.md`, made of the record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::suites::list::{List, Suite};
use crate::suites::record::{Judged, Record};

const INTRODUCTION: &str = "# OTP's own test suites

How many cases of OTP 25's suites pass. `cargo xtask suites --sources DIR` runs them from OTP's source tree and keeps this page; each suite runs in
an emulator of its own, on stock and here, under a small runner. Runnable is what stock passes under it: there is no second node, no compiled C and no property testing tool.
The record behind this page is [suites.csv](suites.csv); a case that passes there has to pass again.
";

/// Writes the page.
pub fn write(context: &Context, list: &List, record: &Record) -> Result<(), Failure> {
    let path = context.root().join("docs/suites.md");
    fs::write(&path, text(list, record)).during(|| format!("cannot write {}", context.shown(&path)))
}

fn text(list: &List, record: &Record) -> String {
    let mut text = INTRODUCTION.to_owned();
    totals(&mut text, record);
    text += "\n## Suites\n\n| suite | runnable | passed | failed |\n|---|--:|--:|---|\n";
    for (suite, judged) in record.suites() {
        let (runnable, passed) = counts(judged);
        let failed: Vec<String> = judged.failed().map(|case| format!("`{case}`")).collect();
        let _ = writeln!(text, "| {suite} | {runnable} | {passed} | {} |", failed.join(", "));
    }
    text += "\n## Skipped\n\nStock passes these; here the suite skips them itself.\n\n";
    for (suite, judged) in record.suites() {
        judged.skipped().for_each(|(why, cases)| reason(&mut text, suite, why, cases));
    }
    text += "\n## Not runnable\n\n";
    for (suite, judged) in record.suites() {
        judged.not_runnable().for_each(|(why, cases)| reason(&mut text, suite, why, cases));
    }
    text += "\n## Left out\n\n";
    for (suite, why) in list.left_out() {
        let _ = writeln!(text, "- {suite}: {why}");
    }
    text
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
