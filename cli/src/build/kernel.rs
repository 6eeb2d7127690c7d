// SPDX-License-Identifier: Apache-2.0
//! Where the kernel is that an application is put into.

use std::path::{Path, PathBuf};

use super::options::Options;
use crate::failure::{Code, Failure};

/// What the kernel's file is called.
const NAME: &str = "voxoz-kernel.elf";

/// Finds the kernel: the one that was named, or that of `VOXOZ_KERNEL`, or the one beside this program, or that of the build tree which this
/// program is in.
pub fn find(options: &Options) -> Result<PathBuf, Failure> {
    if let Some(path) = &options.kernel {
        return Ok(path.clone());
    }
    installed().ok_or_else(|| {
        let why = format!("VOXOZ_KERNEL is not set, and there is no {NAME} beside this program");
        let help = "name it with --kernel; `cargo xtask build` makes one in target/";
        Failure::new(Code::Host, "cannot find the kernel", why, help)
    })
}

/// The kernel that is there without being named.
pub fn installed() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("VOXOZ_KERNEL") {
        return Some(PathBuf::from(named));
    }
    let program = std::env::current_exe().ok()?;
    // Beside it, or two folders up: target/release/voxoz and target/voxoz-kernel.elf.
    let folders = program.ancestors().skip(1).take(2);
    folders.map(|folder: &Path| folder.join(NAME)).find(|path| path.is_file())
}
