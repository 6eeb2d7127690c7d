%% SPDX-License-Identifier: Apache-2.0
%% The application and its supervisor.
-module(till_app).
-behaviour(application).
-behaviour(supervisor).
-export([start/2, stop/1]).
-export([init/1]).

-include_lib("kernel/include/logger.hrl").

start(_Type, _Arguments) ->
    Started = supervisor:start_link({local, till_sup}, ?MODULE, []),
    ?LOG_NOTICE("the till is open"),
    Started.

stop(_State) ->
    ok.

init([]) ->
    Children = [#{id => server, start => {till_server, start_link, []}},
                #{id => customer, start => {till_customer, start_link, []}}],
    {ok, {#{strategy => rest_for_one, intensity => 5, period => 10}, Children}}.
