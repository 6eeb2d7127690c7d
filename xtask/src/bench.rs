// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench`: measures against what is there without us, and keeps the table for the docs.
//!
//! Emulated and shared machines make absolute times worthless, so both sides are measured in the same run and what
//! counts is the ratio: over 1 where we are better.

use std::fs;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::packages;

mod boot;
mod disk;
mod machine;
mod net;
mod packing;
mod profile;
mod serve;
mod summary;
mod table;
mod vm;

pub use table::{Better, Report, Row};

/// A benchmark.
pub struct Benchmark {
    /// Its name on the command line and in the docs.
    pub name: &'static str,
    /// What it measures, in a few words.
    pub about: &'static str,
    /// Measures all, or only the named rows. What it prints on the way goes to standard error; standard output is for the result.
    pub measure: fn(&Context, &[String]) -> Result<Report, Failure>,
}

/// Every benchmark.
const BENCHMARKS: &[Benchmark] = &[boot::BOOT, serve::SERVE, disk::DISK, net::NET, profile::PROFILE, vm::VM];

/// Measure against what is there without us
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The benchmark; an unknown name lists them, none runs them all and keeps the page of all as well
    name: Option<String>,
    /// Print one JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    /// Only these rows, if the benchmark has a choice; the page in docs stays as it is
    rows: Vec<String>,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let benchmark = options.name.as_ref().map(|name| find(BENCHMARKS, name)).transpose()?;
    packages::ensure(context, packages::MEASURED_OTP)?;
    let Some(benchmark) = benchmark else { return run_all(context, options) };
    let report = (benchmark.measure)(context, &options.rows)?;
    if options.rows.is_empty() {
        keep(context, benchmark.name, &report.markdown(benchmark.name))?;
    }
    show(&report, options);
    Ok(())
}

/// Runs all, one after the other, on one machine in one state.
fn run_all(context: &Context, options: &Options) -> Result<(), Failure> {
    let mut reports = Vec::new();
    for (index, benchmark) in BENCHMARKS.iter().enumerate() {
        eprintln!("benchmark {} of {}: {}, {}", index + 1, BENCHMARKS.len(), benchmark.name, benchmark.about);
        let report = (benchmark.measure)(context, &[])?;
        keep(context, benchmark.name, &report.markdown(benchmark.name))?;
        show(&report, options);
        reports.push((benchmark, report));
    }
    keep(context, summary::NAME, &summary::page(&reports))
}

/// Writes a page of the docs.
fn keep(context: &Context, name: &str, page: &str) -> Result<(), Failure> {
    let folder = context.root().join("docs/bench");
    let path = folder.join(format!("{name}.md"));
    let write = || {
        fs::create_dir_all(&folder)?;
        fs::write(&path, page)
    };
    write().during(|| format!("cannot write {}", context.shown(&path)))?;
    eprintln!("kept in {}", context.shown(&path));
    Ok(())
}

fn show(report: &Report, options: &Options) {
    print!("{}", if options.json { report.json_lines() } else { report.text() });
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn find<'b>(benchmarks: &'b [Benchmark], name: &str) -> Result<&'b Benchmark, Failure> {
    benchmarks.iter().find(|benchmark| benchmark.name == name).ok_or_else(|| {
        let known: Vec<String> =
            benchmarks.iter().map(|benchmark| format!("{}: {}", benchmark.name, benchmark.about)).collect();
        Failure::new(format!("there is no benchmark {name}"), format!("known are:\n{}", known.join("\n")))
    })
}

#[cfg(test)]
mod tests {
    use super::{Benchmark, Report, find, median};

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let measure = |_: &_, _: &[_]| Ok(Report::new("", ""));
        let benchmarks = [
            Benchmark { name: "boot", about: "from the first instruction to ready", measure },
            Benchmark { name: "send", about: "messages", measure },
        ];
        assert_eq!(find(&benchmarks, "send").unwrap_or_else(|failure| panic!("{failure}")).about, "messages");
        let failure = find(&benchmarks, "sned").map(|_| ()).unwrap_err().to_string();
        assert!(failure.contains("there is no benchmark sned"), "{failure}");
        assert!(failure.contains("boot: from the first instruction to ready\n  send: messages"), "{failure}");
    }
}
