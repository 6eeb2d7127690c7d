// SPDX-License-Identifier: Apache-2.0
//! The host tool on a Xen host, which is the bench's dom0: it calls the real `xl`, with the console on its own output, and without. That Ctrl-] leaves a console
//! takes a terminal, of which xenconsole itself reads the keys; the tool's tests play that.

use lab::{Lab, Output};
use libtest_mimic::Failed;

use crate::node::Node;
use crate::storage::ask;
use crate::trial::LIMIT;
use crate::world::{World, target};

/// Where the tool is in dom0.
const TOOL: &str = "/run/tool/voxoz";
/// Its environment. Its standard input is a pipe that does not end, as that of somebody who does not type.
const SET: &str =
    "export XDG_RUNTIME_DIR=/run/tool/user VOXOZ_CONSOLES=/lab/console TMPDIR=/run; exec 4<>/run/tool/keys";

/// Runs the tool.
fn tool(lab: &Lab, words: &str) -> Result<Output, Failed> {
    Ok(lab.dom0(&format!("{SET}; {TOOL} {words} <&4"), LIMIT)?)
}

/// What it prints when all is well.
fn said(lab: &Lab, words: &str) -> Result<String, Failed> {
    let output = tool(lab, words)?;
    must(&output, 0, "")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Fails unless it ended so, with this among what it says besides.
fn must(output: &Output, status: i32, text: &str) -> Result<(), Failed> {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status == status && said.contains(text) {
        return Ok(());
    }
    let out = String::from_utf8_lossy(&output.stdout);
    Err(format!("status {} and not {status} with {text:?}:\n{out}\n{said}", output.status).into())
}

fn must_contain(said: &str, text: &str) -> Result<(), Failed> {
    if said.contains(text) { Ok(()) } else { Err(format!("{text:?} is not in\n{said}").into()) }
}

pub fn runs_guests_by_xl(world: &World) -> Result<(), Failed> {
    let lab = &*world.lab()?;
    let staged = lab.stage(&target().join("release/voxoz"))?;
    ask(
        lab,
        &format!(
            "mkdir -p -m 700 /run/tool && cp {staged} {TOOL} && chmod +x {TOOL} && mkfifo /run/tool/keys"
        ),
    )?;
    let image = |node: Node| -> Result<String, Failed> { Ok(lab.stage(&node.spec()?.kernel)?) };
    let hello = image(Node::new("hello", "-noshell -s hello").module("hello"))?;
    let slogan = image(Node::new("slogan", "-noshell -s endings slogan").module("endings"))?;
    let supervised = image(Node::new("supervised", "-noshell -s supervised").module("supervised"))?;

    let ended = tool(lab, &format!("run {hello}"))?;
    must(&ended, 0, "the guest ended: poweroff")?;
    must_contain(&String::from_utf8_lossy(&ended.stdout), "hello, world")?;
    let crashed = tool(lab, &format!("run {slogan} --extra '-env ERL_CRASH_DUMP_BYTES 10000'"))?;
    must(&crashed, 1, "the guest ended badly\n  crash\n")?;
    must_contain(&String::from_utf8_lossy(&crashed.stdout), "the end is here")?;
    let refused = tool(lab, &format!("run -d --name refused {hello} --disk /nowhere/disk:ro"))?;
    must(&refused, 1, "xl cannot start refused\n  libxl: error: ")?;
    must_contain(&said(lab, "ps -a --json")?, "[]")?;

    must_contain(&said(lab, &format!("run -d --name kept {supervised}"))?, "kept\n")?;
    must_contain(&said(lab, "ps")?, "kept  xen ")?;
    let follow = format!("{SET}; {TOOL} logs -f kept >/run/tool/followed <&4 2>&1 & ");
    let up = "until grep -q 'worker 2 is up' /run/tool/followed; do sleep 0.2; done";
    let stopped =
        lab.dom0(&format!("{follow}{up}; {TOOL} stop kept <&4 && wait && cat /run/tool/followed"), LIMIT)?;
    must(&stopped, 0, "")?;
    must_contain(&String::from_utf8_lossy(&stopped.stdout), "prep_stop\r\nstopped\r\n")?;
    must_contain(&said(lab, "ps -a")?, "ago: poweroff")?;
    must(&tool(lab, "stop kept")?, 1, "it has ended: poweroff")?;
    ask(lab, "rm -r /run/tool").map(|_| ())
}
