%% SPDX-License-Identifier: Apache-2.0
%% A process that counts milliseconds while another waits: what it has counted tells that others went on.
-module(counter).
-export([start/0, stop/1]).

start() ->
    spawn_link(fun() -> count(0) end).

stop(Counter) ->
    Counter ! {self(), stop},
    receive {counted, Count} -> Count end.

count(Count) ->
    receive
        {Pid, stop} -> Pid ! {counted, Count}
    after 1 ->
        count(Count + 1)
    end.
