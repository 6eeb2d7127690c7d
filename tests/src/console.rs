// SPDX-License-Identifier: Apache-2.0
//! The console carries bytes as they are, both ways.

use std::time::Duration;

use lab::Reason;
use libtest_mimic::Failed;

use crate::trial::{LIMIT, Run, finish};
use crate::world::World;

const BYTES: usize = 1 << 20;
const ECHO_LIMIT: Duration = Duration::from_secs(240);

/// A megabyte of all byte values goes in and comes back the same.
pub fn echo(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let guest = lab.create(&Run::new("echo").extra(format!("bytes={BYTES}")).spec())?;
    let mut console = guest.console();
    console.wait_line("ready to echo", LIMIT)?;
    let sent: Vec<u8> =
        (0..BYTES as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    guest.send(&sent, ECHO_LIMIT)?;
    let echoed = console.wait_bytes(BYTES, ECHO_LIMIT)?;
    if let Some(place) = sent.iter().zip(&echoed).position(|(sent, echoed)| sent != echoed) {
        return Err(format!("byte {place} of {BYTES} came back as another").into());
    }
    console.wait_line(&format!("echoed {BYTES} bytes"), LIMIT)?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}
