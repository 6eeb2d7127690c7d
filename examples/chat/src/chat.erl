%% SPDX-License-Identifier: Apache-2.0
%% For the operator in the shell.
-module(chat).
-export([upgrade/0, upgrade/1, members/0]).

%% Takes the protocol that comes with the application as the next one.
upgrade() ->
    upgrade(filename:join(code:priv_dir(chat), "chat_protocol.erl")).

%% Compiles a protocol and loads it. Members stay; what they write next is handled by the new one.
upgrade(File) ->
    case compile:file(File, [binary, return_errors]) of
        {ok, chat_protocol, Code} ->
            %% Nobody waits in the protocol: its functions return at once.
            true = code:soft_purge(chat_protocol),
            {module, chat_protocol} = code:load_binary(chat_protocol, File, Code),
            {ok, chat_protocol:version()};
        Error ->
            Error
    end.

%% The names of those who are there.
members() ->
    chat_room:names().
