// SPDX-License-Identifier: Apache-2.0
//! Programs of the host in dom0, which has little: each with its loader and its libraries, since dom0's may be none or others.

use std::fs;
use std::process::Command;

use lab::Lab;
use libtest_mimic::Failed;

use crate::storage::ask;
use crate::world::target;

/// Where they are in dom0.
const FOLDER: &str = "/run/brought";

/// Brings a program, unless it is there already; what is returned calls it.
pub fn bring(lab: &Lab, program: &str) -> Result<String, Failed> {
    let name = program.rsplit('/').next().unwrap_or(program);
    let (folder, call) = (format!("{FOLDER}/{name}"), format!("{FOLDER}/{name}/call"));
    if ask(lab, &format!("if [ -e {call} ]; then echo there; fi"))? == "there" {
        return Ok(call);
    }
    let archive = target().join(format!("{name}.tar"));
    let script = format!(
        "set -e; cd $(mktemp -d); cp $(ldd {program} | grep -o '/[^ ]*') {program} .; tar -chf {} *; rm -r $PWD",
        archive.display()
    );
    let output = Command::new("sh").args(["-c", &script]).output()?;
    if !output.status.success() {
        return Err(format!("cannot take {program} along: {output:?}").into());
    }
    let staged = lab.stage(&archive)?;
    fs::remove_file(&archive)?;
    ask(
        lab,
        &format!(
            "mkdir -p {folder} && tar -xf {staged} -C {folder} && rm {staged} && \
             printf '#!/bin/sh\\nexec {folder}/ld-linux-x86-64.so.2 --library-path {folder} {folder}/{name} \"$@\"\\n' > {call} && chmod +x {call}"
        ),
    )?;
    Ok(call)
}
