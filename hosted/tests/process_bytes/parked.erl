%% SPDX-License-Identifier: Apache-2.0
%% Many processes that wait for a message.
-module(parked).
-export([start/0]).

start() -> park(100000, 0).

park(0, Count) -> Count;
park(Left, Count) ->
    spawn(fun() -> receive stop -> ok end end),
    park(Left - 1, Count + 1).
