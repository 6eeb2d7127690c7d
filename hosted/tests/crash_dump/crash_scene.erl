%% SPDX-License-Identifier: Apache-2.0
%% A program that ends with a slogan, with terms of every kind in a message, a dictionary, a persistent term.
-module(crash_scene).
-export([start/0, terms/0, large/0, part/0]).

start() ->
    persistent_term:put(crash_scene, {persistent, "text"}),
    Holder = spawn(fun hold/0),
    register(holder, Holder),
    Holder ! {terms(), large(), part(), self(), make_ref(), fun hold/0, fun lists:map/2, alias()},
    Holder ! 17,
    ets:new(crash_table, [named_table, bag, public]),
    ets:insert(crash_table, [{a, 1}, {a, 2}]),
    erlang:send_after(1000000, holder, {late, "message"}),
    monitor(process, holder),
    link(Holder),
    process_flag(trap_exit, true),
    erlang:yield(),
    Kept = {kept, length(ets:lookup(crash_table, a))},
    erlang:halt("the slogan"),
    Kept.

hold() ->
    put(key, {value, 1.5}),
    put({other, key}, ["list"]),
    receive
        never -> ok
    end.

%% What is read back as it was.
terms() ->
    [1, -2, 0, 1 bsl 59, -(1 bsl 59) - 1, 1 bsl 200, -(1 bsl 64), 3.25, -1.0e-300, atom, 'Quoted "atom', 'åtom', [], {}, #{},
     #{a => 1, "b" => [2]}, maps:from_list([{N, {N}} || N <- lists:seq(1, 100)]), <<"short">>, <<>>, "text", [improper | list]].

%% What is outside of heaps.
large() -> list_to_binary(lists:duplicate(1000, "0123456789")).

part() -> binary:part(large(), 5, 300).
