%% SPDX-License-Identifier: Apache-2.0
%% @doc Compiles Erlang files and calls their functions on stock OTP, and leaves what each has come to in a file.
%%
%% The job is a file of terms `{Folder, Options, [{File, [Function]}]}': each file is compiled with the options into the folder, then
%% each function without arguments is called in a process of its own. Folder/Module.Function.stock has a line that says how it has ended
%% and the text of its result, as Voxoz' host tool prints it.
-module(stock_harness).
-export([main/1]).

%% Against a program that never ends; the disk of a machine that does much else may stall one that writes for minutes.
-define(LIMIT, 600_000).

main(Job) ->
    {ok, Groups} = file:consult(Job),
    [compile_all(Folder, Options, Files) || {Folder, Options, Files} <- Groups],
    %% One scheduler, as in the machine that this is compared with.
    erlang:system_flag(schedulers_online, 1),
    [run_all(Job ++ ".running", Folder, Files) || {Folder, _, Files} <- Groups],
    halt(0).

compile_all(Folder, Options, Files) ->
    Parts = deal(Files, erlang:system_info(schedulers_online)),
    Compile = fun(Part) -> [compile(Folder, Options, File) || {File, _} <- Part] end,
    Monitors = [spawn_monitor(fun() -> Compile(Part) end) || Part <- Parts],
    [receive {'DOWN', Monitor, process, Pid, normal} -> ok end || {Pid, Monitor} <- Monitors].

deal(Files, Count) ->
    Numbered = lists:zip(lists:seq(1, length(Files)), Files),
    [[File || {N, File} <- Numbered, N rem Count =:= K] || K <- lists:seq(0, Count - 1)].

compile(Folder, Options, File) ->
    case compile:file(File, [{outdir, Folder}, deterministic, return | Options]) of
        {ok, _, _} ->
            ok;
        {error, Errors, _} ->
            file:delete(filename:join(Folder, filename:basename(File, ".erl") ++ ".beam")),
            io:format("~ts: ~tp~n", [File, Errors])
    end.

%% Running is the file that says what is being run, for the case that it takes the whole machine with it.
run_all(Running, Folder, Files) ->
    true = code:add_patha(Folder),
    [begin
         ok = file:write_file(Running, io_lib:format("~ts:~ts", [File, Function])),
         run(Folder, list_to_atom(filename:basename(File, ".erl")), Function)
     end || {File, Functions} <- Files, Function <- Functions],
    Modules = [Module || {Module, Loaded} <- code:all_loaded(), is_list(Loaded), filename:dirname(Loaded) =:= Folder],
    [begin code:purge(Module), code:delete(Module), code:purge(Module) end || Module <- Modules],
    true = code:del_path(Folder).

run(Folder, Module, Function) ->
    Marker = make_ref(),
    {Pid, Monitor} = spawn_monitor(fun() -> exit({Marker, call(Module, Function)}) end),
    Outcome =
        receive
            {'DOWN', Monitor, process, Pid, {Marker, Text}} -> Text;
            {'DOWN', Monitor, process, Pid, Reason} -> ["killed\n", io_lib:format("~tp~n", [Reason])]
        after ?LIMIT ->
            exit(Pid, kill),
            receive {'DOWN', Monitor, process, Pid, _} -> ok end,
            "stuck\n"
        end,
    Name = lists:concat([Module, ".", Function, ".stock"]),
    ok = file:write_file(filename:join(Folder, Name), unicode:characters_to_binary(Outcome)).

call(Module, Function) ->
    try Module:Function() of
        Value -> ["returned\n", io_lib:format("~tp~n", [without_harness(Value)])]
    catch
        Class:Reason:Trace ->
            ["raised\n", io_lib:format("~tp~n", [without_harness({Class, Reason, Trace})])]
    end.

%% A term without the entries of stack traces that are this module's: there is nothing below a program in the other machine.
without_harness([{?MODULE, _, _, _} | Rest]) -> without_harness(Rest);
without_harness([{?MODULE, _, _} | Rest]) -> without_harness(Rest);
without_harness([First | Rest]) -> [without_harness(First) | without_harness(Rest)];
without_harness(Tuple) when is_tuple(Tuple) -> list_to_tuple(without_harness(tuple_to_list(Tuple)));
without_harness(Map) when is_map(Map) -> maps:map(fun(_, Value) -> without_harness(Value) end, Map);
without_harness(Term) -> Term.
