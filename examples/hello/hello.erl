%% SPDX-License-Identifier: Apache-2.0
%% Prints what the guest is, and powers it off.
-module(hello).
-export([start/0]).

start() ->
    io:format("Hello from Erlang/OTP ~s on ~p, ~p processes~n",
              [erlang:system_info(otp_release), erlang:system_info(machine), erlang:system_info(process_count)]),
    init:stop().
