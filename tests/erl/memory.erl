%% SPDX-License-Identifier: Apache-2.0
%% Takes binaries of 16 MiB, as many as the command line says, and writes to each page of them.
-module(memory).
-export([start/0]).

start() ->
    {ok, [[Count]]} = init:get_argument(blocks),
    Blocks = [binary:copy(binary:copy(<<Number:32>>, 1024), 4096) || Number <- lists:seq(1, list_to_integer(Count))],
    Sum = lists:sum([binary:decode_unsigned(binary:part(Block, byte_size(Block) - 4, 4)) || Block <- Blocks]),
    Total = lists:sum([byte_size(Block) || Block <- Blocks]),
    true = erlang:memory(binary) >= Total,
    io:format("~p bytes, sum ~p~n", [Total, Sum]),
    halt().
