// SPDX-License-Identifier: Apache-2.0
//! What nodes do that are started for their time: the same modules and words for ours and for stock OTP on Debian's kernel.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::context::Context;
use crate::failure::{During, Failure};
use crate::process;

/// What a node does before it halts.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its name in the table.
    pub name: &'static str,
    /// A name for files, and of the folder of its module.
    pub file: &'static str,
    /// The words of `voxoz build`.
    pub build: &'static [&'static str],
    /// The words of `erl`, which are what `voxoz build` makes of its own.
    pub erl: &'static [&'static str],
}

/// The shell asks for its prompt, and is given one, when it is ready for a line; the node halts then.
const PROMPT: &[&str] = &["-stdlib", "shell_prompt_func", "{first,prompt}"];

/// All programs.
pub static PROGRAMS: [Program; 3] = [
    Program {
        name: "a first Erlang line",
        file: "first",
        build: &["--start", "first"],
        erl: &["-noinput", "-s", "first"],
    },
    Program {
        name: "the shell's prompt",
        file: "shell",
        build: &["--shell", "--", PROMPT[0], PROMPT[1], PROMPT[2]],
        erl: PROMPT,
    },
    Program {
        name: "kernel, stdlib, sasl and an application",
        file: "release",
        build: &["--application", "sasl", "--start", "first", "release"],
        erl: &["-noinput", "-s", "first", "release"],
    },
];

const SOURCE: &str = "-module(first).
-behaviour(application).
-behaviour(supervisor).
-export([start/0, release/0, prompt/1, start/2, stop/1, init/1]).
start() -> io:format(\"first line~n\"), halt().
release() -> {ok, _} = application:ensure_all_started(first), start().
prompt(_) -> spawn(fun() -> halt() end), \"1> \".
start(_, _) -> supervisor:start_link({local, first}, first, []).
stop(_) -> ok.
init([]) -> {ok, {{one_for_one, 1, 1}, []}}.
";

const APPLICATION: &str = "{application, first, [{vsn, \"1\"}, {modules, [first]}, {registered, [first]},
 {applications, [kernel, stdlib, sasl]}, {mod, {first, []}}]}.
";

/// The program that has an application: its folder is one.
const WITH_APPLICATION: &str = "release";

/// Compiles the module for all programs, into a folder for each: what is built of an application's folder starts it.
pub fn compile(context: &Context) -> Result<(), Failure> {
    let source = context.target().join("bench/first.erl");
    for program in &PROGRAMS {
        let ebin = program.ebin(context);
        fs::create_dir_all(&ebin)
            .and_then(|()| fs::write(&source, SOURCE))
            .during(|| "cannot write a module".to_owned())?;
        if program.file == WITH_APPLICATION {
            fs::write(ebin.join("first.app"), APPLICATION)
                .during(|| "cannot write an application".to_owned())?;
        }
        process::run(Command::new("erlc").arg("-o").arg(&ebin).arg(&source))?;
    }
    Ok(())
}

impl Program {
    /// The folder of its module.
    pub fn ebin(&self, context: &Context) -> PathBuf {
        context.target().join("bench/programs").join(self.file)
    }
}
