%% SPDX-License-Identifier: Apache-2.0
%% What a line of a member means, and how a line looks to the others. It has no processes and no state, so that it can be replaced at any time.
-module(chat_protocol).
-export([version/0, greeting/1, read/1, said/2]).

version() -> 1.

%% What a new member sees.
greeting(Name) ->
    ["You are ", Name, ". /name NAME changes that, /who tells who is here, /quit leaves.\n"].

%% A line without its end.
read(<<"/name ", Name/binary>>) when Name =/= <<>>, byte_size(Name) =< 20 -> {name, Name};
read(<<"/who">>) -> who;
read(<<"/quit">>) -> quit;
read(<<"/", _/binary>>) -> {tell, "There is no such command.\n"};
read(<<>>) -> nothing;
read(Text) -> {say, Text}.

%% What the others see.
said(Name, Text) -> [Name, ": ", Text, "\n"].
