%% SPDX-License-Identifier: Apache-2.0
%% An application with a supervisor and a worker: it logs, its worker is restarted, and it says when it is stopped.
-module(supervised).
-behaviour(application).
-behaviour(supervisor).
-export([start/0, start/2, prep_stop/1, stop/1, init/1, worker/0]).

start() ->
    Key = {application, supervised,
           [{vsn, "1"}, {modules, [?MODULE]}, {registered, []}, {applications, [kernel, stdlib]},
            {mod, {?MODULE, []}}]},
    ok = application:load(Key),
    ok = application:start(supervised, permanent),
    logger:notice("started ~p", [supervised]),
    exit(whereis(worker), broken).

start(_, _) -> supervisor:start_link(?MODULE, []).

prep_stop(State) ->
    io:format("prep_stop~n"),
    State.

stop(_) -> io:format("stopped~n").

init([]) ->
    Child = #{id => worker, start => {?MODULE, worker, []}},
    {ok, {#{strategy => one_for_one, intensity => 3, period => 60}, [Child]}}.

worker() ->
    {ok, proc_lib:spawn_link(fun() ->
        register(worker, self()),
        Number = 1 + persistent_term:get(?MODULE, 0),
        persistent_term:put(?MODULE, Number),
        io:format("worker ~p is up~n", [Number]),
        receive never -> ok end
    end)}.
