// SPDX-License-Identifier: Apache-2.0
//! What the toolstack asks for is done, and seen by the toolstack as done.

use std::time::Duration;

use lab::{Guest, Lab, Reason};
use libtest_mimic::Failed;

use crate::trial::{LIMIT, Run, finish};
use crate::world::World;

/// A guest that has said that it idles.
fn idle(lab: &Lab) -> Result<Guest, Failed> {
    let guest = lab.create(&Run::new("power").spec())?;
    guest.console().wait_line("idle", LIMIT)?;
    Ok(guest)
}

pub fn poweroff(world: &World) -> Result<(), Failed> {
    let guest = idle(&*world.lab()?)?;
    guest.shutdown()?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("asked for poweroff")?;
    outcome.must_end(Reason::Poweroff)
}

pub fn reboot(world: &World) -> Result<(), Failed> {
    let guest = idle(&*world.lab()?)?;
    guest.reboot()?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("asked for reboot")?;
    outcome.must_end(Reason::Reboot)
}

/// `xl` has no command for it; other toolstacks write the word.
pub fn halt(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let guest = idle(&lab)?;
    ask(&lab, &guest, "halt")?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("asked for halt")?;
    outcome.must_end(Reason::Poweroff)
}

/// The word stays where it is, which the toolstack takes for a refusal, and the guest goes on.
pub fn suspend(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let guest = idle(&lab)?;
    ask(&lab, &guest, "suspend")?;
    guest.console().wait_line("asked for suspend", LIMIT)?;
    let node = format!("xenstore-read /local/domain/{}/control/shutdown", guest.domid());
    let left = lab.dom0(&node, LIMIT)?;
    if left.stdout != b"suspend\n" {
        return Err(format!("the request was taken: {left:?}").into());
    }
    // xl takes the word back before it asks for anything else.
    ask(&lab, &guest, "")?;
    std::thread::sleep(Duration::from_millis(500));
    guest.shutdown()?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

fn ask(lab: &Lab, guest: &Guest, word: &str) -> Result<(), Failed> {
    let script = format!("xenstore-write /local/domain/{}/control/shutdown '{word}'", guest.domid());
    match lab.dom0(&script, LIMIT)? {
        output if output.status == 0 => Ok(()),
        output => Err(format!("{script}: {output:?}").into()),
    }
}
