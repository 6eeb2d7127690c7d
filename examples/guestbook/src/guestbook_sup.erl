%% SPDX-License-Identifier: Apache-2.0
%% The supervisor of the server. Requests are processes of the server's; entries are mnesia's.
-module(guestbook_sup).
-behaviour(supervisor).
-export([start_link/1]).
-export([init/1]).

start_link(Port) ->
    supervisor:start_link({local, ?MODULE}, ?MODULE, Port).

init(Port) ->
    Options = [{name, guestbook_http}, {port, Port}, {loop, fun guestbook_web:handle/1}],
    Server = #{id => http, start => {mochiweb_http, start_link, [Options]}},
    {ok, {#{strategy => one_for_one, intensity => 5, period => 10}, [Server]}}.
