// SPDX-License-Identifier: Apache-2.0
//! Reading the file that a command is about.

use std::fs;
use std::path::Path;

use crate::failure::{Code, Failure};

/// Reads a file whole.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|why| {
        let what = format!("cannot read {}", path.display());
        Failure::new(Code::Build, what, why, "name a kernel that exists, such as `cargo xtask build` makes")
    })
}

/// Says that a file is not the kernel that it should be.
pub fn not_a_kernel(path: &Path, why: impl std::fmt::Display) -> Failure {
    let what = format!("{} is not a kernel of Voxoz", path.display());
    Failure::new(Code::Build, what, why, "build it again with `cargo xtask build`")
}
