// SPDX-License-Identifier: Apache-2.0
//! Many bytes through connections of which one end is slow, gone, or half closed, or loses its back end meanwhile: what comes is what was sent.

use std::net::Ipv4Addr;

use lab::{Guest, Lab, Reason, network};
use libtest_mimic::Failed;

use crate::network::{ask, serve, stage_load, wait_for};
use crate::node::Node;
use crate::trial::{LIMIT, amount, finish};
use crate::world::World;

/// An address of a client that goes, which is one of no vif.
const CLIENT: &str = "10.0.2.198";

fn node(name: &'static str, address: Ipv4Addr) -> Result<Node, Failed> {
    let vif = format!("vif = [\"bridge={},mac={}\"]", network::BRIDGE, network::mac(address)?);
    Ok(Node::new(name, "-noshell -s streams").module("streams").memory_mib(96).line(vif))
}

fn stop(lab: &Lab, guest: &Guest, address: Ipv4Addr) -> Result<(), Failed> {
    ask(lab, &format!("nc {address} 84 < /dev/null"))?;
    finish(guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// Both ways at the same time, with sums that are equal; the end that gives closes its half and is answered over the other. Then with readers that are slow.
pub fn are_whole(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 164);
    let guest = serve(lab, &node("streams", address)?, address)?;
    let load = stage_load(lab)?;
    // The issue of a network that serves asks for a gigabyte each way.
    let megabytes = amount(64, 1024);
    for arguments in [format!("{megabytes} fast"), "4 slow".to_owned()] {
        eprintln!("{}", ask(lab, &format!("{load} sums {address} {arguments}"))?.trim());
    }
    stop(lab, &guest, address)
}

/// A client is killed, and another vanishes without a word: both are given up, and a third is served.
pub fn outlive_their_clients(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 165);
    let guest = serve(lab, &node("left", address)?, address)?;
    let load = stage_load(lab)?;
    let pull = format!("{load} pull {address} 100000 > /dev/null 2>&1 < /dev/null &");
    let mut console = guest.console();
    ask(lab, &format!("{pull} sleep 2; kill -KILL $!"))?;
    console.wait_line("a client is gone: ", LIMIT)?;
    // What is sent to it goes nowhere.
    ask(
        lab,
        &format!(
            "ip addr add {CLIENT}/32 dev {0}; ip route add {address}/32 dev {0} src {CLIENT}
             {pull} sleep 2; netstat -tn | grep -q {CLIENT}; FOUND=$?
             ip route del {address}/32; ip addr del {CLIENT}/32 dev {0}; ip route add blackhole {CLIENT}/32; exit $FOUND",
            network::BRIDGE
        ),
    )?;
    let gone = console.wait_line("a client is gone: timeout", LIMIT);
    ask(lab, &format!("ip route del blackhole {CLIENT}/32; kill -KILL $(pidof load) 2> /dev/null; true"))?;
    gone?;
    ask(lab, &format!("{load} sums {address} 2 fast"))?;
    stop(lab, &guest, address)
}

/// The back end of a vif goes and returns twice while bytes are on their way both ways.
pub fn outlive_their_back_end(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 166);
    let guest = serve(lab, &node("replugged", address)?, address)?;
    let load = stage_load(lab)?;
    let restart = format!(
        "back=/local/domain/0/backend/vif/{}/0; xenstore-write $back/state 5
         i=0; until [ \"$(xenstore-read $back/state)\" = 6 ] || [ $i = 100 ]; do sleep 0.1; i=$((i+1)); done
         sleep 0.5; xenstore-write $back/state 2",
        guest.domid()
    );
    ask(
        lab,
        &format!("{load} sums {address} 48 fast > /tmp/sums.log 2>&1 < /dev/null & echo $! > /tmp/sums.pid"),
    )?;
    for _ in 0..2 {
        std::thread::sleep(std::time::Duration::from_secs(1));
        ask(lab, &format!("kill -0 $(cat /tmp/sums.pid); {restart}"))?;
        wait_for(&guest, "vif 0 is down")?;
    }
    let said =
        ask(lab, "while kill -0 $(cat /tmp/sums.pid) 2> /dev/null; do sleep 0.2; done; cat /tmp/sums.log")?;
    if !said.starts_with("given ") {
        return Err(format!("the client says {said:?}").into());
    }
    stop(lab, &guest, address)
}
