// SPDX-License-Identifier: Apache-2.0
//! Output that cannot be written: each command says so, what was there before stays as it was, and no part is left behind.

use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use crate::release::{application, has_otp, release, with_kernel};
use crate::{Scratch, kernel, voxoz};

/// How a command failed that may not do everything, and what it said.
fn outcome(command: &mut Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The tool, as somebody who is not root: root may read and write everything.
fn as_nobody() -> Command {
    const NOBODY: u32 = 65534;
    let mut command = Command::new(env!("CARGO_BIN_EXE_voxoz"));
    command.env_remove("VOXOZ_KERNEL");
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Whether such a one can start the tool, which may be below a home.
fn has_nobody() -> bool {
    let is_there = as_nobody().arg("version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        println!("nobody but root can start the tool here");
    }
    is_there
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn set_mode(path: &str, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("output-full");
    let (folder, out) = (application(&scratch), scratch.path("out"));
    fs::create_dir(&out).expect("a folder");
    let output = format!("{out}/app.elf");
    let build = with_kernel(&scratch, &["build", &folder, "-s", "greet", "-o", &output, "--quiet"]);
    // A file may not become longer than 64 KiB, which is an error of the same kind as a disk without room.
    let full = || {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_voxoz")]);
        outcome(command.args(&build))
    };
    let (code, err) = full();
    assert_eq!(code, Some(3), "{err}");
    assert!(err.starts_with(&format!("error: cannot write {output}\n")), "{err}");
    assert!(err.contains("\nhelp: free some room, or name a file elsewhere with -o"), "{err}");
    assert_eq!(names(&out), [""; 0]);

    assert_eq!(voxoz(&build).code, Some(0));
    let before = [&output, &format!("{out}/app.cfg")].map(|path| fs::read(path).expect("it was built"));
    assert_eq!(full().0, Some(3));
    let after = [&output, &format!("{out}/app.cfg")].map(|path| fs::read(path).expect("it is there"));
    assert!(before == after, "the old files stay");
    assert_eq!(names(&out), ["app.cfg", "app.elf"]);

    // The second of two files cannot be written.
    fs::remove_file(format!("{out}/app.cfg")).expect("it is there");
    fs::create_dir(format!("{out}/app.cfg")).expect("a folder");
    let failed = voxoz(&build);
    assert_eq!(failed.code, Some(3), "{}", failed.err);
    assert!(failed.err.contains("app.cfg\n  is a directory"), "{}", failed.err);
    assert!(fs::read(&output).expect("it is there") == before[0]);
    assert_eq!(names(&out), ["app.cfg", "app.elf"]);
}

#[test]
fn places_where_no_file_can_be_are_told() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("output-place");
    let folder = application(&scratch);
    let pipe = scratch.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()));
    fs::create_dir(scratch.path("folder")).expect("a folder");
    for (output, why, help) in [
        ("folder", "is a directory", "name a file in it"),
        ("pipe", "it is a device or a pipe", "name a file with -o"),
        ("missing/app.elf", "No such file or directory", "make its folder first"),
    ] {
        let output = scratch.path(output);
        let failed = voxoz(&with_kernel(&scratch, &["build", &folder, "-s", "greet", "-o", &output]));
        assert_eq!((failed.code, failed.out.as_str()), (Some(3), ""), "{}", failed.err);
        for text in [&format!("error: cannot write {output}\n"), why, help] {
            assert!(failed.err.contains(text), "{text:?} is not in\n{}", failed.err);
        }
    }
    assert!(fs::metadata(&pipe).is_ok_and(|found| found.file_type().is_fifo()), "it is still there");
}

#[test]
fn what_may_not_be_read_or_written_is_told() {
    if !has_otp() || !has_nobody() {
        return;
    }
    let scratch = Scratch::new("output-forbidden");
    let (folder, _) = release(&scratch);
    let closed = scratch.path("closed");
    fs::create_dir(&closed).expect("a folder");
    set_mode(&closed, 0o555);
    let output = format!("{closed}/app.elf");
    let words = with_kernel(&scratch, &["build", &folder, "-o", &output]);
    let (code, err) = outcome(as_nobody().args(&words));
    assert_eq!(code, Some(3), "{err}");
    assert!(err.starts_with(&format!("error: cannot write {output}\n  Permission denied")), "{err}");
    assert!(err.contains("\nhelp: name a file with -o that you may write"), "{err}");
    assert_eq!(names(&closed), [""; 0]);

    let module = format!("{folder}/lib/greet-1.0/ebin/greet.beam");
    set_mode(&module, 0o000);
    for command in ["build", "run", "check"] {
        let more: &[&str] = if command == "run" { &["--hosted"] } else { &[] };
        let words = with_kernel(&scratch, &[&[command, &folder], more].concat());
        let (code, err) = outcome(as_nobody().current_dir(&closed).args(&words));
        assert_eq!(code, Some(3), "{command}: {err}");
        let text = format!("error: cannot read {module}\n  Permission denied");
        assert!(err.starts_with(&text) && err.contains("\nhelp: "), "{command}: {err}");
    }
    let image = scratch.file("closed.elf", &kernel::packed());
    set_mode(&image, 0o000);
    let (code, err) = outcome(as_nobody().args(["run", "--hosted", &image]));
    assert_eq!(code, Some(3), "{err}");
    assert!(err.starts_with(&format!("error: cannot read {image}\n  Permission denied")), "{err}");
    set_mode(&closed, 0o755);
}

#[test]
fn standard_output_that_takes_nothing_is_told() {
    let scratch = Scratch::new("output-standard");
    let image = scratch.file("app.elf", &kernel::packed());
    let commands: [&[&str]; 3] = [&["version"], &["inspect", &image], &["inspect", "--json", &image]];
    for words in commands {
        let full = File::options().write(true).open("/dev/full").expect("a device");
        let (code, err) = outcome(Command::new(env!("CARGO_BIN_EXE_voxoz")).args(words).stdout(full));
        assert_eq!(code, Some(3), "{words:?}: {err}");
        assert!(
            err.starts_with("error: cannot write to standard output\n  No space left"),
            "{words:?}: {err}"
        );
        // A reader that has enough is no error.
        let mut command = Command::new("sh");
        command.args(["-c", "\"$@\" | true", "sh", env!("CARGO_BIN_EXE_voxoz")]);
        assert_eq!(outcome(command.args(words)), (Some(0), String::new()), "{words:?}");
    }
}
