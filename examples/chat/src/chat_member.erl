%% SPDX-License-Identifier: Apache-2.0
%% The process of a connection. It stays as it is when the protocol is replaced: it calls that by its full name for each line.
-module(chat_member).
-export([run/2]).

run(Socket, Name) ->
    link(whereis(chat_room)),
    ok = chat_room:enter(Name),
    tell(Socket, chat_protocol:greeting(Name)),
    loop(Socket).

loop(Socket) ->
    ok = inet:setopts(Socket, [{active, once}]),
    receive
        {tcp, Socket, Line} ->
            act(chat_protocol:read(string:trim(Line, trailing, "\r\n")), Socket);
        {chat, Line} ->
            tell(Socket, Line),
            loop(Socket);
        {tcp_closed, Socket} ->
            ok;
        {tcp_error, Socket, _} ->
            ok
    end.

act({say, Text}, Socket) ->
    ok = chat_room:say(Text),
    loop(Socket);
act({name, Name}, Socket) ->
    case chat_room:rename(Name) of
        ok -> ok;
        taken -> tell(Socket, "That name is taken.\n")
    end,
    loop(Socket);
act(who, Socket) ->
    tell(Socket, [lists:join(", ", chat_room:names()), "\n"]),
    loop(Socket);
act({tell, Text}, Socket) ->
    tell(Socket, Text),
    loop(Socket);
act(nothing, Socket) ->
    loop(Socket);
act(quit, Socket) ->
    gen_tcp:close(Socket).

%% One that is gone is found at the next line.
tell(Socket, Line) ->
    _ = gen_tcp:send(Socket, Line).
