// SPDX-License-Identifier: Apache-2.0
//! Loads every module of the OTP installation: there is no instruction in them that the machine lacks.

use std::fs;
use std::path::{Path, PathBuf};

use beam_vm::loader;
use beam_vm::vm::Vm;
use hosted::{CodePath, LinuxPlatform, Network, OtpRoot};

/// The `.beam` files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "beam") {
            found.push(path);
        }
    }
}

#[test]
fn all_modules_of_the_installation_load() {
    let Some(root) = OtpRoot::find() else {
        println!("there is no OTP installation: nothing to load");
        return;
    };
    let mut paths = Vec::new();
    files(&root.libraries(), &mut paths);
    paths.sort();
    let mut vm =
        Vm::new(Box::new(LinuxPlatform::new(CodePath::default(), None, Network::Host))).expect("a machine");
    vm.use_machine_code();
    let mut failures = Vec::new();
    for path in &paths {
        let bytes = fs::read(path).expect("a file that was listed can be read");
        if let Err(error) = loader::load(&mut vm, bytes, None) {
            failures.push(format!("{}: {error}", path.display()));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} do not load:\n{}",
        failures.len(),
        paths.len(),
        failures.join("\n")
    );
    assert!(!paths.is_empty(), "an installation has modules");
}
