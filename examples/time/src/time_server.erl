%% SPDX-License-Identifier: Apache-2.0
%% Answers each datagram with the time of day as RFC 868 has it: seconds since 1900, in four bytes.
-module(time_server).
-behaviour(gen_server).
-export([start_link/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-include_lib("kernel/include/logger.hrl").

%% Seconds from 1900 to 1970.
-define(EPOCH, 2208988800).
%% How many datagrams are taken before the process says that it goes on.
-define(AT_ONCE, 100).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

init([]) ->
    {ok, Port} = application:get_env(time, port),
    case gen_udp:open(Port, [binary, {active, ?AT_ONCE}]) of
        {ok, Socket} ->
            ?LOG_NOTICE("the time is told on UDP port ~b", [Port]),
            {ok, Socket};
        {error, Reason} ->
            {stop, {port, Port, Reason}}
    end.

handle_info({udp, Socket, Address, Port, _Question}, Socket) ->
    %% Whoever asked may be gone: that is its affair.
    _ = gen_udp:send(Socket, Address, Port, <<(os:system_time(second) + ?EPOCH):32>>),
    {noreply, Socket};
handle_info({udp_passive, Socket}, Socket) ->
    ok = inet:setopts(Socket, [{active, ?AT_ONCE}]),
    {noreply, Socket}.

handle_call(_Request, _From, Socket) ->
    {reply, {error, unknown}, Socket}.

handle_cast(_Request, Socket) ->
    {noreply, Socket}.
