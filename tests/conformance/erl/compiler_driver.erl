%% SPDX-License-Identifier: Apache-2.0
%% @doc Compiles a module whose abstract code it gets, and tells what the result is made of, chunk by chunk.
-module(compiler_driver).
-export([run/1]).

run(Packed) ->
    Options = [binary, deterministic, no_spawn_compiler_process, return],
    case compile:noenv_forms(binary_to_term(Packed), Options) of
        {ok, Module, <<"FOR1", _:32, "BEAM", Chunks/binary>>, _} ->
            {Module, chunks(Chunks)};
        Other ->
            Other
    end.

chunks(<<>>) -> [];
chunks(<<Name:4/binary, Size:32, Data:Size/binary, Rest/binary>>) ->
    Padding = (4 - Size rem 4) rem 4,
    <<_:Padding/binary, Next/binary>> = Rest,
    [{binary_to_list(Name), Size, erlang:crc32(Data)} | chunks(Next)].
