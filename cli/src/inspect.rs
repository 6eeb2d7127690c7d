// SPDX-License-Identifier: Apache-2.0
//! `voxoz inspect`: what is in a kernel file.

use std::path::PathBuf;

use crate::failure::{Code, Failure};
use crate::{file, out};

mod json;
mod report;
mod text;
mod xen_notes;

use report::Report;

/// Show what is in a kernel file: segments, Xen's notes, the image
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The kernel
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Carries out the command. Damage to the image is shown with the rest and is an error at the end.
pub fn run(options: &Options) -> Result<(), Failure> {
    let bytes = file::read(&options.file)?;
    let report = Report::new(&bytes).map_err(|why| file::not_a_kernel(&options.file, why))?;
    if options.json {
        out::line(format_args!("{}", json::render(&report)))?;
    } else {
        out::print(format_args!("{}", text::render(&report)))?;
    }
    match report.damage() {
        Some(why) => {
            let what = format!("the image in {} is damaged", options.file.display());
            Err(Failure::new(Code::Build, what, why, "build or pack the kernel again"))
        }
        None => Ok(()),
    }
}
