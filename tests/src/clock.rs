// SPDX-License-Identifier: Apache-2.0
//! Time: deadlines come in order and soon, the wall clock is the host's, and waiting costs nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libtest_mimic::Failed;

use crate::trial::{LIMIT, Run, finish};
use crate::world::World;

/// No measure of speed: a deadline that is later than this on an emulated machine was forgotten and found by chance.
const LATE_US: u64 = 1_000_000;
const WALL_SECONDS: u64 = 120;

pub fn timers(world: &World) -> Result<(), Failed> {
    let outcome = Run::new("timers").to_success(&*world.lab()?)?;
    let most: u64 =
        outcome.after("lateness in us: median ")?.split("most ").nth(1).unwrap_or_default().parse()?;
    if most > LATE_US {
        return Err(format!("a deadline was {most} us late").into());
    }
    let wall: u64 = outcome.after("wall clock: ")?.parse()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    if wall.abs_diff(now) > WALL_SECONDS {
        return Err(format!("the guest's wall clock says {wall}, the host's {now}").into());
    }
    Ok(())
}

/// `xl list` counts a domain's processor time: an idle guest's does not grow.
pub fn idle(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let guest = lab.create(&Run::new("power").spec())?;
    guest.console().wait_line("idle", LIMIT)?;
    std::thread::sleep(Duration::from_secs(1));
    let seconds = || -> Result<f64, Failed> {
        let domain = lab.list()?.into_iter().find(|domain| domain.domid == guest.domid());
        Ok(domain.ok_or("xl list does not show the guest")?.cpu_seconds)
    };
    let before = seconds()?;
    std::thread::sleep(Duration::from_secs(10));
    let grown = seconds()? - before;
    guest.shutdown()?;
    finish(&guest, LIMIT)?;
    // The resolution of xl list is a tenth of a second.
    if grown > 0.1 {
        Err(format!("ten idle seconds took {grown} s of processor time").into())
    } else {
        Ok(())
    }
}
