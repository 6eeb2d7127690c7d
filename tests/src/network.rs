// SPDX-License-Identifier: Apache-2.0
//! A guest on the network, asked by dom0 with stock clients.

use std::net::Ipv4Addr;
use std::time::Duration;

use lab::{Guest, Lab, Reason, network};
use libtest_mimic::Failed;

use crate::brought::bring;
use crate::node::Node;
use crate::trial::{LIMIT, finish};
use crate::world::{World, target};

/// Bytes of a large transfer, each way.
const LARGE: usize = 16 << 20;
/// Some of the numbers for Prometheus: of the virtual machine, of the domain, and of a device.
const NUMBERS: &str = "erlang_vm_process_count|voxoz_memory_free_bytes|voxoz_processor_running_seconds_total|voxoz_vif_received_bytes_total.name=\"eth0\".";
/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(1800);

pub fn node(name: &'static str, address: Ipv4Addr) -> Result<Node, Failed> {
    node_with_vifs(name, &[address])
}

/// A node with a vif for each address.
fn node_with_vifs(name: &'static str, addresses: &[Ipv4Addr]) -> Result<Node, Failed> {
    Ok(Node::new(name, "-noshell -s web").module("web").line(vifs(addresses)?))
}

/// The line of xl's configuration for vifs of these addresses.
pub fn vifs(addresses: &[Ipv4Addr]) -> Result<String, Failed> {
    let mut vifs = Vec::new();
    for address in addresses {
        vifs.push(format!("\"bridge={},mac={}\"", network::BRIDGE, network::mac(*address)?));
    }
    Ok(format!("vif = [{}]", vifs.join(", ")))
}

/// A guest that serves at an address.
pub fn serve(lab: &Lab, node: &Node, address: Ipv4Addr) -> Result<Guest, Failed> {
    let guest = node.start(lab)?;
    wait_for(&guest, "serving")?;
    wait_for(&guest, &format!("address {address}"))?;
    Ok(guest)
}

/// Waits for a line that a guest says.
pub fn wait_for(guest: &Guest, line: &str) -> Result<(), Failed> {
    let found = guest.console().wait_line(line, LIMIT);
    found.map(drop).map_err(|why| {
        let said = guest.console().take().unwrap_or_default();
        format!("{why}:\n{}", String::from_utf8_lossy(&said)).into()
    })
}

