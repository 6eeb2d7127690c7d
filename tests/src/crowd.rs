// SPDX-License-Identifier: Apache-2.0
//! Many guests at once.

use std::time::Duration;

use lab::Reason;
use libtest_mimic::Failed;

use crate::trial::{LIMIT, Run, amount, finish};
use crate::world::World;

/// How many: each takes seconds of the toolstack's time, which is emulated.
const GUESTS: (usize, usize) = (12, 40);
const CROWD_LIMIT: Duration = Duration::from_secs(400);

/// Guests of 8 MiB live side by side, and all power off when told to.
pub fn of_small_guests(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let count = amount(GUESTS.0, GUESTS.1);
    let mut guests = Vec::new();
    for number in 0..count {
        let mut spec = Run::new("power").memory_mib(8).spec();
        spec.name = format!("crowd-{number}");
        guests.push(lab.create(&spec)?);
    }
    for guest in &guests {
        guest.console().wait_line("idle", LIMIT)?;
    }
    let alive = lab.list()?.iter().filter(|domain| domain.name.starts_with("crowd-")).count();
    if alive != count {
        return Err(format!("{alive} of {count} guests are alive").into());
    }
    for guest in &guests {
        guest.shutdown()?;
    }
    for guest in &guests {
        finish(guest, CROWD_LIMIT)?.must_end(Reason::Poweroff)?;
    }
    Ok(())
}
