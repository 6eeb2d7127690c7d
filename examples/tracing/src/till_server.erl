%% SPDX-License-Identifier: Apache-2.0
%% Takes money and gives change.
-module(till_server).
-behaviour(gen_server).
-export([start_link/0, pay/2]).
-export([init/1, handle_call/3, handle_cast/2]).

%% What there is, the largest first.
-define(COINS, [200, 100, 50, 20, 10, 5, 2, 1]).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% Pays a price, and gives the coins that come back.
pay(Price, Money) ->
    gen_server:call(?MODULE, {pay, Price, Money}).

init([]) ->
    {ok, 0}.

handle_call({pay, Price, Money}, _From, Sum) when Money >= Price ->
    {reply, {ok, change(Money - Price)}, Sum + Price};
handle_call({pay, _, _}, _From, Sum) ->
    {reply, {error, too_little}, Sum}.

handle_cast(_Message, Sum) ->
    {noreply, Sum}.

%% So many of each coin.
change(Rest) ->
    {Change, 0} = lists:foldl(fun take/2, {#{}, Rest}, ?COINS),
    Change.

take(Coin, {Change, Rest}) when Coin =< Rest -> {Change#{Coin => Rest div Coin}, Rest rem Coin};
take(_, Unchanged) -> Unchanged.
