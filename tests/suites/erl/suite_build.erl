%% SPDX-License-Identifier: Apache-2.0
%% @doc Compiles the modules of a folder of suites that are not compiled yet. What cannot be compiled is named and left.
-module(suite_build).
-export([main/1]).

main([Source, Target | Includes]) ->
    Files = [File || File <- filelib:wildcard(filename:join(Source, "*.erl")), is_stale(File, Target)],
    Options = [{outdir, Target}, {i, Source}, debug_info, report_errors | [{i, Include} || Include <- Includes]],
    Parent = self(),
    Parts = [[File || {Number, File} <- lists:zip(lists:seq(1, length(Files)), Files), Number rem 2 =:= Part] || Part <- [0, 1]],
    Pids = [spawn_link(fun() -> [compile(File, Options) || File <- Part], Parent ! {done, self()} end) || Part <- Parts],
    [receive {done, Pid} -> ok end || Pid <- Pids],
    halt(0).

is_stale(File, Target) ->
    Beam = filename:join(Target, filename:basename(File, ".erl") ++ ".beam"),
    not filelib:is_regular(Beam) orelse filelib:last_modified(Beam) < filelib:last_modified(File).

compile(File, Options) ->
    case compile:file(File, Options) of
        {ok, _} -> ok;
        error -> io:format("cannot compile ~ts~n", [File])
    end.
