%% SPDX-License-Identifier: Apache-2.0
%% The application and its supervisor.
-module(time_app).
-behaviour(application).
-behaviour(supervisor).
-export([start/2, stop/1]).
-export([init/1]).

start(_Type, _Arguments) ->
    supervisor:start_link({local, time_sup}, ?MODULE, []).

stop(_State) ->
    ok.

init([]) ->
    {ok, {#{intensity => 5, period => 10}, [#{id => server, start => {time_server, start_link, []}}]}}.
