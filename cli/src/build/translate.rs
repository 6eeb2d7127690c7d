// SPDX-License-Identifier: Apache-2.0
//! The modules of the guest, verified and translated now, so that a start has not to do it. Their files are in the image all the same: programs
//! read them, and a kernel with another virtual machine loads them.

use beam_vm::loader::{LibraryBuilder, LoadError};

use super::layout::Layout;
use crate::failure::{Code, Failure};

/// The library of a layout's modules.
///
/// # Errors
/// A module is damaged, or does what no module may.
pub fn library(layout: &Layout) -> Result<Vec<u8>, Failure> {
    let no_machine = |why| {
        let why = format!("{why:?}");
        Failure::new(Code::Build, "cannot translate modules", why, "give this program more memory")
    };
    let mut library = LibraryBuilder::new().map_err(no_machine)?;
    for (path, file) in layout.files.iter().filter(|(path, _)| path.ends_with(".beam")) {
        library.add(&file.bytes).map_err(|why| failure(path, &why))?;
    }
    Ok(library.build())
}

fn failure(path: &str, why: &LoadError) -> Failure {
    let help = "compile it again, with a compiler of OTP 24 to 28";
    Failure::new(Code::Build, format!("{path} is no module that can be loaded"), why, help)
}
