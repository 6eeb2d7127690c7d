%% SPDX-License-Identifier: Apache-2.0
%% Runs the fixtures whose modules are in a folder, one after the other, and tells of each what it has come to: as the hash of its text, since
%% only whether it is stock's matters here. `compile/0` is for the host.
-module(fixtures).
-export([compile/0, start/0]).

%% How long one may take on an emulated processor.
-define(LIMIT, 120000).

compile() ->
    {ok, [[From]]} = init:get_argument(from),
    {ok, [[To]]} = init:get_argument(to),
    Options = [{outdir, To}, deterministic, nowarn_everything],
    [{ok, _} = compile:file(File, Options) || File <- filelib:wildcard(filename:join(From, "*.erl"))],
    halt().

start() ->
    {ok, [[Folder]]} = init:get_argument(fixtures),
    {ok, [Left]} = init:get_argument(left_out),
    true = code:add_patha(Folder),
    {ok, Files} = file:list_dir(Folder),
    Names = lists:sort([filename:rootname(File) || File <- Files]),
    Wanted = [Name || Name <- Names, not lists:any(fun(Prefix) -> lists:prefix(Prefix, Name) end, Left)],
    logger:set_primary_config(level, none),
    lists:foreach(fun run/1, Wanted),
    io:format("fixtures done: ~p~n", [length(Wanted)]),
    halt().

run(Name) ->
    Module = list_to_atom(Name),
    {Pid, Monitor} = spawn_monitor(fun() -> exit({outcome, outcome(Module)}) end),
    Outcome =
        receive
            {'DOWN', Monitor, process, Pid, {outcome, Text}} -> Text;
            {'DOWN', Monitor, process, Pid, Reason} -> format({'EXIT', Reason})
        after ?LIMIT ->
            exit(Pid, kill),
            <<"timeout">>
        end,
    io:format("fixture ~s ~s~n", [Name, binary:encode_hex(erlang:md5(Outcome))]).

outcome(Module) ->
    format(try Module:start() of
        Value -> Value
    catch
        Class:Reason:Stack -> {Class, Reason, Stack}
    end).

format(Term) -> unicode:characters_to_binary(io_lib:format("~tp", [Term])).
