%% SPDX-License-Identifier: Apache-2.0
%% What `sample.beam`, `sample_27.beam` and `sample_29.beam` are made from, by `erlc +deterministic` of OTP 25, 27 and 29.
-module(sample).
-export([add/1, area/2, name/1, parse/1, pack/2, safe/1, wait/0, first/1]).

add(X) when is_integer(X) ->
    fun(Y) -> {X + Y, "literal", [X | Y]} end.

area(X, Y) when is_float(X), is_float(Y) ->
    X * Y + 0.5.

name(1) -> one;
name(2) -> 'två';
name(-129) -> {minus, [], #{}};
name(123456789012345678901234567890) -> large;
name(-9223372036854775809) -> small;
name(_) -> none.

parse(<<"PNG", Size:16, Rest/binary>>) -> {Size, Rest};
parse(Map) -> Map#{key := value}.

pack(Size, Data) ->
    <<"head", Size:32, Data/binary, "tail">>.

safe(Fun) ->
    try
        Fun()
    catch
        error:Reason -> {caught, Reason}
    end.

-file("other.hrl", 7).
wait() ->
    receive
        {From, What} -> From ! What
    after 1000 -> timeout
    end.

first(Tuple) ->
    element(1, Tuple) + hd(lists:reverse([Tuple])).
