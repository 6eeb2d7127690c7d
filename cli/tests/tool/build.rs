// SPDX-License-Identifier: Apache-2.0
//! `voxoz build`, and what it makes, run as a process with `voxoz run --hosted`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use beam_vm::beam_file::{ChunkId, Module};
use image::arguments::Arguments;
use image::files::FileTable;
use image::pack::Kernel;
use image::{Image, SectionKind};
use serde_json::Value;

use crate::release::{application, erl, has_otp, release, with_kernel};
use crate::{Outcome, Scratch, kernel, voxoz, voxoz_with};

/// What compressed files begin with.
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// What is in an image: the words, and the files with their bytes.
fn contents(path: &str) -> (Vec<String>, BTreeMap<String, Vec<u8>>) {
    let bytes = fs::read(path).expect("the file was written");
    let kernel = Kernel::parse(&bytes).expect("a kernel");
    let image = Image::parse(kernel.image().expect("an image")).expect("a good image");
    let words = Arguments::parse(image.section(SectionKind::ARGUMENTS).expect("words")).expect("good words");
    let table = FileTable::parse(image.section(SectionKind::FILES).expect("files")).expect("good files");
    assert!(table.iter().all(|entry| entry.bytes.is_empty() || entry.verify().is_ok()));
    let files =
        table.iter().map(|entry| (String::from_utf8_lossy(entry.path).into_owned(), entry.bytes.to_vec()));
    (words.iter().map(String::from).collect(), files.collect())
}

fn failed(outcome: &Outcome, code: i32, text: &str) {
    assert_eq!(outcome.code, Some(code), "{}", outcome.err);
    assert!(outcome.err.contains(text), "{text:?} is not in\n{}", outcome.err);
    assert!(outcome.err.contains("help: "), "{}", outcome.err);
}

#[test]
fn a_release_is_built_and_runs() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("build-release");
    let (folder, archive) = release(&scratch);
    let output = scratch.path("out.elf");
    let outcome =
        voxoz(&with_kernel(&scratch, &["build", &folder, "-o", &output, "--env", "WHO=you", "--json"]));
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let report: Value = serde_json::from_str(&outcome.out).expect("JSON");
    assert_eq!((&report["name"], &report["version"]), (&"greeter".into(), &"2".into()));
    assert_eq!(report["applications"].as_array().map(Vec::len), Some(4));
    let config = fs::read_to_string(scratch.path("out.cfg")).expect("a configuration");
    assert!(config.contains("name = \"greeter\"\n") && config.contains("memory = 64\n"), "{config}");

    let (words, files) = contents(&output);
    let expected =
        ["-noinput", "-boot", "/app/releases/2/start", "-mode", "embedded", "-config", "/app/releases/2/sys"];
    assert_eq!(words, expected);
    let boot = fs::read(format!("{folder}/releases/2/start.boot")).expect("a boot file");
    assert_eq!(files["/app/releases/2/start.boot"], boot, "stock's boot file is kept");
    assert_eq!(files["/app/lib/greet-1.0/priv/deep/data.txt"], b"data\n");
    assert!(!files.keys().any(|path| path.contains("/src")), "sources are left out");
    let stripped = &files["/app/lib/greet-1.0/ebin/greet.beam"];
    assert!(stripped.starts_with(&GZIP), "it is compressed");
    let stripped = Module::open(stripped.clone()).expect("a module");
    assert!(stripped.chunk(ChunkId::DEBUG_INFO).is_none(), "debug information is left out");
    assert!(stripped.chunk(ChunkId::ATTRIBUTES).is_some());

    let run = voxoz(&["run", "--hosted", &output]);
    let expected = "data\n{ok,world} \"you\" {ok,\"/app\"}\n[[hello]]\n";
    assert_eq!((run.code, run.out.as_str()), (Some(4), expected), "{}", run.err);

    let other = scratch.path("other.elf");
    let outcome =
        voxoz(&with_kernel(&scratch, &["build", &archive, "-o", &other, "--env", "WHO=you", "--quiet"]));
    assert_eq!((outcome.code, outcome.out.as_str(), outcome.err.as_str()), (Some(0), "", ""));
    assert!(fs::read(&output).expect("a file") == fs::read(&other).expect("a file"), "the same to the byte");
    let listed = voxoz(&["inspect", &output]).out;
    for line in ["  root       /app\n", "  variable   WHO=you\n", " /app/lib/greet-1.0/priv/deep/data.txt\n"]
    {
        assert!(listed.contains(line), "{line:?} is not in\n{listed}");
    }
    let listed: Value = serde_json::from_str(&voxoz(&["inspect", "--json", &output]).out).expect("JSON");
    assert_eq!(listed["image"]["start"]["cwd"], "/app");
    let modules = report["modules"].as_u64();
    assert!(modules.is_some_and(|modules| modules > 200));
    assert_eq!(
        report["modules_translated"].as_array().map(|names| names.len() as u64),
        modules,
        "in embedded mode all"
    );
    assert_eq!(listed["image"]["library"]["modules"].as_u64(), modules);
    let (stored, expanded) =
        (report["library_length"].as_u64(), listed["image"]["library"]["expanded"].as_u64());
    assert!(stored.zip(expanded).is_some_and(|(stored, expanded)| stored < expanded));
    assert!(listed["image"]["files"].as_array().is_some_and(|files| files.len() > 200));
}

