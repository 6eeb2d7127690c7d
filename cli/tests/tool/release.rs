// SPDX-License-Identifier: Apache-2.0
//! Small applications and releases of them, made by this machine's OTP; without one there is nothing to test.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::{Scratch, kernel};

/// Whether there is an OTP with a compiler.
pub fn has_otp() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let found = Command::new("erl")
            .args(["-noshell", "-eval", "{module,_} = code:ensure_loaded(compile), halt()."])
            .output();
        let found = found.is_ok_and(|output| output.status.success());
        if !found {
            println!("there is no OTP: nothing to build of");
        }
        found
    })
}

/// Runs Erlang.
pub fn erl(folder: &Path, code: &str) -> String {
    let code = format!("{code}, halt().");
    let output = Command::new("erl")
        .current_dir(folder)
        .args(["-noshell", "-eval", &code])
        .output()
        .expect("erl starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{code}\n{out}{err}");
    out.into_owned()
}

/// The application `greet` in `lib/greet-1.0`: prints, with a module nobody names, a file in priv, and debug information.
pub fn application(scratch: &Scratch) -> String {
    let folder = Path::new(&scratch.path("lib")).join("greet-1.0");
    for inner in ["ebin", "priv/deep", "src"] {
        fs::create_dir_all(folder.join(inner)).expect("a folder");
    }
    let file = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
    file("priv/deep/data.txt", "data\n");
    file(
        "ebin/greet.app",
        "{application,greet,[{description,\"greets\"},{vsn,\"1.0\"},{modules,[greet,greet_other]},{registered,[]},{applications,[kernel,stdlib]},{mod,{greet,[]}}]}.\n",
    );
    file(
        "src/greet.erl",
        "-module(greet).\n-behaviour(application).\n-export([start/0, start/2, stop/1]).\n-greeting(hello).\n\
         start() -> io:format(\"hello~n\"), halt(0).\n\
         start(_, _) ->\n  {ok, Data} = file:read_file(filename:join(code:priv_dir(greet), \"deep/data.txt\")),\n\
           io:format(\"~s~p ~p ~p~n\", [Data, application:get_env(greet, who), os:getenv(\"WHO\"), file:get_cwd()]),\n\
           io:format(\"~p~n\", [[V || {greeting, V} <- greet:module_info(attributes)]]),\n\
           spawn(fun stop/0), {ok, self()}.\nstop(_) -> ok.\n\
         stop() -> case init:get_status() of {started, _} -> init:stop(4); _ -> timer:sleep(10), stop() end.\n",
    );
    file("src/greet_other.erl", "-module(greet_other).\n-export([f/0]).\nf() -> ok.\n");
    erl(
        &folder,
        "[{ok,_} = compile:file(\"src/\" ++ F, [debug_info,{outdir,\"ebin\"}]) || F <- [\"greet\",\"greet_other\"]]",
    );
    folder.to_str().expect("text").into()
}

/// The same as a release `greeter`, version 2: its folder, and its archive.
pub fn release(scratch: &Scratch) -> (String, String) {
    application(scratch);
    let folder = scratch.path("release");
    fs::create_dir_all(&folder).expect("a folder");
    erl(
        Path::new(&folder),
        "code:add_path(\"../lib/greet-1.0/ebin\"), \
         V = fun(A) -> application:load(A), {ok,X} = application:get_key(A,vsn), X end, \
         Rel = {release,{\"greeter\",\"2\"},{erts,erlang:system_info(version)},[{kernel,V(kernel)},{stdlib,V(stdlib)},{sasl,V(sasl)},{greet,\"1.0\"}]}, \
         ok = file:write_file(\"greeter.rel\", io_lib:format(\"~p.~n\",[Rel])), \
         ok = file:write_file(\"sys.config\", \"[{greet,[{who,world}]}].\\n\"), \
         ok = systools:make_script(\"greeter\", [{path,[\"../lib/greet-1.0/ebin\"]}]), \
         ok = systools:make_tar(\"greeter\", [{path,[\"../lib/greet-1.0/ebin\"]}])",
    );
    let archive = format!("{folder}/greeter.tar.gz");
    let unpacked = scratch.path("unpacked");
    fs::create_dir_all(&unpacked).expect("a folder");
    erl(Path::new(&unpacked), &format!("ok = erl_tar:extract(\"{archive}\", [compressed])"));
    (unpacked, archive)
}

/// Arguments for `voxoz build` with a small kernel in a scratch folder.
pub fn with_kernel(scratch: &Scratch, words: &[&str]) -> Vec<String> {
    let kernel = scratch.file("kernel.elf", &kernel::packed());
    let mut arguments = vec![words[0].to_owned(), "--kernel".into(), kernel];
    arguments.extend(words[1..].iter().map(ToString::to_string));
    arguments
}
