// SPDX-License-Identifier: Apache-2.0
//! Examples as guests, compiled and packed by the host tool as a user's own application is.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::{GuestSpec, network};
use libtest_mimic::Failed;

use crate::world::target;

/// The host tool, which `cargo xtask test` has built.
pub fn voxoz() -> Command {
    let mut command = Command::new(target().join("release/voxoz"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

/// Calls the host tool.
pub fn tool(words: &[&str]) -> Result<(), Failed> {
    let status = voxoz().args(words).status()?;
    if status.success() { Ok(()) } else { Err(format!("voxoz {}: {status}", words.join(" ")).into()) }
}

/// A guest of an example, with a vif of this address.
pub fn example(name: &str, address: Ipv4Addr) -> Result<GuestSpec, Failed> {
    let (work, image) = (target().join("examples/tested"), target().join(format!("nodes/{name}.elf")));
    fs::create_dir_all(target().join("nodes"))?;
    let text = |path: PathBuf| path.display().to_string();
    let (kernel, output, work) = (text(target().join("voxoz-kernel.elf")), text(image.clone()), text(work));
    let folder = format!("examples/{name}");
    tool(&["build", &folder, "--quiet", "--kernel", &kernel, "--work", &work, "--output", &output])?;
    let mut spec = GuestSpec::new(name, &image);
    spec.memory_mib = 96;
    let mac = network::mac(address)?;
    spec.lines.push(format!("vif = [\"bridge={},mac={mac}\"]", network::BRIDGE));
    Ok(spec)
}
