%% SPDX-License-Identifier: Apache-2.0
%% The next protocol: lines have the time of day before them, and there is /me.
-module(chat_protocol).
-export([version/0, greeting/1, read/1, said/2]).

version() -> 2.

greeting(Name) ->
    ["You are ", Name, ". /name NAME changes that, /who tells who is here, /me DOES, /quit leaves.\n"].

read(<<"/name ", Name/binary>>) when Name =/= <<>>, byte_size(Name) =< 20 -> {name, Name};
read(<<"/me ", _/binary>> = Text) -> {say, Text};
read(<<"/who">>) -> who;
read(<<"/quit">>) -> quit;
read(<<"/", _/binary>>) -> {tell, "There is no such command.\n"};
read(<<>>) -> nothing;
read(Text) -> {say, Text}.

said(Name, <<"/me ", Does/binary>>) -> ["* ", Name, " ", Does, "\n"];
said(Name, Text) ->
    {Hour, Minute, _} = time(),
    io_lib:format("[~2..0b:~2..0b] ~s: ~s~n", [Hour, Minute, Name, Text]).
