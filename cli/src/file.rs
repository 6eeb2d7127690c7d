// SPDX-License-Identifier: Apache-2.0
//! Reading the files that a command is about.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Code, Failure};

/// Reads a kernel's file whole.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|why| {
        let what = format!("cannot read {}", path.display());
        Failure::new(Code::Build, what, why, "name a kernel that exists, such as `cargo xtask build` makes")
    })
}

/// Reads any other file whole.
pub fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|why| unreadable(path, why))
}

/// What is in a folder, by name.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let mut paths: Vec<PathBuf> =
        entries.map_err(|why| unreadable(folder, why))?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

/// Says that a file cannot be read.
pub fn unreadable(path: &Path, why: impl std::fmt::Display) -> Failure {
    let what = format!("cannot read {}", path.display());
    Failure::new(Code::Build, what, why, "see that it is there and that you may read it")
}

/// Says that a file is not the kernel that it should be.
pub fn not_a_kernel(path: &Path, why: impl std::fmt::Display) -> Failure {
    let what = format!("{} is not a kernel of Voxoz", path.display());
    Failure::new(Code::Build, what, why, "build it again with `cargo xtask build`")
}
