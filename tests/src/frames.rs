// SPDX-License-Identifier: Apache-2.0
//! The frames of a vif as they are: an Erlang program is a host by itself, and gives the vif back.

use std::net::Ipv4Addr;

use lab::Reason;
use libtest_mimic::Failed;

use crate::network::{ask, stage_load, vifs, wait_for};
use crate::node::Node;
use crate::trial::{LIMIT, finish};
use crate::world::World;

pub fn go_to_a_process(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let addresses = [Ipv4Addr::new(10, 0, 2, 168), Ipv4Addr::new(10, 0, 2, 169)];
    let node = Node::new("frames", "-noshell -s frames").module("frames").line(vifs(&addresses)?);
    let guest = node.start(lab)?;
    wait_for(&guest, "frames of eth1")?;
    let load = stage_load(lab)?;
    let address = addresses[1];
    ask(lab, &format!("ping -c 3 -W 5 {address}"))?;
    // The longest that a bridge carries in one piece.
    ask(lab, &format!("ping -c 3 -W 5 -s 1472 {address}"))?;
    let echoed = ask(lab, &format!("{load} datagrams {address} 2 8"))?;
    if !echoed.contains(" lost 0 ") {
        return Err(format!("datagrams at a process: {echoed:?}").into());
    }
    // The other vif is the stack's as before.
    ask(lab, &format!("ping -c 1 -W 5 {}", addresses[0]))?;
    ask(lab, &format!("bash -c 'printf stop > /dev/udp/{address}/9'"))?;
    wait_for(&guest, "given back")?;
    ask(lab, &format!("ping -c 3 -W 5 {address}"))?;
    guest.shutdown()?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}
