// SPDX-License-Identifier: Apache-2.0
//! What a process that waits takes: at most half of what stock's does, counted as the system counts, by pages of memory.

use std::fs;
use std::path::Path;
use std::process::Command;

use beam_vm::script::{self, Outcome};
use hosted::{CodePath, OtpRoot, Settings};

/// How many processes the program makes.
const PROCESSES: usize = 100_000;
/// Bytes by which stock's emulator (OTP 25.2.3) grows for each of them.
const STOCK: usize = 2827;

/// Bytes of memory that this process has.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells");
    let kibibytes: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kibibytes * 1024
}

#[test]
fn a_waiting_process_takes_half_of_what_it_takes_in_stock() {
    let Some(root) = OtpRoot::find() else {
        println!("there is no OTP installation: nothing to compile with");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("process_bytes");
    fs::create_dir_all(&folder).expect("a folder for the module");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/process_bytes/parked.erl");
    let erlc = Command::new("erlc").arg("-o").arg(&folder).arg(source).status().expect("erlc starts");
    assert!(erlc.success());

    let mut machine = hosted::machine(CodePath::new(vec![folder], Some(&root)), Settings::default());
    let before = resident();
    let outcome = script::call(&mut machine, "parked", "start").expect("the program starts");
    let each = (resident() - before) / PROCESSES;
    assert_eq!(outcome, Outcome::Returned(format!("{PROCESSES}\n").into_bytes()));
    println!("a process takes {each} bytes");
    assert!(each <= STOCK / 2, "a process takes {each} bytes");
    assert!(each > 300, "{each} bytes cannot be a process: they were not there any more");
}