#[test]
fn variables_are_replaced_in_configuration() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("build-variables");
    let (folder, _) = release(&scratch);
    let file =
        |name: &str, text: &str| fs::write(format!("{folder}/releases/2/{name}"), text).expect("a file");
    file("sys.config.src", "[{greet,[{who,${GREETED}}]}].\n");
    file("vm.args.src", "# words\n-sname ${NODE:-n}\n+P 2048 -a 'b c'\n");
    let output = scratch.path("out.elf");
    let words = with_kernel(&scratch, &["build", &folder, "-o", &output]);
    failed(&voxoz(&words), 3, "GREETED");
    assert!(fs::metadata(&output).is_err(), "nothing is left behind");
    let outcome = voxoz_with(&words, &[("GREETED", "\"them\"")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert!(outcome.out.contains("-sname n, which is left out"), "{}", outcome.out);
    let (words, files) = contents(&output);
    assert_eq!(words[words.len() - 4..], ["+P", "2048", "-a", "b c"]);
    assert_eq!(files["/app/releases/2/sys.config"], b"[{greet,[{who,\"them\"}]}].\n");
    assert!(!files.contains_key("/app/releases/2/sys.config.src"));
}

#[test]
fn folders_of_modules_are_built() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("build-folders");
    let folder = application(&scratch);
    let output = scratch.path("out.elf");
    let build = |more: &[&str]| {
        let words = [&["build", folder.as_str(), "-o", output.as_str()], more].concat();
        voxoz(&with_kernel(&scratch, &words))
    };
    let outcome = build(&["-s", "greet", "start"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    assert!(outcome.out.contains("Start it with `xl create -c "), "{}", outcome.out);
    assert!(fs::metadata(&output).expect("a file").len() < 6 << 20);
    let run = voxoz(&["run", "--hosted", &output]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "hello\n"), "{}", run.err);
    // With an application file nothing has to be named.
    assert_eq!(build(&["--keep-debug", "--application", "sasl"]).code, Some(0));
    let (words, files) = contents(&output);
    assert!(words.iter().any(|word| word.contains("ensure_all_started('greet'")), "{words:?}");
    assert!(files["/app/lib/greet-1.0/ebin/greet.beam"].windows(4).any(|chunk| chunk == b"Dbgi"));
    assert!(files.keys().any(|path| path.starts_with("/app/lib/sasl-")));
    let run = voxoz(&["run", "--hosted", &output]);
    assert_eq!(run.code, Some(4), "{}{}", run.out, run.err);
}

#[test]
fn what_a_start_loads_is_translated() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("build-translated");
    let folder = application(&scratch);
    let text = "-module(loaded).\n-export([start/0]).\nstart() -> io:format(\"~p~n\", [{loaded,\"text\"}]), \
                [io:format(\"~s~n\", [M]) || {M, _} <- code:all_loaded()], halt(0).\n";
    fs::write(format!("{folder}/src/loaded.erl"), text).expect("a file");
    erl(Path::new(&folder), "{ok,_} = compile:file(\"src/loaded\", [{outdir,\"ebin\"}])");
    let output = scratch.path("out.elf");
    let build = |more: &[&str]| -> Vec<String> {
        let words = [&["build", folder.as_str(), "-o", output.as_str(), "--json"], more].concat();
        let outcome = voxoz(&with_kernel(&scratch, &words));
        assert_eq!(outcome.code, Some(0), "{}", outcome.err);
        let report: Value = serde_json::from_str(&outcome.out).expect("JSON");
        let names = report["modules_translated"].as_array().expect("names").iter();
        names.filter_map(Value::as_str).map(String::from).collect()
    };
    let starts: [&[&str]; 2] =
        [&["-s", "loaded"], &["-s", "greet_other", "f", "--", "-noshell", "-eval", "loaded:start()"]];
    for words in starts {
        let translated = build(words);
        let run = voxoz(&["run", "--hosted", &output]);
        assert_eq!(run.code, Some(0), "{}", run.err);
        let loaded: Vec<&str> = run.out.lines().skip(1).collect();
        assert!(loaded.contains(&"loaded") && loaded.contains(&"application_controller"), "{loaded:?}");
        let missing = loaded.iter().filter(|module| !translated.iter().any(|name| name == *module));
        assert_eq!(missing.collect::<Vec<_>>(), [&""; 0], "{words:?}");
        assert!(!translated.iter().any(|name| name == "dets"), "no start loads that");
    }
    let all = build(&["-s", "loaded", "--translate", "all"]);
    assert!(all.iter().any(|name| name == "dets"));
}

