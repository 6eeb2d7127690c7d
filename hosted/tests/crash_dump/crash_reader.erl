%% SPDX-License-Identifier: Apache-2.0
%% Reads a dump of crash_scene with OTP's viewer and tells what is there.
-module(crash_reader).
-export([read/1]).

-include_lib("observer/src/crashdump_viewer.hrl").

read(File) ->
    {ok, _} = crashdump_viewer:start_link(),
    crashdump_viewer:read_file(File),
    {ok, Info, []} = crashdump_viewer:general_info(),
    {ok, Processes, []} = crashdump_viewer:processes(),
    [io:format("~p~n", [Fact]) || Fact <- general(Info) ++ holder(Processes) ++ main(Processes) ++ others(Info)],
    %% All of them can be read.
    [{ok, _, []} = crashdump_viewer:proc_details(Id) || Id <- ids(Processes)],
    io:format("read~n").

ids(Processes) -> [pid_to_list(Pid) || #proc{pid = Pid} <- Processes].

general(Info) ->
    #general_info{slogan = Slogan, node_name = Node, taints = Taints} = Info,
    [{slogan, Slogan}, {node, Node}, {taints, Taints}].

holder(Processes) ->
    #proc{pid = Pid} = lists:keyfind("holder", #proc.name, Processes),
    {ok, Holder, []} = crashdump_viewer:proc_details(pid_to_list(Pid)),
    #proc{msg_q = [{Message, []}, {17, []}], dict = Dictionary, state = State, links = [_], mon_by = [_]} = Holder,
    {Terms, Large, Part, Self, Ref, Fun, External, Alias} = Message,
    [{state, State}, {dictionary, lists:sort(Dictionary)}, {terms, same(Terms, crash_scene:terms())},
     {large, same(expand(Large), crash_scene:large())}, {part, same(expand(Part), crash_scene:part())},
     {self, hd(Self)}, {ref, is_reference(Ref)}, {'fun', is_function(Fun), erlang:fun_info(Fun, module)}, {external, External},
     {alias, is_reference(Alias)}].

main(Processes) ->
    [Main] = [Pid || #proc{pid = Pid, state = "Running"} <- Processes],
    {ok, Proc, []} = crashdump_viewer:proc_details(pid_to_list(Main)),
    #proc{stack_dump = Stack, monitors = Monitors} = Proc,
    [{monitors, length(Monitors)}, {kept, lists:member({kept, 2}, [Term || {_, Term} <- Stack])}].

others(Info) ->
    {ok, Tables, []} = crashdump_viewer:ets_tables(all),
    {ok, Timers, []} = crashdump_viewer:timers(all),
    {ok, Persistent, []} = crashdump_viewer:persistent_terms(),
    {ok, Atoms, []} = crashdump_viewer:atoms(),
    {ok, Modules, []} = crashdump_viewer:loaded_modules(),
    {ok, Memory, []} = crashdump_viewer:memory(),
    {ok, Funs, []} = crashdump_viewer:funs(),
    {ok, Schedulers, []} = crashdump_viewer:schedulers(),
    {ok, Ports, []} = crashdump_viewer:ports(),
    {ok, Indices, []} = crashdump_viewer:index_tables(),
    {ok, Hashes, []} = crashdump_viewer:hash_tables(),
    {ok, Areas, []} = crashdump_viewer:allocated_areas(),
    [{tables, [{Name, Type, Size} || #ets_table{name = Name = "crash_table", data_type = Type, size = Size} <- Tables]},
     {timers, [{Name, Message} || #timer{name = Name = "holder", msg = Message} <- Timers]},
     {persistent, [Pair || Pair = {crash_scene, _} <- Persistent]},
     {atoms, length(Atoms) =:= list_to_integer(Info#general_info.num_atoms)},
     {modules, [Module || #loaded_mod{mod = Module = {<<"crash_scene">>, _}} <- Modules]},
     {memory, [Name || {Name, _} <- Memory]},
     {funs, length(Funs) > 0}, {schedulers, length(Schedulers) > 0}, {ports, length(Ports) >= 0},
     {indices, length(Indices) > 0}, {hashes, length(Hashes) > 0}, {areas, length(Areas) > 0}].

expand(['#CDVBin', Offset, Size, Position]) ->
    {ok, Binary} = crashdump_viewer:expand_binary({Offset, Size, Position}),
    Binary.

same(Term, Term) -> yes;
same(Term, Expected) when length(Term) =:= length(Expected) -> [Pair || Pair = {A, B} <- lists:zip(Term, Expected), A =/= B];
same(Term, Expected) -> {Term, Expected}.
