// SPDX-License-Identifier: Apache-2.0
//! `--metrics PORT`: a module of ours that answers Prometheus is added to an image and started before what the application starts.
//!
//! It is in Erlang and uses nothing but `gen_tcp`, so it is served as the application itself is: by the same scheduler, on the same network. It is started
//! by `-eval`, because a release in embedded mode loads no module that its boot file does not name.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::plan::{Application, Origin, Plan, ROOT};
use super::temporary::Temporary;
use crate::failure::{Code, Failure};

const MODULE: &str = "voxoz_metrics";
const SOURCE: &str = include_str!("metrics/voxoz_metrics.erl");

/// Adds the module to a plan. Its files are there as long as what is returned.
pub fn add(plan: &mut Plan, port: u16) -> Result<Temporary, Failure> {
    let unwritable = |why| {
        let help = "free some room, or set TMPDIR to a directory that has it";
        Failure::new(Code::Build, "cannot write to the folder for temporary files", why, help)
    };
    let folder = Temporary::new(MODULE).map_err(unwritable)?;
    let (ebin, source) = (folder.path().join("ebin"), folder.path().join(format!("{MODULE}.erl")));
    fs::create_dir(&ebin).and_then(|()| fs::write(&source, SOURCE)).map_err(unwritable)?;
    compile(&source, &ebin)?;
    let version = env!("CARGO_PKG_VERSION");
    let guest = format!("{ROOT}/lib/{MODULE}-{version}");
    let start =
        format!("{{module,_}} = code:load_abs(\"{guest}/ebin/{MODULE}\"), ok = {MODULE}:start({port})");
    plan.arguments.splice(0..0, ["-eval".into(), start]);
    plan.applications.push(Application {
        name: MODULE.into(),
        version: Some(version.into()),
        folder: folder.path().to_owned(),
        guest,
        origin: Origin::User,
    });
    Ok(folder)
}

fn compile(source: &Path, ebin: &Path) -> Result<(), Failure> {
    let mut erlc = Command::new("erlc");
    // The same input gives the same bytes.
    erlc.args(["+deterministic", "-o"]).arg(ebin).arg(source);
    let failed = |code, why: &dyn std::fmt::Display| {
        let help = "install erlang-base, or leave out --metrics";
        Err(Failure::new(code, "cannot compile what tells metrics", why, help))
    };
    match erlc.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => failed(Code::Build, &String::from_utf8_lossy(&output.stdout)),
        Err(why) => failed(Code::Host, &format!("erlc: {why}")),
    }
}
