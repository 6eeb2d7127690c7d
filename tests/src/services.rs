// SPDX-License-Identifier: Apache-2.0
//! Stock servers and clients in a guest, what keeps its address, and what an attacker sends.

use std::net::Ipv4Addr;

use lab::{Lab, Reason, network};
use libtest_mimic::Failed;

use crate::brought::bring;
use crate::network::{ask, must_be, node, serve, stage_load, wait_for};
use crate::node::Node;
use crate::trial::{LIMIT, amount, finish};
use crate::world::World;

/// Segments of a flood; all of them take a minute of a quiet machine.
const FLOOD: (u32, u32) = (20_000, 100_000);
/// Connections on which requests come slowly.
const SLOW: usize = 3000;
/// Where nothing is that could answer: the flood says that it comes from there.
const NOWHERE: &str = "198.18.0.0/15";

/// Stock httpd serves files and functions, whole and in part, to one and to many; httpc asks another.
pub fn are_stock(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 157);
    let vif = format!("vif = [\"bridge={},mac={}\"]", network::BRIDGE, network::mac(address)?);
    let node = Node::new("pages", "-noshell -s pages").application("inets").module("pages").memory_mib(96);
    let guest = node.line(vif).start(lab)?;
    wait_for(&guest, "serving")?;
    let gateway = network::GATEWAY;
    let curl = format!("{} -s -S -m 120", bring(lab, "/usr/bin/curl")?);
    for (script, expected) in [
        (
            format!("for i in $(seq 50); do wget -q -O - http://{address}/ && break; sleep 0.2; done"),
            "<title>stock</title>\n",
        ),
        (format!("wget -q -O - http://{address}/large | md5sum"), "14d785daab3823736c981ca82a750c98  -\n"),
        (
            format!(
                "wget -q -S -O /dev/null http://{address}/nothing 2>&1 | grep -m 1 -o ' 404 Object Not Found'"
            ),
            " 404 Object Not Found\n",
        ),
        (
            format!(
                "bash -c 'exec 3<>/dev/tcp/{address}/80; printf \"GET /large HTTP/1.1\\r\\nHost: x\\r\\nRange: bytes=16-31\\r\\nConnection: close\\r\\n\\r\\n\" >&3; timeout 20 cat <&3' | grep -c -E '^(HTTP/1.1 206|0123456789abcdef$)'"
            ),
            "2\n",
        ),
        (format!("for i in $(seq 40); do wget -q -O - http://{address}/large & done | wc -c"), "41943040\n"),
        (
            format!(
                "mkdir -p /tmp/site && echo from dom0 > /tmp/site/page && httpd -p 8081 -h /tmp/site; \
                 wget -q -O - 'http://{address}/do/pages:fetch?http://{gateway}:8081/page'; kill $(pidof httpd)"
            ),
            "200 from dom0\n",
        ),
        // Two requests over one connection, a part, a head alone, and a body that comes when the server says that it may.
        (
            format!("{curl} -w '%{{num_connects}}\\n' http://{address}/ http://{address}/"),
            "<title>stock</title>\n1\n<title>stock</title>\n0\n",
        ),
        (format!("{curl} -r 16-31 -w ' %{{http_code}}\\n' http://{address}/large"), "0123456789abcdef 206\n"),
        (
            format!(
                "{curl} -I -w '%{{http_code}} %{{size_download}}\\n' -o /dev/null http://{address}/large"
            ),
            "200 0\n",
        ),
        (
            format!(
                "F=/etc/lab/udhcpd.conf; [ $({curl} -H 'Expect: 100-continue' --data-binary @$F http://{address}/do/pages:length) = $(wc -c < $F) ] && echo same"
            ),
            "same\n",
        ),
        (format!("wget -q -O - http://{address}/do/pages:stop"), "bye\n"),
    ] {
        must_be(&script, &ask(lab, &script)?, expected)?;
    }
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// A lease of some seconds is renewed as long as there is a server; without one the address goes, and is had again from the next.
pub fn keep_their_lease(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 158);
    let outcome = under_short_leases(lab, address).map_err(|failed| {
        let log = ask(lab, "tail -n 30 /tmp/udhcpd.log").unwrap_or_default();
        Failed::from(format!("{}\nudhcpd: {log}", failed.message().unwrap_or_default()))
    });
    ask(lab, "kill $(pidof udhcpd); sleep 0.5; udhcpd /etc/lab/udhcpd.conf")?;
    outcome
}

