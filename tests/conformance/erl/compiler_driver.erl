%% SPDX-License-Identifier: Apache-2.0
%% @doc Compiles a module whose abstract code it gets, and tells what the result is made of, chunk by chunk.
%%
%% Literals are not compressed on either side, because zlib comes in a later part of the virtual machine: another module stands for it. For
%% the same reason the debug information, which is a compressed term, is compared as a term.
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
    [{binary_to_list(Name), sum(Name, Data)} | chunks(Next)].

sum(<<"Dbgi">>, Data) -> binary_to_term(Data);
sum(_, Data) -> {byte_size(Data), erlang:crc32(Data)}.
