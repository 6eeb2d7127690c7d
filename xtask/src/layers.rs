// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask layers`: which room may use which, and the house rules that a machine can check.
//!
//! The rooms' arrows and the homes of third-party crates come from cargo's own metadata, the rest from reading the
//! files that git knows or would take. All violations are reported at once.

use crate::context::Context;
use crate::failure::Failure;

mod files;
mod house;
mod rooms;
mod workspace;

/// Carries out the command.
pub fn run(context: &Context) -> Result<(), Failure> {
    let members = workspace::members(context)?;
    let files = files::tracked(context)?;
    let mut violations = rooms::violations(&members);
    violations.extend(house::violations(&files));
    violations.extend(house::root_violations(&members, &files));
    if violations.is_empty() {
        println!("{} crates and {} files keep the rules", members.len(), files.len());
        return Ok(());
    }
    violations.sort();
    let count = violations.len();
    Err(Failure::new(format!("{count} violations of the house rules"), violations.join("\n"))
        .help("the rules are in CONTRIBUTING.md; the tables behind them in xtask/src/layers"))
}
