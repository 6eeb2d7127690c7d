// SPDX-License-Identifier: Apache-2.0
//! What went over dom0's bridge while a test of the network ran, kept in `target/captures` when the test fails.

use std::fs;

use lab::{Lab, network};
use libtest_mimic::Failed;

use crate::Test;
use crate::brought::bring;
use crate::storage::ask;
use crate::world::{World, target};

/// Where it is captured in dom0: the last 16 to 32 MB, of each frame the beginning.
const FILES: &str = "/run/capture";
const CAPTURE: &str = "-s 200 -C 16 -W 2 -U -Z root";

/// Runs a test and keeps what went over the bridge if it fails.
pub fn captured(world: &World, name: &str, test: Test) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let tcpdump = bring(lab, "/usr/bin/tcpdump")?;
    // It asks who root is.
    let user = "grep -q ^root: /etc/passwd 2> /dev/null || echo 'root:x:0:0::/:/bin/sh' >> /etc/passwd";
    ask(
        lab,
        &format!(
            "{user}
             rm -f {FILES}*; {tcpdump} -i {} {CAPTURE} -w {FILES} > /dev/null 2> {FILES}.log < /dev/null & echo $! > {FILES}.pid
             i=0; until grep -q 'listening on' {FILES}.log || [ $i = 100 ]; do sleep 0.1; i=$((i + 1)); done
             grep -q 'listening on' {FILES}.log || {{ cat {FILES}.log >&2; false; }}",
            network::BRIDGE
        ),
    )?;
    let outcome = test(world);
    let ended = end(lab);
    match outcome {
        Ok(()) => ended,
        Err(failed) => {
            let why = failed.message().unwrap_or_default();
            let kept = ended.and_then(|()| keep(lab, name)).unwrap_or_else(|why| {
                format!("what went over the bridge is lost: {}", why.message().unwrap_or_default())
            });
            Err(format!("{why}\n{kept}").into())
        }
    }
}

fn end(lab: &Lab) -> Result<(), Failed> {
    let end = format!(
        "P=$(cat {FILES}.pid); kill -INT $P; i=0; while kill -0 $P 2> /dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done"
    );
    ask(lab, &end).map(drop)
}

/// Brings the files to the host; says where they are.
fn keep(lab: &Lab, name: &str) -> Result<String, Failed> {
    let folder = target().join("captures");
    fs::create_dir_all(&folder)?;
    let inside = format!("{}/files", Lab::SHARE);
    let mut kept = String::from("what went over the bridge is in");
    for part in ask(lab, &format!("cp {FILES}[01] {inside}; ls {inside} | grep '^capture[01]$'"))?.lines() {
        let path = folder.join(format!("{name}-{part}.pcap"));
        fs::copy(lab.shared_folder().join("files").join(part), &path)?;
        kept += &format!(" {}", path.display());
    }
    Ok(kept)
}
