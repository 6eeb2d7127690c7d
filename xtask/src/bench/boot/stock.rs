// SPDX-License-Identifier: Apache-2.0
//! Stock OTP on Debian's kernel: the first process starts `erlexec` as soon as it can, and says when that has ended.

use std::fs;
use std::path::Path;

use lab::Lab;
use lab::linux;

use super::programs::Program;
use super::{LIMIT, MEMORY_MIB};
use crate::failure::{During, Failure};

/// How the last line of the first process begins.
const ENDED: &str = "linux: ended after ";

/// The first process.
fn script(program: &Program) -> String {
    let words: Vec<String> = program.erl.iter().map(|word| format!("'{word}'")).collect();
    format!(
        "#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
export ROOTDIR=/usr/lib/erlang BINDIR=$(echo /usr/lib/erlang/erts-*/bin)
export EMU=beam PROGNAME=erl HOME=/ TERM=xterm LANG=C.UTF-8 PATH=$BINDIR:/bin
exec </dev/hvc0 >/dev/hvc0 2>&1
$BINDIR/erlexec -boot start_clean -pa /app {}
read -r uptime _ </proc/uptime
echo
echo \"{ENDED}$uptime s\"
/bin/busybox poweroff -f
",
        words.join(" ")
    )
}

/// One start: milliseconds to the end of the node.
pub fn start(lab: &Lab, program: &Program, ebin: &Path) -> Result<f64, Failure> {
    let during = || "cannot measure stock OTP on Debian's kernel".to_owned();
    let entries = fs::read_dir(ebin).during(during)?.flatten();
    let files: Vec<_> = entries.map(|entry| entry.path()).collect();
    let mut spec = linux::first_process(lab, "stock", &script(program), &files).during(during)?;
    spec.memory_mib = MEMORY_MIB;
    let guest = lab.create(&spec).during(during)?;
    let line = guest.console().wait_line(ENDED, LIMIT).during(during)?;
    guest.wait_end(LIMIT).during(during)?;
    let seconds =
        line.split_once(ENDED).and_then(|(_, rest)| rest.trim().strip_suffix(" s")?.parse::<f64>().ok());
    seconds.map(|seconds| seconds * 1000.0).ok_or_else(|| Failure::new(during(), format!("it says {line:?}")))
}
