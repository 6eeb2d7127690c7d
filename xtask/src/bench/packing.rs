// SPDX-License-Identifier: Apache-2.0
//! Makes what is measured: Erlang modules by `erlc`, and images of them by `voxoz build` around our kernel.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{KERNEL, Profile};
use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// Compiles a module of `tests/fixtures/bench_NAME` into `bench/NAME` of the target, whose path it returns.
pub fn compile(context: &Context, name: &str, module: &str) -> Result<PathBuf, Failure> {
    let ebin = context.target().join("bench").join(name);
    fs::create_dir_all(&ebin).during(|| "cannot make a folder".to_owned())?;
    let source = context.root().join(format!("tests/fixtures/bench_{name}/{module}.erl"));
    process::run(Command::new("erlc").arg("-o").arg(&ebin).arg(source))?;
    Ok(ebin.join(module).with_extension("beam"))
}

/// Builds our kernel and the tool.
pub fn build_tool(context: &Context) -> Result<(), Failure> {
    KERNEL.build(context, Profile::Release)?;
    process::run(context.cargo().args(["build", "--quiet", "--release", "--package", "voxoz"]))
}

/// Packs an image with the tool, from the words of `voxoz build`; `file` is its name in `bench` of the target.
pub fn pack(
    context: &Context,
    file: &str,
    words: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> Result<PathBuf, Failure> {
    let image = context.target().join("bench").join(file).with_extension("elf");
    let mut build = Command::new(context.target().join("release/voxoz"));
    build.args(["build", "--quiet", "--kernel"]).arg(context.target().join("voxoz-kernel.elf"));
    process::run(build.arg("--output").arg(&image).args(words))?;
    Ok(image)
}

/// Packs a module that [`compile`] has made, which is called at the start.
pub fn pack_module(context: &Context, name: &str, module: &Path, words: &[&str]) -> Result<PathBuf, Failure> {
    build_tool(context)?;
    let ebin = module.parent().unwrap_or(module).as_os_str();
    let start = module.file_stem().unwrap_or_default();
    let words = words.iter().map(OsStr::new).chain([ebin, OsStr::new("--start"), start]);
    pack(context, name, words)
}
