%% SPDX-License-Identifier: Apache-2.0
%% A name server that knows one name, `known.example`, with one address (RFC 1035, section 4). It says at which address it serves.
-module(dns).
-export([start/0]).

-define(QUESTION_ALONE, 1:16, 0:16, 0:16, 0:16).
%% Responses of one who asks others when it is asked to, as a client wants: without an error, and that there is no such name.
-define(FOUND, 16#8180:16).
-define(NO_SUCH_NAME, 16#8183:16).

start() ->
    {ok, Socket} = gen_udp:open(53, [binary, {active, false}]),
    io:format("names at ~s~n", [inet:ntoa(address())]),
    serve(Socket).

address() ->
    {ok, Interfaces} = inet:getifaddrs(),
    case [Address || {"eth" ++ _, Items} <- Interfaces, {addr, {_, _, _, _} = Address} <- Items] of
        [Address | _] -> Address;
        [] -> timer:sleep(20), address()
    end.

serve(Socket) ->
    {ok, {From, Port, <<Id:16, _Flags:16, ?QUESTION_ALONE, Question/binary>>}} = gen_udp:recv(Socket, 0),
    ok = gen_udp:send(Socket, From, Port, [<<Id:16>>, answer(Question), Question | record(Question)]),
    serve(Socket).

%% Flags and counts.
answer(<<5, "known", 7, "example", 0, 1:16, 1:16>>) -> <<?FOUND, 1:16, 1:16, 0:16, 0:16>>;
answer(_) -> <<?NO_SUCH_NAME, ?QUESTION_ALONE>>.

%% The name is that of the question, 12 bytes from the beginning; an address of the Internet, for a minute.
record(<<5, "known", 7, "example", 0, 1:16, 1:16>>) -> [<<3:2, 12:14, 1:16, 1:16, 60:32, 4:16, 10, 1, 2, 3>>];
record(_) -> [].
