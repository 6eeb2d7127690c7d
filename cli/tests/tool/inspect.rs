// SPDX-License-Identifier: Apache-2.0
//! `voxoz inspect`.

use serde_json::{Value, json};

use crate::{Outcome, Scratch, kernel, voxoz};

fn inspect_json(bytes: &[u8], name: &str) -> (Value, Outcome) {
    let scratch = Scratch::new(name);
    let outcome = voxoz(&["inspect", "--json", &scratch.file("kernel.elf", bytes)]);
    (serde_json::from_str(&outcome.out).expect("the output is JSON"), outcome)
}

#[test]
fn a_packed_kernel_is_shown_whole() {
    let (report, outcome) = inspect_json(&kernel::packed(), "whole");
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    assert_eq!(report["entry"], "0x100000");
    assert_eq!(report["build_id"], "abcdef01");
    assert_eq!(report["xen_notes"], json!({"XEN_VERSION": "xen-3.0", "ENTRY": "0x100000"}));
    let types: Vec<&Value> = report["segments"].as_array().unwrap().iter().map(|s| &s["type"]).collect();
    assert_eq!(types, ["load", "note", "load"]);
    let image = &report["image"];
    assert_eq!(image["symbols"], 2);
    assert_eq!(image["arguments"], json!([]));
    assert_eq!(image["build"], json!({"version": "0.1.0"}));
    assert_eq!(image["damage"], Value::Null);
    let sections = image["sections"].as_array().unwrap();
    assert_eq!(sections.len(), 3);
    assert_eq!(sections[0]["kind"], "symbols");
    assert_eq!(sections[2]["kind"], "700");
    assert!(sections.iter().all(|section| section["checksum_good"] == true));
}

#[test]
fn the_text_names_everything() {
    let scratch = Scratch::new("text");
    let packed = scratch.path("packed.elf");
    let input = scratch.file("kernel.elf", &kernel::packed());
    assert_eq!(voxoz(&["pack", &input, "-o", &packed, "--argument", "a b"]).code, Some(0));
    let outcome = voxoz(&["inspect", &packed]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let lines = [
        "  entry     0x100000\n",
        "  build-id  abcdef01\n",
        "  load   r-x  virtual 0x0000000000100000  physical 0x100000  file ",
        "  load   r--  virtual 0x0000000000101000  physical 0x101000  file ",
        "  XEN_VERSION  xen-3.0\n",
        "  section    symbols: ",
        " good\n",
        "  symbols    2 functions\n",
        "  argument   \"a b\"\n",
        "  version    0.1.0\n",
    ];
    for line in lines {
        assert!(outcome.out.contains(line), "{line:?} is not in\n{}", outcome.out);
    }
    assert!(!outcome.out.contains('\x1B'), "no colour in a pipe");
}

#[test]
fn damage_is_shown_and_is_an_error() {
    let mut damaged = kernel::packed();
    *damaged.last_mut().unwrap() ^= 1;
    let (report, outcome) = inspect_json(&damaged, "damage");
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.contains("is damaged\n  image section 700 has checksum"), "{}", outcome.err);
    assert_eq!(report["image"]["sections"][2]["checksum_good"], false);
    assert_eq!(report["image"]["sections"][1]["checksum_good"], true);
    assert_eq!(report["image"]["symbols"], 2);
}

#[test]
fn kernels_without_an_image_are_shown_too() {
    let (report, outcome) = inspect_json(&kernel::linked(), "unpacked");
    assert_eq!(outcome.code, Some(0));
    assert_eq!(report["image"], Value::Null);
    assert_eq!(report["no_image"], "the kernel has not been packed");

    let mut foreign = kernel::linked();
    let own = foreign.windows(5).position(|bytes| bytes == b"Voxoz").unwrap();
    foreign[own] = b'v';
    let (report, outcome) = inspect_json(&foreign, "foreign");
    assert_eq!(outcome.code, Some(0));
    assert_eq!(report["no_image"], "kernel has no ELF note with owner \"Voxoz\" and type 1");
    assert_eq!(report["xen_notes"]["XEN_VERSION"], "xen-3.0");
}
