%% SPDX-License-Identifier: Apache-2.0
%% The ways in which a node ends that is not well.
-module(endings).
-export([slogan/0, abort/0, memory/0, binary/0, buffer/0, atoms/0]).

slogan() ->
    case init:get_argument(endings) of
        {ok, [["full"]]} -> fill("/data/filling");
        _ -> ok
    end,
    halt("the end is here").

%% Until there is no room on the disk.
fill(Name) ->
    {ok, File} = file:open(Name, [append, raw]),
    Fill = fun(Loop, Bytes) ->
        case file:write(File, Bytes) of
            ok -> Loop(Loop, Bytes);
            {error, enospc} -> ok
        end
    end,
    [Fill(Fill, <<0:Size/unit:8>>) || Size <- [65536, 4096]],
    ok = file:close(File),
    io:format("the disk is full~n").

abort() -> halt(abort).

%% Until there is no more.
memory() -> grow([]).

grow(List) -> grow([lists:seq(1, 100000) | List]).

%% At once.
binary() -> binary:copy(<<0:8000000>>, 1000).

%% The machine needs a large buffer for what is a small term here.
buffer() ->
    Part = binary:copy(<<0>>, 1000000),
    list_to_binary([Part || _ <- lists:seq(1, 1000)]).

atoms() -> atoms(0).

atoms(N) ->
    _ = list_to_atom("a" ++ integer_to_list(N)),
    atoms(N + 1).
