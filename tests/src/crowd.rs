// SPDX-License-Identifier: Apache-2.0
//! Many guests at once.

use std::time::Duration;

use lab::Reason;
use libtest_mimic::Failed;

use crate::trial::{LIMIT, Run, finish};
use crate::world::World;

const GUESTS: usize = 40;
const CROWD_LIMIT: Duration = Duration::from_secs(400);

/// Forty guests of 8 MiB live side by side, and all power off when told to.
pub fn forty(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let mut guests = Vec::new();
    for number in 0..GUESTS {
        let mut spec = Run::new("power").memory_mib(8).spec();
        spec.name = format!("crowd-{number}");
        guests.push(lab.create(&spec)?);
    }
    for guest in &guests {
        guest.console().wait_line("idle", LIMIT)?;
    }
    let alive = lab.list()?.iter().filter(|domain| domain.name.starts_with("crowd-")).count();
    if alive != GUESTS {
        return Err(format!("{alive} of {GUESTS} guests are alive").into());
    }
    for guest in &guests {
        guest.shutdown()?;
    }
    for guest in &guests {
        finish(guest, CROWD_LIMIT)?.must_end(Reason::Poweroff)?;
    }
    Ok(())
}
