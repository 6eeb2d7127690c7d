// SPDX-License-Identifier: Apache-2.0
//! Chooses the form of dispatch, sums up the sources, and links the crate's own tests as the tail-called form needs it.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rustc-check-cfg=cfg(voxoz_tail_calls)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    // Calls in tail position are jumps only where the compiler optimises.
    if env::var("OPT_LEVEL").is_ok_and(|level| level != "0") {
        println!("cargo::rustc-cfg=voxoz_tail_calls");
    }
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg=-no-pie");
    }
    println!("cargo::rustc-env=VOXOZ_VM_STAMP={:016x}", stamp(Path::new("src"))?);
    Ok(())
}

/// A sum of all sources, by which modules that were translated by another virtual machine than this one are told. Which of them have to do with
/// what an instruction is nobody has to say then.
fn stamp(sources: &Path) -> io::Result<u64> {
    let mut files = Vec::new();
    collect(sources, &mut files)?;
    files.sort();
    let mut sum = 0xCBF2_9CE4_8422_2325_u64;
    let mut feed = |bytes: &[u8]| {
        for byte in bytes {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
        }
    };
    for file in files {
        feed(file.to_string_lossy().as_bytes());
        feed(&fs::read(&file)?);
    }
    Ok(sum)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
