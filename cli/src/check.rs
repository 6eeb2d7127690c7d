// SPDX-License-Identifier: Apache-2.0
//! `voxoz check`: what an application needs and a guest lacks, told before anything boots.
//!
//! The same files are looked at that `voxoz build` would put into an image. What a module calls is in its import table and what it is made
//! of shows when it is loaded, so nothing is run. What is called by names that are made up at run time cannot be seen.

mod finding;
mod modules;

use std::collections::BTreeMap;

use serde_json::json;

use crate::build::layout::Progress;
use crate::build::options::Options as BuildOptions;
use crate::build::otp::release_of;
use crate::build::plan::Origin;
use crate::build::{self};
use crate::failure::{Code, Failure};
use crate::{out, project};
use finding::{Finding, Severity};

/// Tell what an application needs and a guest lacks
///
/// PATH is anything that `voxoz build` takes. Listed are instructions and built-in functions that are not there, libraries of NIFs, drivers and
/// programs, calls that start programs, and modules that are called and are not in the image. Exit code 1 says that something is lacking; what is
/// only worth a look is listed and is no failure.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    build: BuildOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Carries out the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let resolved = project::resolve(&options.build)?;
    let (plan, layout) = build::read(&resolved, build::layout::Natives::LeftOut, Progress::Hidden)?;
    let mut findings = modules::look(&plan, &layout)?;
    for (path, native) in &layout.natives {
        let owner = plan.applications.iter().find(|application| path.starts_with(&application.folder));
        if owner.is_some_and(|application| application.origin == Origin::User) {
            findings.push(Finding {
                severity: Severity::Lacking,
                what: format!("{}: {native}", path.display()),
                who: owner.map(|application| application.name.clone()).into_iter().collect(),
            });
        }
    }
    findings.sort();
    if options.json {
        let list: Vec<_> = findings.iter().map(Finding::json).collect();
        out::line(format_args!(
            "{}",
            json!({
                "name": plan.name,
                "version": plan.version,
                "erts": plan.erts,
                "otp": release_of(&plan.erts),
                "modules": layout.modules(),
                "findings": list,
            })
        ))?;
    } else {
        let version = plan.version.as_deref().map_or_else(String::new, |version| format!(" {version}"));
        let otp = release_of(&plan.erts).unwrap_or_default();
        out::line(format_args!("{}{version}, OTP {otp}, {} modules", plan.name, layout.modules()))?;
        for finding in &findings {
            out::line(format_args!("{}", finding.text()))?;
        }
    }
    let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
    for finding in &findings {
        *counts.entry(finding.severity).or_default() += 1;
    }
    match counts.get(&Severity::Lacking) {
        None => Ok(()),
        Some(count) => {
            let what = format!("a guest lacks what {} needs", plan.name);
            let why = format!("{count} findings are listed above");
            Err(Failure::new(
                Code::Failed,
                what,
                why,
                "what calls them fails then with `undef`; all else runs",
            ))
        }
    }
}
