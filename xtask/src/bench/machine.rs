// SPDX-License-Identifier: Apache-2.0
//! The emulated machine on which guests are measured: the same for all benchmarks and for both sides.

use lab::{Lab, Options, Processor};

use crate::context::Context;
use crate::failure::{During, Failure};

/// How it is, unless a benchmark asks for more.
pub fn options(context: &Context) -> Options {
    Options {
        install: context.install(),
        cache: context.target().join("lab"),
        processor: Processor::WithoutAvx,
        ..Options::default()
    }
}

/// Boots it.
///
/// # Errors
/// As [`Lab::boot`].
pub fn boot(options: &Options) -> Result<Lab, Failure> {
    Lab::boot(options).during(|| "cannot boot the bench".to_owned())
}
