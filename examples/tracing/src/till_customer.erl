%% SPDX-License-Identifier: Apache-2.0
%% Buys something of another price again and again.
-module(till_customer).
-export([start_link/0]).
-export([init/1]).

-define(PRICES, [120, 250, 85, 699]).

start_link() ->
    proc_lib:start_link(?MODULE, init, [self()]).

init(Parent) ->
    register(?MODULE, self()),
    proc_lib:init_ack(Parent, {ok, self()}),
    buy(?PRICES).

buy([]) ->
    buy(?PRICES);
buy([Price | Prices]) ->
    {ok, _} = till_server:pay(Price, 700),
    timer:sleep(1000),
    buy(Prices).
