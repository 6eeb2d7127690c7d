// SPDX-License-Identifier: Apache-2.0
//! A program ends with a slogan, and OTP's own `crashdump_viewer` reads the dump: the same facts as in a dump of stock OTP.

use std::path::{Path, PathBuf};
use std::process::Command;

use beam_vm::script::{self, Outcome};
use hosted::{CodePath, Collections, OtpRoot, Settings, machine};

/// What the viewer finds in a dump of stock OTP.
const FACTS: &str = include_str!("crash_dump/facts.txt");

/// Compiles the program and the reader, if there are a compiler and the viewer.
fn compile(to: &Path) -> bool {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash_dump");
    let compiled = Command::new("erlc")
        .arg("-o")
        .arg(to)
        .args([sources.join("crash_scene.erl"), sources.join("crash_reader.erl")])
        .status();
    let has_viewer = r#"halt(case code:which(crashdump_viewer) of non_existing -> 1; _ -> 0 end)."#;
    let viewer = Command::new("erl").args(["-noshell", "-eval", has_viewer]).status();
    compiled.is_ok_and(|status| status.success()) && viewer.is_ok_and(|status| status.success())
}

/// Ends a program, reads its dump with the viewer and gives what it has found.
fn dump(folder: &Path, settings: Settings, name: &str) -> String {
    let file = folder.join(name);
    let path = CodePath::new(vec![folder.to_path_buf()], OtpRoot::find().as_ref());
    let mut vm = machine(path, settings);
    let variable = (b"ERL_CRASH_DUMP".to_vec(), file.as_os_str().as_encoded_bytes().to_vec());
    vm.environment.extend([variable]);
    let outcome = script::call(&mut vm, "crash_scene", "start").expect("the program can be called");
    assert_eq!(outcome, Outcome::Halted(1));
    let read = format!("crash_reader:read({:?}), halt().", file.display().to_string());
    let reader = Command::new("erl").args(["-noshell", "-pa"]).arg(folder).args(["-eval", &read]).output();
    let output = reader.expect("erl runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_viewer_of_otp_reads_dumps() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("crash-dump");
    std::fs::create_dir_all(&folder).expect("there is room for files");
    if !compile(&folder) {
        println!("the compiler or the viewer of OTP is not there: nothing to read with");
        return;
    }
    assert_eq!(dump(&folder, Settings::default(), "ordinary.dump"), FACTS);
    let stressed = Settings { collections: Collections::Stressed, ..Settings::default() };
    assert_eq!(dump(&folder, stressed, "stressed.dump"), FACTS);
}
