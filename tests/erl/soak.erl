%% SPDX-License-Identifier: Apache-2.0
%% Work without end, a round for each request to port 81: `/round` fills the disk and frees it, replaces a module again and again, and lets crowds of processes live
%% and die; `/free` tells how many bytes of memory are left when all is collected that nobody uses; `/rounds` how many rounds the disk has seen. Port 80 is `web`'s.
-module(soak).
-export([start/0]).

-define(KEPT, "/data/rounds").
-define(FILL, "/data/fill").

start() ->
    {ok, Listener} = gen_tcp:listen(81, [binary, {packet, http_bin}, {active, false}, {reuseaddr, true}]),
    spawn(fun() -> serve(Listener) end),
    web:start().

serve(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    {ok, {http_request, 'GET', {abs_path, Path}, _}} = gen_tcp:recv(Socket, 0),
    skip_headers(Socket),
    Answer = answer(Path),
    ok = gen_tcp:send(Socket, ["HTTP/1.0 200 OK\r\n\r\n", Answer, "\n"]),
    gen_tcp:close(Socket),
    serve(Listener).

skip_headers(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, http_eoh} -> ok;
        {ok, _} -> skip_headers(Socket)
    end.

answer(<<"/round">>) ->
    fill(),
    replace(10),
    crowd(1000),
    ok = keep(),
    "done";
answer(<<"/free">>) ->
    [garbage_collect(Pid) || Pid <- processes()],
    #{memory := #{free := Free}} = voxoz:info(),
    integer_to_binary(Free);
answer(<<"/rounds">>) ->
    {ok, Kept} = file:read_file(?KEPT),
    integer_to_binary(length(binary:split(Kept, <<"\n">>, [global, trim]))).

%% Writes until there is no room, and looks that what was written is there.
fill() ->
    {ok, File} = file:open(?FILL, [raw, binary, read, write]),
    Block = binary:copy(<<"0123456789abcdef">>, 4096),
    Count = fill(File, Block, 0),
    true = Count > 100,
    {ok, Block} = file:pread(File, (Count - 1) * byte_size(Block), byte_size(Block)),
    ok = file:close(File),
    ok = file:delete(?FILL).

fill(File, Block, Count) ->
    case file:pwrite(File, Count * byte_size(Block), Block) of
        ok -> fill(File, Block, Count + 1);
        {error, enospc} -> Count
    end.

%% What was kept is there after each restart.
keep() ->
    {ok, File} = file:open(?KEPT, [raw, append]),
    ok = file:write(File, "round\n"),
    ok = file:sync(File),
    file:close(File).

%% Another version of a module, whose old one a process still runs until it is told to go on.
replace(0) ->
    ok;
replace(Version) ->
    Forms = [{attribute, 1, module, replaced},
             {attribute, 2, export, [{version, 0}, {wait, 0}]},
             {function, 3, version, 0, [{clause, 3, [], [], [{integer, 3, Version}]}]},
             {function, 4, wait, 0, [{clause, 4, [], [], [{'receive', 4, [{clause, 4, [{atom, 4, go}], [], [{atom, 4, ok}]}]}]}]}],
    {ok, replaced, Code} = compile:forms(Forms),
    {module, replaced} = code:load_binary(replaced, "replaced.beam", Code),
    Version = replaced:version(),
    {Pid, Monitor} = spawn_monitor(replaced, wait, []),
    Pid ! go,
    receive {'DOWN', Monitor, process, Pid, normal} -> ok end,
    true = code:soft_purge(replaced),
    replace(Version - 1).

%% Processes with a table, a timer and a message each; half end by themselves, half are killed.
crowd(Count) ->
    Monitors = [spawn_monitor(fun() -> member(Number) end) || Number <- lists:seq(1, Count)],
    [exit(Pid, kill) || {Pid, _} <- Monitors],
    [receive {'DOWN', Monitor, process, Pid, _} -> ok end || {Pid, Monitor} <- Monitors].

member(Number) ->
    Table = ets:new(table, []),
    ets:insert(Table, [{Key, binary:copy(<<Key>>, 100)} || Key <- lists:seq(1, 20)]),
    erlang:send_after(60000, self(), late),
    case Number rem 2 of
        0 -> ok;
        1 -> receive late -> ok end
    end.
