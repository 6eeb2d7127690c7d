%% SPDX-License-Identifier: Apache-2.0
%% The application: its table first, then its server.
-module(guestbook_app).
-behaviour(application).
-export([start/2, stop/1]).

-include_lib("kernel/include/logger.hrl").

start(_Type, _Arguments) ->
    case guestbook_store:open() of
        {ok, Count} ->
            {ok, Port} = application:get_env(guestbook, port),
            ?LOG_NOTICE("guestbook: ~b entries in ~ts, serving on port ~b",
                        [Count, mnesia:system_info(directory), Port]),
            guestbook_sup:start_link(Port);
        {error, _} = Error ->
            Error
    end.

stop(_State) ->
    ok.
