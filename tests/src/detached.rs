// SPDX-License-Identifier: Apache-2.0
//! A guest that the host tool keeps: started by `voxoz run -d` on a machine of its own, looked at, and stopped.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use crate::packed::voxoz;
use crate::trial::LIMIT;
use crate::world::{World, target};

/// Where the guest tells its metrics.
const METRICS: &str = "9568";
const NAME: &str = "kept";

/// The tool with a runtime folder of the test's own.
fn tool(words: &[&str]) -> Command {
    let mut command = voxoz();
    command.args(words).env("XDG_RUNTIME_DIR", target().join("run")).env("VOXOZ_ON", "bench");
    command.env("VOXOZ_CACHE", target().join("lab")).env("VOXOZ_KERNEL", target().join("voxoz-kernel.elf"));
    command
}

/// What it prints, and what it says besides.
fn said(words: &[&str]) -> Result<(String, String), Failed> {
    let output = tool(words).output()?;
    let (out, err) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    if output.status.success() {
        Ok((out, err))
    } else {
        Err(format!("{words:?}: {}\n{err}", output.status).into())
    }
}

fn must_contain(said: &str, text: &str) -> Result<(), Failed> {
    if said.contains(text) { Ok(()) } else { Err(format!("{text:?} is not in\n{said}").into()) }
}

/// Ends the machine when the test fails.
struct Kept;

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = tool(&["stop", "--now", NAME]).output();
    }
}

pub fn runs(world: &World) -> Result<(), Failed> {
    // Two emulated machines would only disturb each other.
    world.stop();
    let work = target().join("examples/tested").display().to_string();
    fs::create_dir_all(target().join("run"))?;
    let start = ["run", "-d", "--name", NAME, "examples/time", "--work", &work, "--metrics", METRICS];
    let kept = Kept;
    let (out, err) = said(&start)?;
    must_contain(&out, NAME)?;
    let address = err.lines().find_map(|line| line.split_once(&format!("tcp port {METRICS} is "))?.1.into());
    let address: &str = address.ok_or_else(|| format!("no address is said\n{err}"))?;
    must_contain(&said(&["ps"])?.0, "kept  bench")?;
    if tool(&start).output()?.status.success() {
        return Err("the same name was given twice".into());
    }

    let deadline = Instant::now() + LIMIT;
    let answer = loop {
        match ask(address) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 OK") => break answer,
            other if Instant::now() > deadline => return Err(format!("no metrics: {other:?}").into()),
            _ => std::thread::sleep(Duration::from_millis(200)),
        }
    };
    must_contain(&answer, "\nerlang_vm_process_count ")?;
    must_contain(&answer, "\nvoxoz_vif_")?;
    let log = said(&["logs", NAME])?.0;
    must_contain(&log, "the time is told on UDP port 3737")?;
    must_contain(&log, "vif 0 has the address 10.0.2.130/25 by DHCP")?;

    must_contain(&said(&["stop", NAME])?.0, NAME)?;
    must_contain(&said(&["ps", "-a"])?.0, "poweroff")?;
    std::mem::forget(kept);
    Ok(())
}

fn ask(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: guest\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