#[test]
fn modules_that_nothing_names_can_be_left_out() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("build-prune");
    let (folder, _) = release(&scratch);
    let output = scratch.path("out.elf");
    let outcome = voxoz(&with_kernel(&scratch, &["build", &folder, "--prune", "--json", "-o", &output]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let report: Value = serde_json::from_str(&outcome.out).expect("JSON");
    let left_out: Vec<&str> =
        report["modules_left_out"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(left_out.contains(&"greet_other") && !left_out.contains(&"greet"), "{left_out:?}");
    let (_, files) = contents(&output);
    assert!(!files.contains_key("/app/lib/greet-1.0/ebin/greet_other.beam"));
    // A start in embedded mode loads each module that the boot file names.
    let run = voxoz(&["run", "--hosted", &output]);
    assert_eq!((run.code, run.err.as_str()), (Some(4), ""), "{}", run.out);
    assert!(run.out.ends_with("[[hello]]\n"), "{}", run.out);
}

#[test]
fn escripts_are_built() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("build-escript");
    let text = b"#!/usr/bin/env escript\n%%! -kernel x y\nmain(A) -> io:format(\"~p ~p~n\", [A, application:get_env(kernel, x)]), halt(3).\n";
    let script = scratch.file("greet.escript", text);
    let run = voxoz(&with_kernel(&scratch, &["run", "--hosted", &script, "--", "a", "b c"]));
    assert_eq!((run.code, run.out.as_str()), (Some(3), "[\"a\",\"b c\"] {ok,y}\n"), "{}", run.err);
    failed(&voxoz(&with_kernel(&scratch, &["build", &script, "-s", "m"])), 2, "is an escript");
}

#[test]
fn what_cannot_be_built_is_told() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("build-errors");
    let (folder, archive) = release(&scratch);
    let output = scratch.path("out.elf");
    let build =
        |words: &[&str]| voxoz(&with_kernel(&scratch, &[&["build", "-o", output.as_str()], words].concat()));

    failed(&build(&[&scratch.path("nowhere")]), 3, "cannot read ");
    fs::create_dir_all(scratch.path("empty")).expect("a folder");
    failed(&build(&[&scratch.path("empty")]), 3, "is no release and has no modules");
    failed(&build(&[]), 2, "there is nothing to build");
    failed(&build(&[&folder, "-s", "greet"]), 2, "is a release");
    failed(&build(&[&folder, "--application", "ssl"]), 2, "is a release");
    failed(&build(&[&folder, "--memory", "8"]), 3, "does not fit into 8 MiB");
    assert_eq!(build(&[&folder, "--json", "--quiet"]).code, Some(2));
    failed(&build(&[&scratch.file("text", b"text")]), 3, "neither a .tar.gz nor does it begin with #!");
    let cut = scratch.file("cut.tar.gz", &fs::read(&archive).expect("an archive")[..1000]);
    failed(&build(&[&cut]), 3, "cannot unpack");

    let native = format!("{folder}/lib/greet-1.0/priv/fast.so");
    let mut elf = b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\xB7\0".to_vec();
    elf.resize(64, 0);
    fs::write(&native, elf).expect("a file");
    failed(&build(&[&folder]), 3, "fast.so is a library of NIFs or a driver for AArch64");
    let outcome = build(&[&folder, "--ignore-natives"]);
    assert!(
        outcome.code == Some(0) && outcome.out.contains("left out      "),
        "{}{}",
        outcome.out,
        outcome.err
    );
    fs::remove_file(&native).expect("it is there");
    fs::remove_file(&output).expect("it is there");

    let data = format!("{folder}/releases/start_erl.data");
    for (version, text) in [("10.7", "too old"), ("17.1", "too new"), ("13.0.1", "set VOXOZ_OTP_ROOT")] {
        fs::write(&data, format!("{version} 2")).expect("a file");
        failed(&build(&[&folder]), 3, text);
    }
    fs::remove_file(&data).expect("it is there");
    let beam = format!("{folder}/lib/greet-1.0/ebin/greet.beam");
    let whole = fs::read(&beam).expect("a module");
    fs::write(&beam, &whole[..100]).expect("a file");
    failed(&build(&[&folder]), 3, "greet.beam is no module that can be loaded");
    fs::remove_file(&beam).expect("it is there");
    std::os::unix::fs::symlink("nowhere", &beam).expect("a link");
    failed(&build(&[&folder]), 3, "cannot read ");
    fs::remove_dir_all(format!("{folder}/lib/greet-1.0")).expect("it is there");
    failed(&build(&[&folder]), 3, "the application greet is missing");
    fs::remove_dir_all(format!("{folder}/releases/2")).expect("it is there");
    failed(&build(&[&folder]), 3, "cannot tell which release");
    assert!(fs::metadata(&output).is_err(), "nothing is left behind");
    let left = fs::read_dir(&scratch.0).expect("a folder").flatten();
    assert!(!left.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().contains(".tmp")));
}

