%% SPDX-License-Identifier: Apache-2.0
%% A small server: HTTP on port 80 of both versions of IP (`/` says who asks, `/bytes/N` gives so many bytes, `/info` and `/metrics` what the guest says of itself, `POST` tells the checksum of what came), and an echo of
%% datagrams on port 7. It says when it has an address and serves, and stops when `/stop` is asked for.
-module(web).
-export([start/0]).

start() ->
    Options = [binary, {packet, http_bin}, {active, false}, {reuseaddr, true}, {backlog, 128}],
    {ok, Listener} = gen_tcp:listen(80, Options),
    {ok, Six} = gen_tcp:listen(80, [inet6, {ipv6_v6only, true} | Options]),
    spawn_link(fun() -> serve(Six) end),
    spawn_link(fun echo/0),
    io:format("serving~n"),
    spawn_link(fun() -> tell_address(address()) end),
    serve(Listener).

%% Says which address the guest has, as soon as it has one.
tell_address([]) -> timer:sleep(20), tell_address(address());
tell_address(Addresses) -> [io:format("address ~s~n", [inet:ntoa(Address)]) || Address <- Addresses].

address() ->
    {ok, Interfaces} = inet:getifaddrs(),
    [Address || {"eth" ++ _, Items} <- Interfaces, {addr, {_, _, _, _} = Address} <- Items].

serve(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Pid = spawn(fun() -> receive go -> request(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Pid),
    Pid ! go,
    serve(Listener).

request(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, {http_request, Method, {abs_path, Path}, _}} ->
            {Length, After} = headers(Socket, 0, kept),
            ok = inet:setopts(Socket, [{packet, raw}]),
            answer(Socket, Method, Path, Length),
            go_on(Socket, After);
        {error, closed} ->
            gen_tcp:close(Socket)
    end.

go_on(Socket, kept) ->
    ok = inet:setopts(Socket, [{packet, http_bin}]),
    request(Socket);
go_on(Socket, close) ->
    gen_tcp:close(Socket).

headers(Socket, Length, After) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, {http_header, _, 'Content-Length', _, Value}} -> headers(Socket, binary_to_integer(Value), After);
        {ok, {http_header, _, 'Connection', _, <<"close">>}} -> headers(Socket, Length, close);
        {ok, {http_header, _, _, _, _}} -> headers(Socket, Length, After);
        {ok, http_eoh} -> {Length, After}
    end.

answer(Socket, 'GET', <<"/">>, _) ->
    {ok, {Address, _}} = inet:peername(Socket),
    ok(Socket, ["hello ", inet:ntoa(Address), "\n"]);
answer(Socket, 'GET', <<"/bytes/", Count/binary>>, _) ->
    ok(Socket, bytes(binary_to_integer(Count)));
answer(Socket, 'GET', <<"/name/", Name/binary>>, _) ->
    ok(Socket, io_lib:format("~p~n", [inet:gethostbyname(binary_to_list(Name))]));
answer(Socket, 'GET', <<"/info">>, _) ->
    #{platform := Platform, domain := #{name := Name}, vif := #{<<"eth0">> := #{is_up := IsUp}}} = voxoz:info(),
    %% The host may have been up for long.
    {Up, _} = statistics(wall_clock),
    ok(Socket, io_lib:format("~s ~s ~s ~s~n", [Platform, Name, IsUp, Up * 1000000 =< maps:get(uptime, voxoz:info())]));
answer(Socket, 'GET', <<"/metrics">>, _) ->
    ok(Socket, voxoz:metrics());
answer(Socket, 'GET', <<"/stop">>, _) ->
    ok(Socket, "bye\n"),
    gen_tcp:close(Socket),
    init:stop();
answer(Socket, 'POST', _, Length) ->
    ok(Socket, [checksum(Socket, Length, erlang:md5_init()), "\n"]).

ok(Socket, Body) ->
    Head = io_lib:format("HTTP/1.1 200 OK\r\nContent-Length: ~b\r\n\r\n", [iolist_size(Body)]),
    ok = gen_tcp:send(Socket, [Head, Body]).

bytes(Count) -> binary:copy(<<"0123456789abcdef">>, Count div 16).

checksum(_, 0, State) -> [io_lib:format("~2.16.0b", [Byte]) || <<Byte>> <= erlang:md5_final(State)];
checksum(Socket, Left, State) ->
    {ok, Data} = gen_tcp:recv(Socket, min(Left, 65536)),
    checksum(Socket, Left - byte_size(Data), erlang:md5_update(State, Data)).

echo() ->
    {ok, Socket} = gen_udp:open(7, [binary, {active, true}]),
    echo(Socket).

echo(Socket) ->
    receive {udp, Socket, Address, Port, Data} -> ok = gen_udp:send(Socket, Address, Port, Data) end,
    echo(Socket).