/// Runs a script in dom0 and gives what it prints.
pub fn ask(lab: &Lab, script: &str) -> Result<String, Failed> {
    let output = lab.dom0(script, PATIENCE)?;
    if output.status != 0 {
        return Err(format!("{script}: {output:?}").into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

pub fn must_be(script: &str, answer: &str, expected: &str) -> Result<(), Failed> {
    if answer == expected { Ok(()) } else { Err(format!("{script}: {answer:?} and not {expected:?}").into()) }
}

/// The address comes by DHCP; the guest answers pings, HTTP, large requests and datagrams, and stops when it is told to by HTTP.
pub fn serves_at_a_leased_address(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 150);
    let guest = serve(lab, &node("leased", address)?.memory_mib(192), address)?;
    let curl = format!("{} -s -S -m 120", bring(lab, "/usr/bin/curl")?);
    for (script, expected) in [
        (format!("wget -q -O - http://{address}/"), format!("hello {}\n", network::GATEWAY)),
        (
            format!("{curl} -w '%{{http_code}} ' http://{address}/ http://{address}/bytes/16"),
            format!("hello {}\n200 0123456789abcdef200 ", network::GATEWAY),
        ),
        (
            format!(
                "{curl} --data-binary xyz http://{address}/up | grep -q $(printf xyz | md5sum | cut -c1-32) && echo same"
            ),
            "same\n".into(),
        ),
        (format!("ping -c 3 -q {address} | grep -c '3 packets received'"), "1\n".into()),
        (format!("wget -q -O - http://{address}/bytes/{LARGE} | md5sum"), large_sum()),
        (
            format!(
                "head -c {LARGE} /dev/zero | tr '\\0' x > /tmp/up; S=$(md5sum < /tmp/up | cut -c1-32); R=$(wget -q -O - --post-file=/tmp/up http://{address}/up); [ $S = $R ] && echo same"
            ),
            "same\n".into(),
        ),
        (
            format!(
                "bash -c 'exec 3<>/dev/udp/{address}/7; echo datagram >&3; timeout 5 dd bs=64 count=1 <&3 2>/dev/null'"
            ),
            "datagram\n".into(),
        ),
        (
            format!("for i in $(seq 40); do wget -q -O - http://{address}/bytes/1600 & done | wc -c"),
            "64000\n".into(),
        ),
        (format!("wget -q -O - http://{address}/info"), "xen leased true true\n".into()),
        (
            format!("wget -q -O - http://{address}/metrics | grep -c -E '^({NUMBERS}) [1-9]'"),
            format!("{}\n", NUMBERS.split('|').count()),
        ),
        (format!("wget -q -O - http://{address}/stop"), "bye\n".into()),
    ] {
        must_be(&script, &ask(lab, &script)?, &expected)?;
    }
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// What `md5sum` says of 2^20 times "0123456789abcdef", which the guest gives.
fn large_sum() -> String {
    "6ecc41548d0ae592eca561af2e274024  -\n".into()
}

/// Flags give the address, and names are found in files.
pub fn serves_at_a_given_address(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 151);
    let node = node("given", address)?.extra(format!(
        "-ipaddr {address} -netmask 255.255.255.128 -gateway {} -hostname box",
        network::GATEWAY
    ));
    let guest = serve(lab, &node, address)?;
    let script = format!("wget -q -O - http://{address}/name/box");
    let answer = ask(lab, &script)?;
    if !answer.contains("{127,0,0,1}") {
        return Err(format!("{script}: {answer}").into());
    }
    ask(lab, &format!("wget -q -O - http://{address}/stop"))?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// A back end that goes takes the link down; a guest lives on without one.
pub fn outlives_its_back_end(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 152);
    let guest = serve(lab, &node("unplugged", address)?, address)?;
    let script = format!("xl network-detach {} 0 && sleep 1", guest.domid());
    ask(lab, &script)?;
    guest.console().wait_text("vif 0 is down", LIMIT)?;
    guest.shutdown()?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// A guest with two vifs answers on both.
pub fn serves_on_two_vifs(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let addresses = [Ipv4Addr::new(10, 0, 2, 153), Ipv4Addr::new(10, 0, 2, 154)];
    let guest = serve(lab, &node_with_vifs("twofold", &addresses)?.memory_mib(96), addresses[0])?;
    for address in addresses {
        let script = format!(
            "for i in 1 2 3 4 5 6 7 8 9 10; do wget -q -O - http://{address}/ && break; sleep 0.2; done"
        );
        must_be(&script, &ask(lab, &script)?, &format!("hello {}\n", network::GATEWAY))?;
    }
    ask(lab, &format!("wget -q -O - http://{}/stop", addresses[1]))?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// The guest has the link-local address that follows from its Ethernet address, and is found and asked there.
pub fn serves_ipv6(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 155);
    let guest = serve(lab, &node("six", address)?.memory_mib(96), address)?;
    let six = format!("fe80::216:3eff:fe00:{:x}%{}", address.octets()[3], network::BRIDGE);
    let script = format!(
        "bash -c 'exec 3<>/dev/tcp/{six}/80; printf \"GET / HTTP/1.1\\r\\nConnection: close\\r\\n\\r\\n\" >&3; timeout 10 cat <&3' | tail -n 1"
    );
    let answer = ask(lab, &script)?;
    if !answer.starts_with("hello fe80::") {
        return Err(format!("{script}: {answer:?}").into());
    }
    ask(lab, &format!("wget -q -O - http://{address}/stop"))?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// Ten thousand connections are opened and held, and others are served beside them, with buffers that would take ten times the memory.
pub fn holds_ten_thousand_connections(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 156);
    let guest = serve(lab, &node("crowded", address)?.memory_mib(192), address)?;
    let load = stage_load(lab)?;
    let script = format!(
        "ulimit -n 20000; {load} hold {address} 80 10000 /tmp/held > /tmp/held.log 2>&1 < /dev/null & \
         while kill -0 $! 2>/dev/null && [ ! -e /tmp/held ]; do sleep 0.2; done; \
         [ -e /tmp/held ] || cat /tmp/held.log; {load} http {address} 5 200 kept; rm /tmp/held"
    );
    let answer = ask(lab, &script)?;
    if !answer.contains(" errors 0 ") {
        return Err(format!("{script}: {answer:?}").into());
    }
    ask(lab, &format!("wget -q -O - http://{address}/stop"))?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// The program `load` at its place in dom0; `cargo xtask test` has built it.
pub fn stage_load(lab: &Lab) -> Result<String, Failed> {
    Ok(lab.stage(&target().join("release/load"))?)
}
