// SPDX-License-Identifier: Apache-2.0
//! The handshake of front and back end over the real xenstore; dom0's shell plays the back end.

use lab::{Guest, Lab, Reason};
use libtest_mimic::Failed;

use crate::trial::{LIMIT, Run, finish};
use crate::world::World;

/// States of `public/io/xenbus.h`.
const INIT_WAIT: u32 = 2;
const CONNECTED: u32 = 4;
const CLOSING: u32 = 5;
const CLOSED: u32 = 6;

struct BackEnd<'a> {
    lab: &'a Lab,
    domid: u32,
}

impl BackEnd<'_> {
    fn script(&self, script: &str) -> Result<String, Failed> {
        let variables = format!(
            "front=/local/domain/{0}/device/probe/0; back=/local/domain/0/backend/probe/{0}/0; id={0}",
            self.domid
        );
        let output = self.lab.dom0(&format!("{variables}\n{script}"), LIMIT)?;
        if output.status != 0 {
            return Err(format!("{script}: {output:?}").into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Adds the device as libxl does: permissions first, which new nodes inherit from their parents, then all nodes at once.
    fn plug(&self) -> Result<(), Failed> {
        self.script(
            "xenstore-write ${front%/0} '' ${back%/0} ''
             xenstore-chmod ${front%/0} n$id r0
             xenstore-chmod ${back%/0} n0 r$id
             xenstore-write \\
                 $back/frontend $front $back/frontend-id $id $back/state 1 $back/feature 7 $back/greeting hello \\
                 $front/backend-id 0 $front/backend $back $front/state 1",
        )?;
        Ok(())
    }

    fn switch(&self, state: u32) -> Result<(), Failed> {
        self.script(&format!("xenstore-write $back/state {state}")).map(|_| ())
    }

    fn front_node(&self, node: &str) -> Result<String, Failed> {
        self.script(&format!("xenstore-read $front/{node}"))
    }
}

pub fn goes_and_returns(world: &World) -> Result<(), Failed> {
    let lab = world.lab()?;
    let guest: Guest = lab.create(&Run::new("xenbus").spec())?;
    let mut console = guest.console();
    console.wait_line("looking for devices", LIMIT)?;
    let back = BackEnd { lab: &lab, domid: guest.domid() };
    back.plug()?;
    console.wait_line("probe/0 has arrived", LIMIT)?;
    for round in 0..2 {
        back.switch(INIT_WAIT)?;
        console.wait_line("offer to a back end with feature 7", LIMIT)?;
        console.wait_line("phase Offered", LIMIT)?;
        let (ring, state) = (back.front_node("ring-ref")?, back.front_node("state")?);
        if (ring.as_str(), state.as_str()) != ("8", "3") {
            return Err(format!("round {round}: the front end shows ring-ref {ring}, state {state}").into());
        }
        back.switch(CONNECTED)?;
        console.wait_line("connected to hello", LIMIT)?;
        console.wait_line("phase Connected", LIMIT)?;
        back.switch(CLOSING)?;
        console.wait_line("disconnected", LIMIT)?;
        back.switch(CLOSED)?;
    }
    back.script("xenstore-rm $front")?;
    console.wait_line("probe/0 has left", LIMIT)?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain("test xenbus: ok")?;
    outcome.must_end(Reason::Poweroff)
}
