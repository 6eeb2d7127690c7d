// SPDX-License-Identifier: Apache-2.0
//! The program behind `cargo xtask`; what it does is in the library.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::main()
}
