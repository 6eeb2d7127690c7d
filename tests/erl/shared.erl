%% SPDX-License-Identifier: Apache-2.0
%% A folder of another machine at /mnt/share: files go there and back, and its server may go and return, or hang, while /data goes on.
-module(shared).
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
    {ok, Open} = file:open(?IN("link"), [read, raw, binary]),
    {ok, <<"89">>} = file:pread(Open, 8, 2),
    {error, eexist} = file:make_dir(?IN("folder")),
    {error, exdev} = file:rename(?IN("given"), "/tmp/given"),
    %% Others go on while a process waits for the server.
    Counter = counter:start(),
    [{ok, Bytes} = file:read_file(?IN("link")) || _ <- lists:seq(1, 5)],
    true = counter:stop(Counter) > 0,
    io:format("step: there and back~n"),
    {error, eio} = until(fun(Result) -> Result =/= {ok, <<"from dom0\n">>} end),
    {error, eio} = file:pread(Open, 8, 2),
    io:format("step: gone~n"),
    {ok, <<"from dom0\n">>} = until(fun(Result) -> Result =/= {error, eio} end),
    {error, eio} = file:pread(Open, 8, 2),
    ok = file:close(Open),
    io:format("step: again~n"),
    Self = self(),
    {Asker, _} = spawn_monitor(fun() -> ask_until_it_hangs(Self) end),
    receive {Asker, hangs} -> ok end,
    [ok = work_elsewhere(Number) || Number <- lists:seq(1, 20)],
    true = is_process_alive(Asker),
    io:format("step: others go on~n"),
    receive {'DOWN', _, process, Asker, normal} -> ok end,
    ok = file:write_file(?IN("done"), "from the guest"),
    io:format("step: done~n").

%% Ends with an answer that has taken longer than anybody else needs. The file server of OTP does one thing after the other, so it is left out.
ask_until_it_hangs(Parent) ->
    {ok, Timer} = timer:send_after(5000, Parent, {self(), hangs}),
    Before = erlang:monotonic_time(millisecond),
    {ok, File} = file:open(?IN("given"), [read, raw, binary]),
    {ok, <<"from dom0\n">>} = file:read(File, 100),
    ok = file:close(File),
    {ok, cancel} = timer:cancel(Timer),
    case erlang:monotonic_time(millisecond) - Before >= 5000 of
        true -> ok;
        false -> ask_until_it_hangs(Parent)
    end.

work_elsewhere(Number) ->
    Name = "/data/" ++ integer_to_list(Number),
    {ok, File} = file:open(Name, [write, raw]),
    ok = file:write(File, "on the disk"),
    ok = file:sync(File),
    ok = file:close(File),
    {ok, <<"on the disk">>} = file:read_file(Name),
    file:write_file("/tmp/" ++ integer_to_list(Number), "in memory").

until(IsSo) ->
    Result = file:read_file(?IN("given")),
    case IsSo(Result) of
        true -> Result;
        false -> timer:sleep(100), until(IsSo)
    end.
