// SPDX-License-Identifier: Apache-2.0
//! Domains of all sizes use their memory to the last frames; memory that others hold is not taken from them.

use std::time::Duration;

use libtest_mimic::Failed;

use crate::trial::Run;
use crate::world::{Kind, World};

pub fn boots_with_8_mib(world: &World) -> Result<(), Failed> {
    use_all(world, Kind::Usual, 8)
}

pub fn boots_with_64_mib(world: &World) -> Result<(), Failed> {
    use_all(world, Kind::Usual, 64)
}

pub fn boots_with_1_gib(world: &World) -> Result<(), Failed> {
    use_all(world, Kind::Usual, 1024)
}

pub fn boots_with_8_gib(world: &World) -> Result<(), Failed> {
    use_all(world, Kind::LargeWithoutEntropy, 8192)
}

/// The program commits all memory, writes to it and reads it back, and gives it back.
fn use_all(world: &World, kind: Kind, memory_mib: u32) -> Result<(), Failed> {
    let lab = world.machine(kind)?;
    let limit = Duration::from_secs(240) + Duration::from_millis(100) * memory_mib;
    let outcome = Run::new("memory").memory_mib(memory_mib).limit(limit).to_success(&lab)?;
    outcome.must_contain(&format!(", {} KiB, ready in ", memory_mib * 1024))
}

pub fn intrinsics(world: &World) -> Result<(), Failed> {
    Run::new("intrinsics").to_success(&*world.lab()?).map(|_| ())
}

pub fn grants(world: &World) -> Result<(), Failed> {
    let outcome = Run::new("grants").to_success(&*world.lab()?)?;
    outcome.must_contain("1500 of 2048 grant entries used")
}
