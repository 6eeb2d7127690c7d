// SPDX-License-Identifier: Apache-2.0
//! Links the targets at fixed addresses: the virtual machine's instructions have 32-bit addresses of code in them.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg=-no-pie");
}
