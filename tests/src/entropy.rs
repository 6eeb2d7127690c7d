// SPDX-License-Identifier: Apache-2.0
//! Guests draw different random bytes, with and without a generator in the processor, and say which.

use lab::Lab;
use libtest_mimic::Failed;

use crate::trial::Run;
use crate::world::{Kind, World};

pub fn with_hardware(world: &World) -> Result<(), Failed> {
    draws_differ(&*world.lab()?, "RDRAND and timing jitter")
}

pub fn without_hardware(world: &World) -> Result<(), Failed> {
    let sources = "timing jitter only: the processor has neither RDSEED nor RDRAND";
    draws_differ(&*world.machine(Kind::LargeWithoutEntropy)?, sources)
}

fn draws_differ(lab: &Lab, sources: &str) -> Result<(), Failed> {
    let mut drawn = Vec::new();
    for _ in 0..3 {
        let outcome = Run::new("entropy").to_success(lab)?;
        outcome.must_contain(&format!("sources: {sources}\n"))?;
        let bytes = outcome.after("random ")?.to_owned();
        if drawn.contains(&bytes) {
            return Err(format!("two guests drew {bytes}").into());
        }
        drawn.push(bytes);
    }
    Ok(())
}