#[test]
fn the_kernel_is_looked_for() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("build-kernel");
    let folder = application(&scratch);
    let words = ["build", folder.as_str(), "-s", "greet", "-o"].map(String::from).to_vec();
    let with_output = |output: &str| [words.clone(), vec![scratch.path(output)]].concat();
    let missing = scratch.path("missing.elf");
    failed(&voxoz_with(&with_output("a.elf"), &[("VOXOZ_KERNEL", &missing)]), 3, "cannot read ");
    let kernel = scratch.file("linked.elf", &kernel::linked());
    assert_eq!(voxoz_with(&with_output("a.elf"), &[("VOXOZ_KERNEL", &kernel)]).code, Some(0));
    failed(&voxoz_with(&with_output("no/a.elf"), &[("VOXOZ_KERNEL", &kernel)]), 3, "cannot write ");
    let script = scratch.file("script", b"#!/bin/sh\n");
    failed(&voxoz_with(&with_output("b.elf"), &[("VOXOZ_KERNEL", &script)]), 3, "is not a kernel of Voxoz");
    failed(
        &voxoz_with(&with_output("b.elf"), &[("VOXOZ_KERNEL", &kernel), ("SOURCE_DATE_EPOCH", "x")]),
        2,
        "SOURCE_DATE_EPOCH",
    );
}
