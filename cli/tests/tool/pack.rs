// SPDX-License-Identifier: Apache-2.0
//! `voxoz pack`.

use std::fs;

use image::arguments::Arguments;
use image::pack::Kernel;
use image::{Image, SectionKind};

use crate::{Scratch, kernel, voxoz};

/// The embedded arguments of a packed kernel, and the kinds of all sections.
fn contents(path: &str) -> (Vec<String>, Vec<u32>) {
    let bytes = fs::read(path).unwrap();
    let kernel = Kernel::parse(&bytes).unwrap();
    let image = Image::parse(kernel.image().unwrap()).unwrap();
    let list = image.section(SectionKind::ARGUMENTS).unwrap_or_default();
    let arguments = Arguments::parse(list).unwrap().iter().map(str::to_owned).collect();
    (arguments, image.sections().map(|section| section.kind.0).collect())
}

#[test]
fn arguments_are_embedded_and_the_rest_stays() {
    let scratch = Scratch::new("embed");
    let input = scratch.file("in.elf", &kernel::packed());
    let output = scratch.path("out.elf");
    let outcome = voxoz(&["pack", &input, "-o", &output, "--argument", "-a b", "--argument=--c"]);
    assert_eq!((outcome.code, outcome.err.as_str(), outcome.out.as_str()), (Some(0), "", ""));
    assert_eq!(contents(&output), (vec!["-a b".into(), "--c".into()], vec![1, 2, 3, 700]));

    let outcome = voxoz(&["pack", &output, "-o", &output]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert_eq!(fs::read(&output).unwrap(), kernel::packed(), "without arguments it is as it was");
}

#[test]
fn a_linked_kernel_can_be_packed() {
    let scratch = Scratch::new("linked");
    let input = scratch.file("in.elf", &kernel::linked());
    let output = scratch.path("out.elf");
    assert_eq!(voxoz(&["pack", &input, "-o", &output, "--argument", "x"]).code, Some(0));
    assert_eq!(contents(&output), (vec!["x".into()], vec![2]));
}

#[test]
fn what_is_no_kernel_is_refused_in_three_parts() {
    let scratch = Scratch::new("refuse");
    let output = scratch.path("out.elf");
    let script = scratch.file("script", b"#!/bin/sh\n");
    let outcome = voxoz(&["pack", &script, "-o", &output]);
    assert_eq!(outcome.code, Some(3));
    let expected = format!(
        "error: {script} is not a kernel of Voxoz\n  file is not ELF\nhelp: build it again with `cargo xtask build`\n"
    );
    assert_eq!(outcome.err, expected);

    let mut damaged = kernel::packed();
    *damaged.last_mut().unwrap() ^= 1;
    let damaged = scratch.file("damaged.elf", &damaged);
    let outcome = voxoz(&["pack", &damaged, "-o", &output]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.contains("image section 700 has checksum"), "{}", outcome.err);

    let missing = voxoz(&["pack", &scratch.path("missing"), "-o", &output]);
    assert_eq!(missing.code, Some(3));
    assert!(missing.err.starts_with("error: cannot read "), "{}", missing.err);
    assert!(fs::metadata(&output).is_err(), "nothing is written");

    let good = scratch.file("good.elf", &kernel::packed());
    let outcome = voxoz(&["pack", &good, "-o", &scratch.path("missing/out.elf")]);
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.err.starts_with("error: cannot write "), "{}", outcome.err);
}
