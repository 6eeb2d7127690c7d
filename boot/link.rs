// SPDX-License-Identifier: Apache-2.0
//! How every kernel binary is linked: statically, without a C runtime, by the workspace's `linker.ld`. Build scripts take this file as a
//! module.

/// Tells the linker, through cargo, how to link the binaries of the package whose build script calls this.
///
/// `script` is the linker script's path from the package's folder.
pub fn link_as_kernel(script: &str) {
    let directory = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let script = std::path::Path::new(&directory).join(script);
    println!("cargo::rerun-if-changed={}", script.display());
    let script = format!("-T{}", script.display());
    let flags = [
        "-nostartfiles",
        "-nostdlib",
        "-static",
        "-no-pie",
        "-Wl,--build-id=sha1",
        "-Wl,-z,max-page-size=4096",
    ];
    for argument in flags.into_iter().chain([&*script]) {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}
