%% SPDX-License-Identifier: Apache-2.0
%% A node that is told to stop and does not: who would stop it is told to do nothing.
-module(stubborn).
-export([start/0]).

start() ->
    gen_event:delete_handler(erl_signal_server, erl_signal_handler, []),
    io:format("nothing stops me~n").
