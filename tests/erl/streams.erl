%% SPDX-License-Identifier: Apache-2.0
%% Streams of bytes with their CRC-32. Port 81 takes what comes until the other end has said all, and tells how much it was and its sum over the other half of the connection;
%% port 83 does the same slowly. Port 82 gives as many megabytes as a line asks for, and their sum; it waits 5 s for one who does not read, and says when it has waited
%% for nothing. Port 84 stops the machine.
-module(streams).
-export([start/0]).

-define(PIECE, 65536).

start() ->
    Options = [binary, {active, false}, {reuseaddr, true}, {backlog, 128}],
    Taking = [{exit_on_close, false} | Options],
    listen(81, Taking, fun(Socket) -> take(Socket, 0, 0, 0) end),
    listen(83, [{buffer, 32768} | Taking], fun(Socket) -> take(Socket, 5, 0, 0) end),
    listen(82, [{packet, line}, {send_timeout, 5000}, {send_timeout_close, true} | Options], fun give/1),
    listen(84, Options, fun(_) -> init:stop() end),
    io:format("serving~n"),
    tell_address(address()).

tell_address([]) -> timer:sleep(20), tell_address(address());
tell_address([Address | _]) -> io:format("address ~s~n", [inet:ntoa(Address)]).

address() ->
    {ok, Interfaces} = inet:getifaddrs(),
    [Address || {"eth" ++ _, Items} <- Interfaces, {addr, {_, _, _, _} = Address} <- Items].

listen(Port, Options, Serve) ->
    Self = self(),
    %% A socket ends with the process that has opened it.
    Pid = spawn(fun() ->
                        {ok, Listener} = gen_tcp:listen(Port, Options),
                        Self ! {self(), listens},
                        accept(Listener, Serve)
                end),
    receive {Pid, listens} -> ok end.

accept(Listener, Serve) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Pid = spawn(fun() -> receive go -> Serve(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Pid),
    Pid ! go,
    accept(Listener, Serve).

take(Socket, Pause, Count, Sum) ->
    timer:sleep(Pause),
    case gen_tcp:recv(Socket, 0) of
        {ok, Data} ->
            take(Socket, Pause, Count + byte_size(Data), erlang:crc32(Sum, Data));
        {error, closed} ->
            ok = gen_tcp:send(Socket, [integer_to_list(Count), " ", integer_to_list(Sum), "\n"]),
            gen_tcp:close(Socket);
        {error, Reason} ->
            io:format("a client is gone: ~p~n", [Reason])
    end.

give(Socket) ->
    {ok, Line} = gen_tcp:recv(Socket, 0),
    Count = binary_to_integer(string:trim(Line)) * 1048576 div ?PIECE,
    give(Socket, rand:bytes(?PIECE - 8), Count, 0).

give(Socket, _, 0, Sum) ->
    ok = gen_tcp:send(Socket, integer_to_list(Sum)),
    gen_tcp:close(Socket);
give(Socket, Bytes, Left, Sum) ->
    Piece = [<<Left:64>>, Bytes],
    case gen_tcp:send(Socket, Piece) of
        ok -> give(Socket, Bytes, Left - 1, erlang:crc32(Sum, Piece));
        {error, Reason} -> io:format("a client is gone: ~p~n", [Reason])
    end.
