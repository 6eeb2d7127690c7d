%% SPDX-License-Identifier: Apache-2.0
%% Commands of the shell: what is in this module can be called there without its name.
-module(user_default).
-export([memory/0, burn/1]).

%% How much memory is used for what, in KiB, the largest first.
memory() ->
    lists:reverse(lists:keysort(2, [{What, Bytes div 1024} || {What, Bytes} <- erlang:memory()])).

%% Keeps the processor busy for some milliseconds and tells how many reductions that were.
burn(Milliseconds) ->
    Deadline = erlang:monotonic_time(millisecond) + Milliseconds,
    {reductions, Before} = process_info(self(), reductions),
    burn_until(Deadline),
    {reductions, After} = process_info(self(), reductions),
    After - Before.

burn_until(Deadline) ->
    case erlang:monotonic_time(millisecond) < Deadline of
        true -> burn_until(Deadline);
        false -> ok
    end.
