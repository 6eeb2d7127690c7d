%% SPDX-License-Identifier: Apache-2.0
%% The least that a guest can say, and a halt with a status that the command line gives.
-module(hello).
-export([start/0]).

start() ->
    io:format("hello, world~n"),
    case init:get_argument(status) of
        {ok, [[Status]]} -> halt(list_to_integer(Status));
        error -> init:stop()
    end.
