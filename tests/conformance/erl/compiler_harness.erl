%% SPDX-License-Identifier: Apache-2.0
%% @doc Makes, for each module of an application, a module that compiles it: its abstract code is a literal of `start/0'. Compiles them
%% on stock OTP, too, and leaves what each has given in Folder/compile_MODULE.start.stock.
-module(compiler_harness).
-export([main/3]).

main(Sources, Folder, Application) ->
    Files = filelib:wildcard(filename:join(code:lib_dir(Application, ebin), "*.beam")),
    in_parallel(fun(File) -> make(Folder, File) end, Files),
    load(compiler_driver, compiled(Sources, Folder, compiler_driver)),
    in_parallel(fun(File) -> compile_here(Folder, File) end, Files),
    halt(0).

in_parallel(Work, Files) ->
    Parts = erlang:system_info(schedulers_online),
    Numbered = lists:zip(lists:seq(1, length(Files)), Files),
    Share = fun(K) -> [Work(File) || {N, File} <- Numbered, N rem Parts =:= K] end,
    Monitors = [spawn_monitor(fun() -> Share(K) end) || K <- lists:seq(0, Parts - 1)],
    [receive {'DOWN', Monitor, process, Pid, normal} -> ok end || {Pid, Monitor} <- Monitors].

name(File) -> "compile_" ++ filename:basename(File, ".beam").

packed(File) ->
    {ok, {_, [{abstract_code, {raw_abstract_v1, Forms}}]}} = beam_lib:chunks(File, [abstract_code]),
    term_to_binary(Forms).

make(Folder, File) ->
    ok = file:write_file(filename:join(Folder, name(File) ++ ".beam"), wrapped(list_to_atom(name(File)), packed(File))).

compile_here(Folder, File) ->
    Result = compiler_driver:run(packed(File)),
    Text = unicode:characters_to_binary(["returned\n", io_lib:format("~tp~n", [Result])]),
    ok = file:write_file(filename:join(Folder, name(File) ++ ".start.stock"), Text).

%% A module of this folder, also for the other side.
compiled(Sources, Folder, Name) ->
    {ok, Name, Code} = compile:file(filename:join(Sources, Name), [binary, report]),
    ok = file:write_file(filename:join(Folder, atom_to_list(Name) ++ ".beam"), Code),
    Code.

load(Name, Code) ->
    {module, Name} = code:load_binary(Name, "conformance", Code).

wrapped(Name, Packed) ->
    Literal = {bin, 1, [{bin_element, 1, {string, 1, binary_to_list(Packed)}, default, default}]},
    Call = {call, 1, {remote, 1, {atom, 1, compiler_driver}, {atom, 1, run}}, [Literal]},
    Start = {function, 1, start, 0, [{clause, 1, [], [], [Call]}]},
    {ok, Name, Code} = compile:forms([{attribute, 1, module, Name}, {attribute, 1, export, [{start, 0}]}, Start]),
    Code.
