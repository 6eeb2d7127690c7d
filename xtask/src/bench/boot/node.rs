// SPDX-License-Identifier: Apache-2.0
//! A node that writes a line and halts: how long that takes from the domain's first instruction, by the stamps of the kernel's log.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use lab::{GuestSpec, Lab};

use super::{LIMIT, MEMORY_MIB};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// What the log says on the way, and what has happened by then.
pub const MILESTONES: &[(&str, &str)] = &[
    ("the virtual machine is made", "to a virtual machine"),
    ("the preloaded modules are loaded", "to OTP's preloaded modules loaded"),
    ("halted with status 0", "to a first Erlang line written, and halted"),
];

const MODULE: &str =
    "-module(first).\n-export([start/0]).\nstart() -> io:format(\"first line~n\"), halt().\n";

/// Builds the node: kernel, stdlib and one module.
pub fn build(context: &Context) -> Result<PathBuf, Failure> {
    let folder = context.target().join("bench");
    let ebin = folder.join("first");
    let source = folder.join("first.erl");
    fs::create_dir_all(&ebin)
        .and_then(|()| fs::write(&source, MODULE))
        .during(|| "cannot write a module".to_owned())?;
    process::run(Command::new("erlc").arg("-o").arg(&ebin).arg(&source))?;
    process::run(context.cargo().args(["build", "--quiet", "--release", "--package", "voxoz"]))?;
    let node = folder.join("first.elf");
    let mut build = Command::new(context.target().join("release/voxoz"));
    build.args(["build", "--quiet", "--kernel"]).arg(context.target().join("voxoz-kernel.elf"));
    build.arg("--output").arg(&node).arg(&ebin).args(["--start", "first"]);
    process::run(&mut build)?;
    Ok(node)
}

/// One start of it: milliseconds to each milestone.
pub fn start(lab: &Lab, node: &std::path::Path) -> Result<Vec<f64>, Failure> {
    let during = || "cannot measure a node".to_owned();
    let mut spec = GuestSpec::new("node", node);
    spec.memory_mib = MEMORY_MIB;
    spec.extra = "-loglevel debug".into();
    let guest = lab.create(&spec).during(during)?;
    let mut console = guest.console();
    let mut times = Vec::new();
    for (text, _) in MILESTONES {
        let line = console.wait_line(text, LIMIT).during(during)?;
        let time = stamp(&line).ok_or_else(|| Failure::new(during(), format!("no time is in {line:?}")))?;
        times.push(time);
    }
    guest.wait_end(LIMIT).during(during)?;
    Ok(times)
}

/// Milliseconds from `[    1.234567] …`.
fn stamp(line: &str) -> Option<f64> {
    let (seconds, _) = line.strip_prefix('[')?.split_once(']')?;
    Some(seconds.trim().parse::<f64>().ok()? * 1000.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn stamps_are_read() {
        assert_eq!(super::stamp("[    1.250000] debug: x"), Some(1250.0));
        assert_eq!(super::stamp("first line"), None);
    }
}
