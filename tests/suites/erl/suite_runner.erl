%% SPDX-License-Identifier: Apache-2.0
%% @doc Runs one of OTP's own test suites, as far as that needs nothing but the suite: cases of a group one after the other, each once.
%%
%% `-run suite_runner main Suite Results Private Limit First Case...': results are written as lines with tabs between, for whoever watches the emulator from
%% outside. First come the cases that there are (`plan'), then for each its start and its end. A case that takes the emulator with it has no end; the next run
%% then begins after it, at number First. With cases named only these are run. Limit is how long a case may take, in ms, whatever the suite allows.
-module(suite_runner).
-export([main/1]).

-record(run, {suite, file, private, limit, first, only, number = 0, saved}).

main([Suite0, Results, Private, Limit, First | Only]) ->
    {_, Monitor} = spawn_monitor(fun() ->
        register(?MODULE, self()),
        Suite = list_to_atom(Suite0),
        {module, Suite} = code:ensure_loaded(Suite),
        %% The folder may be on a volume that is mounted here only.
        ok = filelib:ensure_path(Private),
        ok = file:set_cwd(Private),
        [suite_node:start() || code:which(mnesia_test_lib) =/= non_existing, whereis(net_kernel) =:= undefined],
        {ok, File} = file:open(Results, [append, raw]),
        Run = #run{
            suite = Suite,
            file = File,
            private = Private,
            limit = list_to_integer(Limit),
            first = list_to_integer(First),
            only = Only
        },
        group_leader(spawn_link(fun() -> suite_output:start(Results ++ ".log") end), self()),
        suite(Run),
        line(Run, ["done"]),
        halt(0, [{flush, false}])
    end),
    receive
        {'DOWN', Monitor, process, _, Reason} ->
            io:format(standard_error, "~tp~n", [Reason]),
            halt(3)
    end.

%% The suite

