// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask bench`: measures against what is there without us, and keeps the table for the docs.
//!
//! Emulated and shared machines make absolute times worthless, so both sides are measured in the same run and what
//! counts is the ratio: over 1 where we are better.

use std::fs;

use crate::context::Context;
use crate::failure::{During, Failure};

mod boot;
mod table;

pub use table::{Better, Report, Row};

/// A benchmark.
pub struct Benchmark {
    /// Its name on the command line and in the docs.
    pub name: &'static str,
    /// What it measures, in a few words.
    pub about: &'static str,
    /// Measures. What it prints on the way goes to standard error; standard output is for the result.
    pub measure: fn(&Context) -> Result<Report, Failure>,
}

/// Every benchmark.
const BENCHMARKS: &[Benchmark] = &[boot::BOOT];

/// Measure against what is there without us
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The benchmark; an unknown name lists them
    name: String,
    /// Print one JSON object a line instead of a table
    #[arg(long)]
    json: bool,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let benchmark = find(BENCHMARKS, &options.name)?;
    let report = (benchmark.measure)(context)?;
    let path = context.root().join("docs/bench").join(format!("{}.md", benchmark.name));
    let write = || {
        fs::create_dir_all(context.root().join("docs/bench"))?;
        fs::write(&path, report.markdown(benchmark.name))
    };
    write().during(|| format!("cannot write {}", context.shown(&path)))?;
    if options.json {
        print!("{}", report.json_lines());
    } else {
        print!("{}", report.text());
        println!("kept in {}", context.shown(&path));
    }
    Ok(())
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
    use super::{Benchmark, Report, find};

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let measure = |_: &_| Ok(Report::new("", ""));
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
