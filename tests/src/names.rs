// SPDX-License-Identifier: Apache-2.0
//! Names of hosts: a guest asks the server that came with its lease, which is another guest.

use std::net::Ipv4Addr;

use lab::{Lab, Reason, network};
use libtest_mimic::Failed;

use crate::network::{ask, node, serve, wait_for};
use crate::node::Node;
use crate::trial::{LIMIT, finish};
use crate::world::World;

/// What is asked for, and what the answer holds.
const NAMES: [(&str, &str); 4] = [
    ("known.example", "[{10,1,2,3}]"),
    ("localhost", "[{127,0,0,1}]"),
    ("unknown.example", "{error,nxdomain}"),
    ("known.example", "[{10,1,2,3}]"),
];

pub fn are_found(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let outcome = with_leased_server(lab);
    ask(lab, "kill $(pidof udhcpd); sleep 0.5; udhcpd /etc/lab/udhcpd.conf")?;
    outcome
}

fn with_leased_server(lab: &Lab) -> Result<(), Failed> {
    let (server, client) = (Ipv4Addr::new(10, 0, 2, 166), Ipv4Addr::new(10, 0, 2, 167));
    let vif = format!("vif = [\"bridge={},mac={}\"]", network::BRIDGE, network::mac(server)?);
    let names = Node::new("names", "-noshell -s dns").module("dns").line(vif).start(lab)?;
    wait_for(&names, &format!("names at {server}"))?;
    let conf = format!("sed 's/^opt dns .*/opt dns {server}/' /etc/lab/udhcpd.conf > /tmp/names.conf");
    ask(lab, &format!("kill $(pidof udhcpd); sleep 0.5; {conf}; udhcpd /tmp/names.conf"))?;
    let guest = serve(lab, &node("asking", client)?, client)?;
    for (name, expected) in NAMES {
        let answer = ask(lab, &format!("wget -q -O - http://{client}/name/{name}"))?;
        if !answer.contains(expected) {
            return Err(format!("{name} is {answer:?} and not {expected}").into());
        }
    }
    ask(lab, &format!("wget -q -O - http://{client}/stop"))?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)?;
    names.destroy()?;
    Ok(())
}