suite(Run0) ->
    #run{suite = Suite} = Run0,
    case members(Suite) of
        {skip, Reason} ->
            line(Run0, ["plan", 1, "all"]),
            line(Run0, [1, "skipped", 0, "all", text(Reason)]);
        Members ->
            Tree = [expand(Run0, [], Member) || Member <- Members],
            plan(Run0, Tree),
            Data = filename:join(filename:dirname(code:which(Suite)), atom_to_list(Suite) ++ "_data") ++ "/",
            Config = [{data_dir, Data}, {priv_dir, Run0#run.private ++ "/"}],
            case in_range(Run0, Tree) of
                false -> ok;
                true -> configured(Run0, init_per_suite, [], end_per_suite, [], Config, info(Suite, suite, []), Tree)
            end
    end.

members(Suite) ->
    try Suite:all() of
        {skip, _} = Skip -> Skip;
        Members -> lists:flatten([without_sequence(Member) || Member <- Members])
    catch Class:Reason -> {skip, {all, Class, Reason}}
    end.

without_sequence({sequence, Name}) -> {group, Name};
without_sequence(Member) -> Member.

%% A tree of {group, Name, Path, [Tree]} and {'case', Name, Path}.
expand(Run, Path, {group, Name}) -> group(Run, Path, Name);
expand(Run, Path, {group, Name, _}) when is_atom(Name) -> group(Run, Path, Name);
expand(Run, Path, {group, Name, _, _}) -> group(Run, Path, Name);
expand(Run, Path, {group, Module, Name}) -> group(Run#run{suite = Module}, Path, Name);
expand(_, Path, {testcase, Case, _}) -> {'case', Case, [Case | Path]};
expand(Run, Path, {Name, Properties, Members}) when is_list(Properties) ->
    inside(Run, Path, {Name, Properties, Members});
expand(Run, Path, {Name, Members}) when is_list(Members) -> inside(Run, Path, {Name, [], Members});
%% One or all of another suite, which is run by itself.
expand(_, Path, {Module, Case}) when is_atom(Case) -> {group, Module, [Module | Path], [], []};
expand(_, Path, Case) when is_atom(Case) -> {'case', Case, [Case | Path]}.

group(#run{suite = Suite} = Run, Path, Name) ->
    Groups = case erlang:function_exported(Suite, groups, 0) of
        true -> Suite:groups();
        false -> []
    end,
    case [Group || Group <- Groups, element(1, Group) =:= Name] of
        [Group | _] -> inside(Run, Path, Group);
        [] -> {group, Name, [Name | Path], [], []}
    end.

inside(Run, Path, {Name, Members}) -> inside(Run, Path, {Name, [], Members});
inside(Run, Path, {Name, Properties, Members}) ->
    Inner = [Name | Path],
    {group, Name, Inner, Properties, [expand(Run, Inner, Member) || Member <- lists:flatten(Members)]}.

plan(Run, Tree) ->
    Cases = cases(Tree),
    Numbers = lists:seq(1, length(Cases)),
    [line(Run, ["plan", Number, path(Path)]) || {Number, Path} <- lists:zip(Numbers, Cases)].

cases(Tree) -> lists:append([leaves(Node) || Node <- Tree]).

leaves({'case', _, Path}) -> [Path];
leaves({group, _, _, _, Members}) -> cases(Members).

path(Path) -> lists:join("/", [atom_to_list(Name) || Name <- lists:reverse(Path)]).

%% Whether anything of this is to be run.
in_range(#run{number = Number, first = First} = Run, Tree) ->
    Cases = cases(Tree),
    Numbers = lists:seq(Number + 1, Number + length(Cases)),
    lists:any(fun({At, Path}) -> At >= First andalso wanted(Run, Path) end, lists:zip(Numbers, Cases)).

wanted(#run{only = []}, _) -> true;
wanted(#run{only = Only}, Path) -> lists:member(lists:flatten(path(Path)), Only).

%% Does the first function, what is in the tree, and the last one. Gives the run with its number after the tree.
configured(Run, Init, InitArguments, End, EndArguments, Config, Info, Tree) ->
    Limit = limit(Run, Info),
    case configuration(Run, Init, InitArguments, Config, Limit) of
        {ok, Config1} ->
            {Run1, Config2} = lists:foldl(fun(Node, {R, C}) -> node(R, C, Info, Node) end, {Run, Config1}, Tree),
            _ = configuration(Run1, End, EndArguments, Config2, Limit),
            Run1;
        {skip, Reason} -> all(Run, "skipped", Reason, Tree);
        {fail, Reason} -> all(Run, "failed", {Init, Reason}, Tree)
    end.

configuration(#run{suite = Suite} = Run, Function, Arguments, Config, Limit) ->
    Arity = length(Arguments) + 1,
    case erlang:function_exported(Suite, Function, Arity) of
        false -> {ok, Config};
        true ->
            line(Run, ["enter", atom_to_list(Function)]),
            case in_process(fun() -> apply(Suite, Function, Arguments ++ [Config]) end, Limit) of
                {ok, {skip, Reason}} -> {skip, Reason};
                {ok, {skipped, Reason}} -> {skip, Reason};
                {ok, New} when is_list(New) -> {ok, New};
                {ok, Other} -> {fail, Other};
                {failed, {needs, Reason}} -> {skip, Reason};
                {failed, Reason} -> {fail, Reason}
            end
    end.

node(Run, Config, Info, {group, Name, Path, Properties, Members}) ->
    case in_range(Run, Members) of
        false -> {Run#run{number = Run#run.number + length(cases(Members))}, Config};
        true ->
            Grouped = [{tc_group_properties, [{name, Name} | Properties]}, {tc_group_path, group_path(Path)} | Config],
            Info1 = info(Run#run.suite, group, [Name]) ++ Info,
            {configured(Run, init_per_group, [Name], end_per_group, [Name], Grouped, Info1, Members), Config}
    end;
node(#run{number = Number, first = First} = Run0, Config, Info, {'case', Case, Path}) ->
    Run = Run0#run{number = Number + 1},
    case Number + 1 >= First andalso wanted(Run, Path) of
        false -> {Run, Config};
        true -> test(Run, Config, info(Run#run.suite, Case, []) ++ Info, Case, Path)
    end.

group_path([_ | Outer]) -> [[{name, Name}] || Name <- Outer].

info(Suite, Function, Arguments) ->
    case erlang:function_exported(Suite, Function, length(Arguments)) of
        false -> [];
        true ->
            try apply(Suite, Function, Arguments) of
                Info when is_list(Info) -> Info;
                _ -> []
            catch _:_ -> []
            end
    end.

all(Run, Outcome, Reason, Tree) ->
    lists:foldl(
        fun(Path, #run{number = Number, first = First} = R) ->
            [line(R, [Number + 1, Outcome, 0, path(Path), text(Reason)]) || Number + 1 >= First, wanted(R, Path)],
            R#run{number = Number + 1}
        end, Run, cases(Tree)).

%% A case

test(#run{number = Number, suite = Suite} = Run, Config0, Info, Case, Path) ->
    line(Run, [Number, "start", path(Path)]),
    Config = case Run#run.saved of
        undefined -> Config0;
        Saved -> [{saved_config, Saved} | Config0]
    end,
    Start = erlang:monotonic_time(millisecond),
    Limit = limit(Run, Info),
    Result = in_process(fun() -> body(Suite, Case, Config) end, Limit),
    {Outcome, Reason} = case Result of
        {ok, Value} ->
            case {outcome(Value), suite_output:failures(group_leader())} of
                {{"passed", _}, [_ | _] = Failures} -> {"failed", Failures};
                {Other, _} -> Other
            end;
        {failed, {needs, Why}} -> {"skipped", Why};
        {failed, Why} ->
            _ = in_process(fun() -> finish(Suite, Case, [{tc_status, {failed, Why}} | Config]) end, min(Limit, 20000)),
            {"failed", Why}
    end,
    Spent = erlang:monotonic_time(millisecond) - Start,
    %% What was linked to the case ends too.
    receive after 10 -> ok end,
    line(Run, [Number, Outcome, Spent, path(Path), text(Reason)]),
    {Run#run{saved = saved(Case, Result)}, Config0}.

saved(Case, {ok, {ended, {save_config, Config}}}) -> {Case, Config};
saved(_, _) -> undefined.

outcome({skip, Reason}) -> {"skipped", Reason};
outcome({skipped, Reason}) -> {"skipped", Reason};
outcome({failed, Reason}) -> {"failed", Reason};
outcome({ended, {skip, Reason}}) -> {"skipped", Reason};
outcome({ended, {skipped, Reason}}) -> {"skipped", Reason};
outcome({ended, {failed, Reason}}) -> {"failed", Reason};
outcome({ended, {fail, Reason}}) -> {"failed", Reason};
outcome({ended, _}) -> {"passed", ""}.

body(Suite, Case, Config) ->
    case started(Suite, Case, Config) of
        {skip, _} = Skip -> Skip;
        {skipped, _} = Skip -> Skip;
        {fail, Reason} -> {failed, {init_per_testcase, Reason}};
        Config1 when is_list(Config1) ->
            Result = try Suite:Case(Config1) of
                Value -> {ended, Value}
            catch
                throw:{skip, Reason} -> {skip, Reason};
                throw:{skipped, Reason} -> {skip, Reason};
                exit:{Kind, Reason} when Kind =:= needs; Kind =:= skip; Kind =:= skipped -> {skip, Reason};
                Class:Reason:Stack -> {failed, {Class, Reason, Stack}}
            end,
            Status = case Result of
                {failed, Why} -> {failed, Why};
                {skip, Why} -> {skipped, Why};
                _ -> ok
            end,
            try finish(Suite, Case, [{tc_status, Status} | Config1]) of
                {fail, Failure} when Status =:= ok -> {failed, {end_per_testcase, Failure}};
                _ -> Result
            catch _:_ -> Result
            end;
        Other -> {failed, {init_per_testcase, Other}}
    end.

started(Suite, Case, Config) ->
    case erlang:function_exported(Suite, init_per_testcase, 2) of
        true -> Suite:init_per_testcase(Case, Config);
        false -> Config
    end.

finish(Suite, Case, Config) ->
    case erlang:function_exported(Suite, end_per_testcase, 2) of
        true -> Suite:end_per_testcase(Case, Config);
        false -> ok
    end.

limit(#run{limit = Most}, Info) ->
    case lists:keyfind(timetrap, 1, Info) of
        {timetrap, Time} -> min(Most, test_server:milliseconds(Time));
        false -> Most
    end.

%% Runs a function in a process of its own. That a suite wants more time, or less, while it runs does not matter: the limit is the same for all.
in_process(Function, Limit) ->
    {Pid, Monitor} = spawn_monitor(fun() -> exit({?MODULE, Function()}) end),
    wait(Pid, Monitor, erlang:monotonic_time(millisecond) + Limit).

wait(Pid, Monitor, End) ->
    Left = max(0, End - erlang:monotonic_time(millisecond)),
    receive
        {'DOWN', Monitor, process, Pid, {?MODULE, Value}} -> {ok, Value};
        {'DOWN', Monitor, process, Pid, Reason} -> {failed, Reason};
        _ -> wait(Pid, Monitor, End)
    after Left ->
        Where = process_info(Pid, current_stacktrace),
        exit(Pid, kill),
        receive {'DOWN', Monitor, process, Pid, _} -> ok end,
        {failed, {timetrap, Where}}
    end.

%% Results

line(#run{file = File}, Fields) ->
    ok = file:write(File, unicode:characters_to_binary([lists:join("\t", [field(Field) || Field <- Fields]), "\n"])).

field(Field) when is_integer(Field) -> integer_to_list(Field);
field(Field) -> [if Char < $\s -> $\s; true -> Char end || Char <- lists:flatten(Field)].

text("") -> "";
text(Reason) ->
    try io_lib:format("~0tp", [Reason]) of
        Text -> lists:sublist(lists:flatten(Text), 600)
    catch _:_ -> "reason cannot be printed"
    end.
