// SPDX-License-Identifier: Apache-2.0
//! Results on standard output. That they cannot be written is an error as any other, unless whoever reads has enough.

use std::fmt;
use std::io::{ErrorKind, Write};

use crate::failure::{Code, Failure};

/// Prints text, without colours where nobody would see them.
pub fn print(text: fmt::Arguments<'_>) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    judge(out.write_fmt(text).and_then(|()| out.flush()))
}

/// Prints a line.
pub fn line(text: fmt::Arguments<'_>) -> Result<(), Failure> {
    print(format_args!("{text}\n"))
}

/// What the end of a write to standard output comes to.
pub fn judge(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(why) if why.kind() != ErrorKind::BrokenPipe => {
            let help = "look where the output goes";
            Err(Failure::new(Code::Build, "cannot write to standard output", why, help))
        }
        _ => Ok(()),
    }
}
