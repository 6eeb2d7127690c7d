// SPDX-License-Identifier: Apache-2.0
//! Examples as guests, compiled and packed by the host tool as a user's own application is.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use lab::{GuestSpec, network};
use libtest_mimic::Failed;

use crate::world::target;

/// The host tool, which `cargo xtask test` has built.
pub fn voxoz() -> Command {
    let mut command = Command::new(target().join("release/voxoz"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

/// Calls the host tool. What it says is only told if it fails.
pub fn tool(words: &[&str]) -> Result<(), Failed> {
    let output = voxoz().args(words).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    Err(format!("voxoz {}: {}\n{said}", words.join(" "), output.status).into())
}

/// The examples that were packed.
static PACKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Packs an example, if that was not done before, and returns its image.
pub fn pack(name: &str) -> Result<PathBuf, Failed> {
    let (work, image) = (target().join("examples/tested"), target().join(format!("nodes/{name}.elf")));
    let mut packed = PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    if !packed.contains(name) {
        fs::create_dir_all(target().join("nodes"))?;
        let text = |path: &Path| path.display().to_string();
        let (kernel, output, work) = (text(&target().join("voxoz-kernel.elf")), text(&image), text(&work));
        let folder = format!("examples/{name}");
        tool(&["build", &folder, "--quiet", "--kernel", &kernel, "--work", &work, "--output", &output])?;
        packed.insert(name.to_owned());
    }
    Ok(image)
}

/// A guest of an example, with a vif of this address.
pub fn example(name: &str, address: Ipv4Addr) -> Result<GuestSpec, Failed> {
    let mut spec = GuestSpec::new(name, &pack(name)?);
    spec.memory_mib = 96;
    let mac = network::mac(address)?;
    spec.lines.push(format!("vif = [\"bridge={},mac={mac}\"]", network::BRIDGE));
    Ok(spec)
}
