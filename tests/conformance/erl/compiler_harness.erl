%% SPDX-License-Identifier: Apache-2.0
%% @doc Makes, for each module of an application, a module that compiles it: its abstract code is a literal of `start/0'. Compiles them
%% on stock OTP, too, and leaves what each has given in Folder/compile_MODULE.start.stock.
-module(compiler_harness).
-export([main/3]).

main(Sources, Folder, Application) ->
    Files = filelib:wildcard(filename:join(code:lib_dir(Application, ebin), "*.beam")),
    Modules = [packed(File) || File <- Files],
    [ours(Sources, Folder, Name) || Name <- [zlib, compiler_driver]],
    Parts = erlang:system_info(schedulers_online),
    Numbered = lists:zip(lists:seq(1, length(Modules)), Modules),
    Work = fun(K) -> [prepare(Folder, Module) || {N, Module} <- Numbered, N rem Parts =:= K] end,
    Monitors = [spawn_monitor(fun() -> Work(K) end) || K <- lists:seq(0, Parts - 1)],
    [receive {'DOWN', Monitor, process, Pid, normal} -> ok end || {Pid, Monitor} <- Monitors],
    halt(0).

packed(File) ->
    {ok, {_, [{abstract_code, {raw_abstract_v1, Forms}}]}} = beam_lib:chunks(File, [abstract_code]),
    {"compile_" ++ filename:basename(File, ".beam"), term_to_binary(Forms)}.

%% Compiles a module of this folder and loads it, here and for the other side.
ours(Sources, Folder, Name) ->
    {ok, Name, Code} = compile:file(filename:join(Sources, Name), [binary, report]),
    ok = file:write_file(filename:join(Folder, atom_to_list(Name) ++ ".beam"), Code),
    code:unstick_mod(Name),
    {module, Name} = code:load_binary(Name, "", Code).

prepare(Folder, {Name, Packed}) ->
    ok = file:write_file(filename:join(Folder, Name ++ ".beam"), wrapped(list_to_atom(Name), Packed)),
    Result = compiler_driver:run(Packed),
    Text = unicode:characters_to_binary(["returned\n", io_lib:format("~tp~n", [Result])]),
    ok = file:write_file(filename:join(Folder, Name ++ ".start.stock"), Text).

wrapped(Name, Packed) ->
    Literal = {bin, 1, [{bin_element, 1, {string, 1, binary_to_list(Packed)}, default, default}]},
    Call = {call, 1, {remote, 1, {atom, 1, compiler_driver}, {atom, 1, run}}, [Literal]},
    Start = {function, 1, start, 0, [{clause, 1, [], [], [Call]}]},
    {ok, Name, Code} = compile:forms([{attribute, 1, module, Name}, {attribute, 1, export, [{start, 0}]}, Start]),
    Code.
