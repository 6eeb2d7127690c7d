// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask ci`: all that a change has to pass, step by step, up to the first step that fails.

use std::time::{Duration, Instant};

use crate::context::Context;
use crate::failure::Failure;
use crate::{build, fuzz, layers, process, tail_calls, test};

/// How long each fuzz target runs: long enough to find a target that is broken, and one bug in a hundred.
const FUZZ_SECONDS: u32 = 5;

/// A step and its name.
type Step = (&'static str, fn(&Context) -> Result<(), Failure>);

/// Quick ones first.
const STEPS: &[Step] = &[
    ("format", format),
    ("layers", layers::run),
    ("clippy of the host's crates", clippy_hosted),
    ("clippy of the kernel's crates", clippy_bare_metal),
    ("docs", docs),
    ("machine code of the emulator", tail_calls::run),
    ("tests on Xen, hosted ones and fuzz targets beside them", |context| {
        test::beside_xen(context, &[], || {
            test::hosted(context, &[])?;
            fuzz::fuzz(context, &[], FUZZ_SECONDS)
        })
    }),
];

/// Carries out the command.
pub fn run(context: &Context) -> Result<(), Failure> {
    let start = Instant::now();
    perform(context, STEPS)?;
    println!("ci: all {} steps passed in {}", STEPS.len(), seconds(start.elapsed()));
    Ok(())
}

fn perform(context: &Context, steps: &[Step]) -> Result<(), Failure> {
    for (index, (name, step)) in steps.iter().enumerate() {
        let number = format!("{}/{}", index + 1, steps.len());
        println!("ci: {number} {name}");
        let start = Instant::now();
        let result = step(context);
        let time = seconds(start.elapsed());
        if let Err(failure) = result {
            return Err(Failure::new(format!("ci: {number} {name} failed after {time}"), failure));
        }
        println!("ci: {number} {name} passed in {time}");
    }
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn format(context: &Context) -> Result<(), Failure> {
    process::run(context.cargo().args(["fmt", "--all", "--check"]))?;
    process::run(fuzz::cargo(context, "fmt").arg("--check"))
}

fn clippy_hosted(context: &Context) -> Result<(), Failure> {
    let mut cargo = context.cargo();
    cargo.arg("clippy").args(context.hosted_crates()).args(["--all-targets", "--", "--deny", "warnings"]);
    process::run(&mut cargo)
}

fn clippy_bare_metal(context: &Context) -> Result<(), Failure> {
    let mut cargo = build::bare_metal_cargo(context, "clippy", build::PROGRAMS);
    process::run(cargo.args(["--release", "--", "--deny", "warnings"]))
}

fn docs(context: &Context) -> Result<(), Failure> {
    let mut cargo = context.cargo();
    cargo.args(["doc", "--no-deps"]).args(context.hosted_crates());
    process::run(cargo.env("CARGO_ENCODED_RUSTDOCFLAGS", "-Dwarnings"))
}

#[cfg(test)]
mod tests {
    use lab::packages::Install;

    use super::{Step, perform};
    use crate::context::Context;
    use crate::failure::Failure;

    #[test]
    fn the_first_failure_ends_the_run_and_is_named() {
        let context = Context::new(Install::Forbidden);
        let steps: &[Step] = &[
            ("good", |_| Ok(())),
            ("bad", |_| Err(Failure::new("cannot do it", "of a reason"))),
            ("never", |_| panic!("a step after the failure")),
        ];
        assert!(perform(&context, &steps[..1]).is_ok());
        let failure = perform(&context, steps).unwrap_err().to_string();
        assert!(failure.starts_with("error: ci: 2/3 bad failed after "), "{failure}");
        assert!(failure.contains("error: cannot do it\n    of a reason"), "{failure}");
    }
}
