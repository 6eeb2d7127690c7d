// SPDX-License-Identifier: Apache-2.0
//! `voxoz check`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::release::{application, erl, has_otp};
use crate::{Scratch, voxoz};

#[test]
fn an_application_that_runs_has_only_notes() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("check-good");
    let folder = application(&scratch);
    let outcome = voxoz(&["check", &folder]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{}", outcome.out);
    assert!(outcome.out.starts_with("greet 1.0, OTP "), "{}", outcome.out);
    assert!(!outcome.out.contains("  lacks  "), "{}", outcome.out);
}

#[test]
fn what_is_lacking_is_listed() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("check-bad");
    let folder = application(&scratch);
    let source = "-module(bad).\n-export([f/0, g/0]).\n-on_load(load/0).\nload() -> erlang:load_nif(\"bad\", 0).\n\
                  f() -> {os:cmd(\"ls\"), nowhere:f()}.\ng() -> code:get_coverage(a, b).\n";
    fs::write(format!("{folder}/src/bad.erl"), source).expect("a file");
    erl(Path::new(&folder), "{ok,_} = compile:file(\"src/bad\", [{outdir,\"ebin\"}])");
    fs::write(format!("{folder}/priv/bad.so"), b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3E\0")
        .expect("a file");
    let outcome = voxoz(&["check", "--json", &folder]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.err);
    let report: Value = serde_json::from_str(&outcome.out).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let has = |severity: &str, what: &str| {
        findings
            .iter()
            .any(|f| f["severity"] == severity && f["what"].as_str().is_some_and(|text| text.contains(what)))
    };
    for (severity, what) in [
        ("lacking", "priv/bad.so: a library of NIFs or a driver for x86-64"),
        ("lacking", "natives of the module bad"),
        ("lacking", "the built-in function code:get_coverage/2"),
        ("note", "a call of os:cmd/1"),
        ("note", "the module nowhere"),
    ] {
        assert!(has(severity, what), "{severity} {what} is not in\n{}", outcome.out);
    }
    assert!(outcome.err.contains("a guest lacks what greet needs"), "{}", outcome.err);
}
