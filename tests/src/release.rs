// SPDX-License-Identifier: Apache-2.0
//! A release with many modules: made by stock's `systools` as anybody's is, packed by the host tool, and booted with the memory that the tool gives it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::{GuestSpec, Reason};
use libtest_mimic::Failed;

use crate::packed::tool;
use crate::trial::{LIMIT, finish};
use crate::world::{World, target};

/// How many modules the application has beside its own three.
const MODULES: u64 = 500;
/// What each is asked about.
const QUESTION: u64 = 7;

/// Its application and supervisor.
const APPLICATION: &str = "-module(many_app).
-behaviour(application).
-behaviour(supervisor).
-export([start/2, stop/1, init/1]).
start(_, _) -> supervisor:start_link({local, many_sup}, ?MODULE, []).
stop(_) -> io:format(\"many has stopped~n\").
init([]) -> {ok, {#{}, [#{id => many_server, start => {many_server, start_link, []}}]}}.
";

/// Its worker: sees that all modules are there before the first of them is called, and calls each.
const SERVER: &str = "-module(many_server).
-behaviour(gen_server).
-export([start_link/0, init/1, handle_call/3, handle_cast/2]).
start_link() -> gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).
init([]) ->
    {ok, All} = application:get_key(many, modules),
    Asked = [M || M <- All, lists:prefix(\"many_part_\", atom_to_list(M))],
    Loaded = length([M || M <- Asked, erlang:module_loaded(M)]),
    io:format(\"~p of ~p are loaded, mode ~p~n\", [Loaded, length(Asked), init:get_argument(mode)]),
    {ok, Question} = application:get_env(many, question),
    io:format(\"answer ~p~n\", [lists:sum([M:answer(Question) || M <- Asked])]),
    {ok, Asked}.
handle_call(_, _, Asked) -> {reply, Asked, Asked}.
handle_cast(_, Asked) -> {noreply, Asked}.
";

/// The module of this number: literals, a record, a map, a fun, a binary, and a call of its neighbour.
fn part(number: u64) -> String {
    let next = number % MODULES + 1;
    format!(
        "-module(many_part_{number}).
-export([answer/1, neighbour/1, name/0]).
-record(part, {{number = {number}, name = \"part {number}\", next = many_part_{next}}}).
answer(X) ->
    #part{{number = N, next = Next}} = new(#{{}}),
    {number} = Next:neighbour(?MODULE),
    <<Low:8, _/binary>> = <<N:16/little, (name())/binary>>,
    Low = N rem 256,
    (lists:foldl(fun(Y, F) -> fun(Z) -> F(Z) + Y - X end end, fun(Z) -> Z * N end, [X]))(X).
neighbour(Module) ->
    \"many_part_\" ++ Digits = atom_to_list(Module),
    list_to_integer(Digits).
name() -> <<\"part {number}\">>.
new(#{{name := Name}}) -> #part{{name = Name}};
new(#{{}}) -> #part{{}}.
"
    )
}

/// Makes the release's archive by stock's OTP, in a folder that is empty before.
fn release(folder: &Path) -> Result<PathBuf, Failed> {
    let _ = fs::remove_dir_all(folder);
    let (application, source) = (folder.join("lib/many-1.0"), folder.join("src"));
    fs::create_dir_all(application.join("ebin"))?;
    fs::create_dir_all(&source)?;
    let mut names = String::from("many_app,many_server");
    fs::write(source.join("many_app.erl"), APPLICATION)?;
    fs::write(source.join("many_server.erl"), SERVER)?;
    for number in 1..=MODULES {
        write!(names, ",many_part_{number}")?;
        fs::write(source.join(format!("many_part_{number}.erl")), part(number))?;
    }
    let app = format!(
        "{{application,many,[{{description,\"many modules\"}},{{vsn,\"1.0\"}},{{modules,[{names}]}},{{registered,[many_sup,many_server]}},\
         {{applications,[kernel,stdlib]}},{{env,[{{question,{QUESTION}}}]}},{{mod,{{many_app,[]}}}}]}}.\n"
    );
    fs::write(application.join("ebin/many.app"), app)?;
    // One `erlc` is started for all modules.
    let sources =
        fs::read_dir(&source)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    run(Command::new("erlc").arg("-o").arg(application.join("ebin")).args(sources), folder)?;
    let script = "V = fun(A) -> application:load(A), {ok, X} = application:get_key(A, vsn), {A, X} end, \
         Path = [{path, [\"lib/many-1.0/ebin\"]}], \
         Rel = {release, {\"many\", \"1\"}, {erts, erlang:system_info(version)}, [V(kernel), V(stdlib), V(sasl), {many, \"1.0\"}]}, \
         ok = file:write_file(\"many.rel\", io_lib:format(\"~p.~n\", [Rel])), \
         ok = systools:make_script(\"many\", Path), ok = systools:make_tar(\"many\", Path), halt().";
    run(Command::new("erl").args(["-noshell", "-eval", script]), folder)?;
    Ok(folder.join("many.tar.gz"))
}

fn run(command: &mut Command, folder: &Path) -> Result<(), Failed> {
    let output = command.current_dir(folder).output()?;
    if output.status.success() { Ok(()) } else { Err(format!("{output:?}").into()) }
}

pub fn of_500_modules_boots(world: &World) -> Result<(), Failed> {
    let folder = target().join("nodes/many");
    let text = |path: &Path| path.display().to_string();
    let (archive, image) = (text(&release(&folder)?), folder.join("many.elf"));
    let kernel = text(&target().join("voxoz-kernel.elf"));
    tool(&["build", &archive, "--quiet", "--kernel", &kernel, "--output", &text(&image)])?;
    let mut spec = GuestSpec::new("many", &image);
    spec.memory_mib = memory(&fs::read_to_string(folder.join("many.cfg"))?)?;
    let guest = world.lab()?.create(&spec)?;
    let answer: u64 = (1..=MODULES).map(|number| number * QUESTION).sum();
    guest.console().wait_line(&format!("answer {answer}"), LIMIT)?;
    guest.shutdown()?;
    let outcome = finish(&guest, LIMIT)?;
    outcome.must_contain(&format!("{MODULES} of {MODULES} are loaded, mode {{ok,[[\"embedded\"]]}}\n"))?;
    outcome.must_contain("many has stopped\n")?;
    outcome.must_end(Reason::Poweroff)
}

/// The memory that a configuration for xl gives.
fn memory(config: &str) -> Result<u32, Failed> {
    let line = config.lines().find_map(|line| line.strip_prefix("memory = ")).ok_or("no memory")?;
    Ok(line.parse()?)
}
