%% SPDX-License-Identifier: Apache-2.0
%% Takes the domain's memory for binaries until little is left, compares what the node says of itself with what it has, and asks for more than there is.
-module(plenty).
-export([start/0]).

-define(MIB, 1048576).
%% A binary.
-define(PIECE, (16 * ?MIB)).
%% What a node needs to go on: heaps, and what is said at its end.
-define(LEFT, (16 * ?MIB)).

start() ->
    try run() catch
        Class:Reason:Stack -> io:format("~p: ~p~n~p~n", [Class, Reason, Stack]), halt(1)
    end.

run() ->
    {Total, Free} = domain(),
    Before = erlang:memory(),
    Pieces = fill(1, []),
    {Total, Left} = domain(),
    Now = erlang:memory(),
    Bytes = length(Pieces) * ?PIECE,
    io:format("holds ~b of ~b MiB~n", [Bytes div ?MIB, Total div ?MIB]),
    %% The node has counted each byte, and the domain has given no more for it than its tables take.
    Grown = grown(binary, Before, Now),
    true = Grown >= Bytes andalso Grown < Bytes + ?MIB,
    %% Heaps come and go meanwhile.
    true = abs(grown(total, Before, Now) - Bytes) < 4 * ?MIB,
    true = proplists:get_value(total, Now) =< Total - Left,
    true = Free - Left >= Bytes andalso Free - Left < Bytes + 32 * ?MIB,
    true = Left < ?PIECE + ?LEFT,
    %% No byte of one is another's.
    [<<Number:32, _/binary>> = Piece || {Number, Piece} <- Pieces],
    true = lists:all(fun({Number, Piece}) -> binary:part(Piece, ?PIECE, -4) =:= <<Number:32>> end, Pieces),
    io:format("memory tells the truth~n"),
    %% What is given back can be had again.
    Rest = tl(Pieces),
    {_, Held} = hd(Pieces),
    io:format("~b are dropped~n", [byte_size(Held)]),
    again(Rest, length(Pieces) + 1).

again(Pieces, Number) ->
    garbage_collect(),
    [{Number, _} | _] = All = fill(Number, Pieces),
    io:format("and had again~n"),
    More = grow([]),
    io:format("~b beside ~b, which is more than there is~n", [length(More), length(All)]).

grow(List) -> grow([lists:seq(1, 100000) | List]).

%% Pieces, with their numbers, until one more would be too much.
fill(Number, Pieces) ->
    case domain() of
        {_, Free} when Free >= ?PIECE + ?LEFT -> fill(Number + 1, [{Number, piece(Number, ?PIECE)} | Pieces]);
        _ -> Pieces
    end.

piece(Number, Bytes) -> binary:copy(<<Number:32>>, Bytes div 4).

domain() ->
    #{memory := #{total := Total, free := Free}} = voxoz:info(),
    {Total, Free}.

grown(What, Before, Now) -> proplists:get_value(What, Now) - proplists:get_value(What, Before).