fn under_short_leases(lab: &Lab, address: Ipv4Addr) -> Result<(), Failed> {
    let serve_leases = "udhcpd -f /tmp/short.conf > /tmp/udhcpd.log 2>&1 < /dev/null &";
    ask(
        lab,
        &format!(
            "kill $(pidof udhcpd); sleep 0.5; sed 's/^opt lease .*/opt lease 6\\nmin_lease 3/' /etc/lab/udhcpd.conf > /tmp/short.conf; {serve_leases}"
        ),
    )?;
    let guest = serve(lab, &node("renewed", address)?.memory_mib(96), address)?;
    let answers = format!("timeout 3 wget -q -O - http://{address}/ > /dev/null && echo served || echo lost");
    for (script, expected) in [
        // More than two leases.
        (
            format!(
                "sleep 16; {answers}; [ $(grep -c 'sending ACK' /tmp/udhcpd.log) -ge 4 ] && echo renewed"
            ),
            "served\nrenewed\n",
        ),
        (format!("kill $(pidof udhcpd); sleep 10; {answers}"), "lost\n"),
        (
            format!(
                "{serve_leases} for i in $(seq 30); do sleep 1; [ \"$({answers})\" = served ] && break; done; echo again"
            ),
            "again\n",
        ),
        (answers.clone(), "served\n"),
        (format!("wget -q -O - http://{address}/stop"), "bye\n"),
    ] {
        must_be(&script, &ask(lab, &script)?, expected)?;
    }
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// A number in a line of names and numbers.
fn count(line: &str, name: &str) -> Option<u64> {
    line.split_whitespace().skip_while(|word| *word != name).nth(1)?.parse().ok()
}

/// Whoever is served goes on to be served while thousands ask for connections that they never confirm, and most of the others are still accepted:
/// one who confirms so late that a thousand have asked meanwhile is refused.
pub fn outlive_a_flood(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 159);
    let guest = serve(lab, &node("flooded", address)?.memory_mib(96), address)?;
    let load = stage_load(lab)?;
    ask(lab, &format!("ip route add blackhole {NOWHERE}"))?;
    let segments = amount(FLOOD.0, FLOOD.1);
    let script = format!(
        "{load} flood {address} 80 {segments} > /tmp/flood.log 2>&1 < /dev/null & \
         {load} http {address} 5 8 kept; {load} http {address} 5 8 each; wait $!; cat /tmp/flood.log"
    );
    let answer = ask(lab, &script);
    ask(lab, &format!("ip route del blackhole {NOWHERE}"))?;
    let answer = answer?;
    let lines: Vec<&str> = answer.lines().collect();
    let is_well = matches!(lines[..], [kept, each, flood]
        if count(kept, "errors") == Some(0)
            && count(each, "requests") > count(each, "errors")
            && count(flood, "segments") == Some(segments.into()));
    if !is_well {
        return Err(format!("{script}: {answer:?}").into());
    }
    must_be("stop", &ask(lab, &format!("wget -q -O - http://{address}/stop"))?, "bye\n")?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}

/// Thousands of requests come a byte at a time and never end; the server waits for each, as it was told to, and serves others beside them.
pub fn outlive_slow_requests(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let address = Ipv4Addr::new(10, 0, 2, 168);
    let guest = serve(lab, &node("dripped", address)?.memory_mib(128), address)?;
    let load = stage_load(lab)?;
    let script = format!(
        "ulimit -n 20000; {load} drip {address} {SLOW} /tmp/dripping > /tmp/drip.log 2>&1 < /dev/null & \
         while kill -0 $! 2>/dev/null && [ ! -e /tmp/dripping ]; do sleep 0.2; done; \
         {load} http {address} 5 8 kept; {load} http {address} 5 8 each; rm /tmp/dripping; wait $!; cat /tmp/drip.log"
    );
    let answer = ask(lab, &script)?;
    let is_well = matches!(answer.lines().collect::<Vec<_>>()[..], [kept, each, drip]
        if count(kept, "errors") == Some(0)
            && count(each, "errors") == Some(0)
            && count(drip, "kept") == Some(SLOW as u64));
    if !is_well {
        return Err(format!("{script}: {answer:?}").into());
    }
    must_be("stop", &ask(lab, &format!("wget -q -O - http://{address}/stop"))?, "bye\n")?;
    finish(&guest, LIMIT)?.must_end(Reason::Poweroff)
}
