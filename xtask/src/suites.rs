// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask suites`: runs OTP's own test suites on stock and here, and keeps the table of what passes.
//!
//! The suites are in OTP's source tree, not in Debian's packages and not ours to commit; `--sources` says where the tree is. `tests/suites` has the small runner
//! in Erlang and the list of suites. What stock does under the same runner is the measure: a case that stock does not pass needs something that the
//! runner does not have, and is listed, not counted. Stock's results are kept until the suite changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

mod emulator;
mod list;
mod page;
mod record;
mod results;
mod way;
mod workshop;

use emulator::Side;
use list::{List, Suite};
use record::Record;
use way::Way;
use workshop::Workshop;

/// Run OTP's own test suites on stock and here
#[derive(Debug, clap::Args)]
pub struct Options {
    /// OTP's source tree
    #[arg(long, value_name = "DIR")]
    sources: PathBuf,
    /// How long a case may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    limit: u32,
    /// Whose sockets and files suites have here
    #[arg(long, default_value = "host")]
    way: Way,
    /// Take the program `voxoz` as it is, without building it
    #[arg(long)]
    built: bool,
    /// Run stock's side again, whatever is kept
    #[arg(long)]
    stock_again: bool,
    /// Run only the cases that are recorded as failed, and record those that pass now
    #[arg(long)]
    failed: bool,
    /// Keep the table though cases that passed do not pass any more
    #[arg(long)]
    accept: bool,
    /// Suites (`lists_SUITE`), applications (`stdlib`), or one case (`lists_SUITE:append_1`), which does not change the table; all if none is named
    names: Vec<String>,
}

/// Carries out the command.
pub fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let list = List::read(context)?;
    let way = options.way;
    let mut record = Record::read(context, &list, way)?;
    let wanted = wanted(&list, way, &options.names)?;
    if !options.built {
        process::run(context.cargo().args(["build", "--release", "--bin", "voxoz"]))?;
    }
    let workshop = Workshop::prepare(context, &options.sources, &wanted)?;
    let limit = Duration::from_secs(options.limit.into());
    let mut lost = Vec::new();
    for (suite, mut only) in wanted {
        if options.failed {
            only = record.failed(suite);
            if only.is_empty() {
                continue;
            }
        }
        let stock = workshop.stock(suite, limit, options.stock_again)?;
        let here = workshop.run(suite, Side::Here(way), limit, &only)?;
        if options.failed {
            record = Record::read(context, &list, way)?;
            record.mend(suite, &here);
            record.write(context)?;
            page::write(context, &list)?;
        }
        let judged = record::judge(&stock, &here, &list, suite, way);
        if !only.is_empty() {
            for case in &only {
                println!("{suite}:{case}: {}", here.describe(case));
            }
            continue;
        }
        println!("{suite}: {}", judged.summary());
        for (case, why) in here.failed() {
            if stock.has_passed(case) {
                println!("    {case}: {why}");
            }
        }
        lost.extend(record.lost(suite, &judged).into_iter().map(|case| format!("{suite}:{case}")));
        if record.lost(suite, &judged).is_empty() || options.accept {
            // Another run may have kept its suites meanwhile.
            record = Record::read(context, &list, way)?;
            record.replace(suite, judged);
            record.write(context)?;
            page::write(context, &list)?;
        }
    }
    if lost.is_empty() || options.accept {
        return Ok(());
    }
    Err(Failure::new("cases that passed do not pass any more", lost.join("\n")))
}

/// The suites that are named, each with the cases that are.
fn wanted<'l>(list: &'l List, way: Way, names: &[String]) -> Result<Vec<(&'l Suite, Vec<String>)>, Failure> {
    if names.is_empty() {
        return Ok(list.suites(way).map(|suite| (suite, Vec::new())).collect());
    }
    let mut wanted: BTreeMap<&Suite, Vec<String>> = BTreeMap::new();
    for name in names {
        let (of, case) = name.split_once(':').map_or((name.as_str(), None), |(of, case)| (of, Some(case)));
        let mut found = list.suites(way).filter(|suite| suite.is_called(of)).peekable();
        if found.peek().is_none() {
            return Err(Failure::new(
                format!("there is no suite {of} in this way"),
                "the list is tests/suites/list",
            ));
        }
        for suite in found {
            wanted.entry(suite).or_default().extend(case.map(str::to_owned));
        }
    }
    Ok(wanted.into_iter().collect())
}

/// Reads a file that need not be there.
fn read_if_there(path: &Path) -> Result<String, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error).during(|| format!("cannot read {}", path.display())),
    }
}
