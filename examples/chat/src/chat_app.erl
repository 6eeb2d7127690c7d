%% SPDX-License-Identifier: Apache-2.0
%% The application and its supervisor. The room knows the members, so that the listener starts anew when the room does.
-module(chat_app).
-behaviour(application).
-behaviour(supervisor).
-export([start/2, stop/1]).
-export([init/1]).

start(_Type, _Arguments) ->
    supervisor:start_link({local, chat_sup}, ?MODULE, []).

stop(_State) ->
    ok.

init([]) ->
    {ok, {#{strategy => rest_for_one, intensity => 5, period => 10},
          [#{id => room, start => {chat_room, start_link, []}},
           #{id => listener, start => {chat_listener, start_link, []}}]}}.
