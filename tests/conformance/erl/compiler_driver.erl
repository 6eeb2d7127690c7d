%% SPDX-License-Identifier: Apache-2.0
%% @doc Compiles a module whose abstract code it gets, and tells what the result is made of, chunk by chunk.
%%
%% Two things are left out on both sides because the virtual machine has them in a later part: zlib, for which a module stands that does
%% not compress, and the linter's search for unused types, which uses ETS.
-module(compiler_driver).
-export([run/1]).

run(Packed) ->
    Options = [binary, deterministic, no_spawn_compiler_process, nowarn_unused_type, return],
    case compile:noenv_forms(binary_to_term(Packed), Options) of
        {ok, Module, <<"FOR1", _:32, "BEAM", Chunks/binary>> = Code, _} ->
            {Module, byte_size(Code), erlang:md5(Code), chunks(Chunks)};
        Other ->
            Other
    end.

chunks(<<>>) -> [];
chunks(<<Name:4/binary, Size:32, Data:Size/binary, Rest/binary>>) ->
    Padding = (4 - Size rem 4) rem 4,
    <<_:Padding/binary, Next/binary>> = Rest,
    [{binary_to_list(Name), Size, erlang:crc32(Data)} | chunks(Next)].
