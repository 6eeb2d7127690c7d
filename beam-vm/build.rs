// SPDX-License-Identifier: Apache-2.0
//! Chooses the form of dispatch, and links the crate's own tests as the tail-called form needs it.

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(voxoz_tail_calls)");
    println!("cargo::rerun-if-changed=build.rs");
    // Calls in tail position are jumps only where the compiler optimises.
    if env::var("OPT_LEVEL").is_ok_and(|level| level != "0") {
        println!("cargo::rustc-cfg=voxoz_tail_calls");
    }
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg=-no-pie");
    }
}
