%% SPDX-License-Identifier: Apache-2.0
%% A folder of dom0 at /mnt/share, by a device of Xen: files go there and back, with their links, folders, times and sizes, a process at a time and several together.
%% Then its back end dies: who asks it is told in the end, while others go on.
-module(given).
-export([start/0]).

-define(IN(Name), "/mnt/share/" Name).

start() ->
    try run() catch
        Class:Reason:Stack -> io:format("~p: ~p~n~p~n", [Class, Reason, Stack])
    end,
    init:stop().

run() ->
    {ok, ["share"]} = file:list_dir("/mnt"),
    {ok, <<"from dom0\n">>} = file:read_file(?IN("given")),
    Bytes = binary:copy(<<"0123456789abcdef">>, 65536),
    ok = file:write_file(?IN("large"), Bytes),
    {ok, Bytes} = file:read_file(?IN("large")),
    ok = filelib:ensure_dir(?IN("folder/deeper/file")),
    ok = file:rename(?IN("large"), ?IN("folder/deeper/moved")),
    ok = file:make_symlink("folder/deeper/moved", ?IN("link")),
    {ok, "folder/deeper/moved"} = file:read_link(?IN("link")),
    {ok, Open} = file:open(?IN("link"), [read, write, raw, binary]),
    {ok, <<"89">>} = file:pread(Open, 8, 2),
    ok = file:pwrite(Open, 8, "xy"),
    ok = file:sync(Open),
    {ok, 100} = file:position(Open, 100),
    ok = file:truncate(Open),
    ok = file:close(Open),
    100 = filelib:file_size(?IN("folder/deeper/moved")),
    {error, eexist} = file:make_dir(?IN("folder")),
    {error, enoent} = file:read_file(?IN("nothing")),
    {error, exdev} = file:rename(?IN("given"), "/tmp/given"),
    Names = [integer_to_list(Number) || Number <- lists:seq(1, 300)],
    ok = file:make_dir(?IN("many")),
    Workers = [spawn_monitor(fun() -> work(Name) end) || Name <- Names],
    [receive {'DOWN', Reference, process, Pid, normal} -> ok end || {Pid, Reference} <- Workers],
    {ok, Listed} = file:list_dir(?IN("many")),
    true = lists:sort(Names) =:= lists:sort(Listed),
    ok = file:write_file(?IN("done"), "from the guest"),
    io:format("step: done~n"),
    Counter = counter:start(),
    {error, eio} = until_it_fails(),
    {error, eio} = file:list_dir(?IN("many")),
    true = counter:stop(Counter) > 1000,
    ok = file:write_file("/tmp/after", "in memory"),
    io:format("step: gone~n").

until_it_fails() ->
    case file:read_file(?IN("given")) of
        {ok, <<"from dom0\n">>} -> timer:sleep(10), until_it_fails();
        Failed -> Failed
    end.

work(Name) ->
    Path = filename:join(?IN("many"), Name),
    ok = file:write_file(Path, Name, [raw]),
    {ok, Name} = case file:read_file(Path) of {ok, Bytes} -> {ok, binary_to_list(Bytes)} end.
