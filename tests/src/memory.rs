// SPDX-License-Identifier: Apache-2.0
//! Domains of all sizes use their memory to the last frames; memory that others hold is not taken from them.

use std::time::Duration;

use lab::Reason;
use libtest_mimic::Failed;

use crate::node::Node;
use crate::trial::{Run, finish};
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

/// How large the domain is whose memory a node uses.
const PLENTY_MIB: u32 = 4096;
/// How much of that the node has to get: the rest is the kernel's and its image's, page tables, and Xen's list of frames.
const PLENTY_LEAST_MIB: u32 = 3968;
const PLENTY_LIMIT: Duration = Duration::from_secs(600);

/// A node takes all of 4 GiB for binaries, says so itself, and ends with a report when it asks for more.
pub fn otp_fills_4_gib(world: &World) -> Result<(), Failed> {
    let lab = world.machine(Kind::LargeWithoutEntropy)?;
    let node = Node::new("plenty", "-noshell -s plenty").module("plenty").memory_mib(PLENTY_MIB);
    let outcome = finish(&node.extra("-env ERL_CRASH_DUMP_BYTES 20000").start(&lab)?, PLENTY_LIMIT)?;
    let held = outcome.after("holds ")?;
    outcome.must_contain("memory tells the truth\n")?;
    outcome.must_contain("and had again\n")?;
    outcome.must_contain("\nSlogan: eheap_alloc: Cannot allocate ")?;
    outcome.must_contain("-----END ERL_CRASH_DUMP-----\n")?;
    outcome.must_contain("crashed, with status 1\n")?;
    outcome.must_end(Reason::Crash)?;
    let mib = held.split(' ').next().and_then(|mib| mib.parse::<u32>().ok());
    match mib {
        Some(mib) if mib >= PLENTY_LEAST_MIB => Ok(()),
        _ => Err(format!("the node holds {held:?}").into()),
    }
}
