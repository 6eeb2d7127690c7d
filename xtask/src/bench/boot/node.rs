// SPDX-License-Identifier: Apache-2.0
//! A node that halts when it has come to something: how long that takes from the domain's first instruction, by the stamps of the kernel's log.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use lab::{GuestSpec, Lab};

use super::programs::Program;
use super::{LIMIT, MEMORY_MIB};
use crate::bench::packing;
use crate::context::Context;
use crate::failure::{During, Failure};

/// What the log says on the way, and what has happened by then.
pub const MILESTONES: &[(&str, &str)] = &[
    ("the virtual machine is made", "a virtual machine"),
    ("the preloaded modules are loaded", "OTP's preloaded modules"),
];

/// What it says at the end.
const HALTED: &str = "halted with status 0";

/// Packs the node of a program.
pub fn pack(context: &Context, program: &Program) -> Result<PathBuf, Failure> {
    let ebin = program.ebin(context);
    let words = program.build.iter().map(OsStr::new);
    packing::pack(context, program.file, [ebin.as_os_str()].into_iter().chain(words))
}

/// One start of it: milliseconds to each milestone, and to its end.
pub fn start(lab: &Lab, node: &Path) -> Result<Vec<f64>, Failure> {
    let during = || "cannot measure a node".to_owned();
    let mut spec = GuestSpec::new("node", node);
    spec.memory_mib = MEMORY_MIB;
    spec.extra = "-loglevel debug".into();
    let guest = lab.create(&spec).during(during)?;
    let mut console = guest.console();
    let mut times = Vec::new();
    for text in MILESTONES.iter().map(|(text, _)| *text).chain([HALTED]) {
        let line = console.wait_line(text, LIMIT).during(during)?;
        let time = stamp(&line).ok_or_else(|| Failure::new(during(), format!("no time is in {line:?}")))?;
        times.push(time);
    }
    guest.wait_end(LIMIT).during(during)?;
    Ok(times)
}

/// Milliseconds from `… [    1.234567] …`: the shell's prompt may stand before.
fn stamp(line: &str) -> Option<f64> {
    let (_, rest) = line.rsplit_once('[')?;
    let (seconds, _) = rest.split_once(']')?;
    Some(seconds.trim().parse::<f64>().ok()? * 1000.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn stamps_are_read() {
        assert_eq!(super::stamp("[    1.250000] debug: x"), Some(1250.0));
        assert_eq!(super::stamp("1> [    1.250000] halted"), Some(1250.0));
        assert_eq!(super::stamp("first line"), None);
    }
}
