// SPDX-License-Identifier: Apache-2.0
//! The command line itself.

use crate::voxoz;

#[test]
fn help_documents_the_exit_codes() {
    let outcome = voxoz(&["--help"]);
    assert_eq!(outcome.code, Some(0));
    for line in [
        "  0  all went well\n",
        "  1  the guest or a check failed\n",
        "  2  the command line is wrong\n",
        "  3  a file cannot be read, packed or written\n",
        "  4  this machine lacks something\n",
    ] {
        assert!(outcome.out.contains(line), "{line:?} is not in\n{}", outcome.out);
    }
    for command in ["build", "check", "run", "inspect", "pack", "doctor", "version"] {
        assert!(outcome.out.contains(&format!("\n  {command} ")), "{command} is not in\n{}", outcome.out);
    }
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    for arguments in [&["fly"][..], &["pack"], &["inspect", "a", "b"], &[]] {
        let outcome = voxoz(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments:?}");
        assert_eq!(outcome.out, "", "{arguments:?}");
        assert!(!outcome.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let expected = format!("voxoz {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(voxoz(&["version"]).out, expected);
    assert_eq!(voxoz(&["--version"]).out, expected);
}

#[test]
fn a_guest_that_is_not_there_is_found_before_anything_boots() {
    let outcome = voxoz(&["--no-install", "run", "/nonexistent/guest.elf"]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.starts_with("error: cannot read /nonexistent/guest.elf\n"), "{}", outcome.err);
}

/// The machine that runs this test may or may not be able to run guests; both answers have a form.
#[test]
fn the_doctor_lists_what_is_there_and_what_is_not() {
    let outcome = voxoz(&["doctor"]);
    assert!(outcome.out.contains("good   linux on x86_64\n"), "{}", outcome.out);
    assert!(outcome.out.contains("package qemu-system-x86\n"), "{}", outcome.out);
    if outcome.out.contains("lacks  ") {
        assert_eq!(outcome.code, Some(4));
        assert!(
            outcome.err.starts_with("error: this machine cannot build and run guests yet\n"),
            "{}",
            outcome.err
        );
    } else {
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    }
}
