%% SPDX-License-Identifier: Apache-2.0
%% @doc Compiles the modules of a folder of suites that are not compiled yet. What cannot be compiled is named and left.
-module(suite_build).
-export([main/1]).

main([Source, Target | Includes]) ->
    Files = [File || File <- filelib:wildcard(filename:join(Source, "*.erl")), is_stale(File, Target)],
    _ = generate(Files, Target, Includes),
    Options = [{outdir, Target}, {i, Source}, {i, Target}, debug_info, report_errors | [{i, Include} || Include <- Includes]],
    Parent = self(),
    Parts = [[File || {Number, File} <- lists:zip(lists:seq(1, length(Files)), Files), Number rem 2 =:= Part] || Part <- [0, 1]],
    Pids = [spawn_link(fun() -> [compile(File, Options) || File <- Part], Parent ! {done, self()} end) || Part <- Parts],
    [receive {done, Pid} -> ok end || Pid <- Pids],
    halt(0).

%% The headers of public_key include some that its build makes from ASN.1.
generate(Files, Target, Includes) ->
    Needs = fun(File) -> {ok, Text} = file:read_file(File), binary:match(Text, <<"public_key/include/">>) =/= nomatch end,
    case lists:any(Needs, Files) andalso code:which(asn1ct) =/= non_existing of
        true ->
            Patterns = [filename:join(Include, "public_key/asn1/*.set.asn") || Include <- Includes],
            Modules = lists:flatmap(fun filelib:wildcard/1, Patterns),
            [asn1ct:compile(Module, [ber, der, noobj, {i, filename:dirname(Module)}, {outdir, Target}]) || Module <- Modules];
        false -> []
    end.

is_stale(File, Target) ->
    Beam = filename:join(Target, filename:basename(File, ".erl") ++ ".beam"),
    not filelib:is_regular(Beam) orelse filelib:last_modified(Beam) < filelib:last_modified(File).

compile(File, Options) ->
    case compile:file(File, Options) of
        {ok, _} -> ok;
        error -> io:format("cannot compile ~ts~n", [File])
    end.
