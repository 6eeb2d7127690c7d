%% SPDX-License-Identifier: Apache-2.0
%% Takes connections, each of which becomes a process that ends with this one.
-module(chat_listener).
-export([start_link/0]).
-export([init/1]).

-include_lib("kernel/include/logger.hrl").

start_link() ->
    proc_lib:start_link(?MODULE, init, [self()]).

init(Parent) ->
    register(?MODULE, self()),
    process_flag(trap_exit, true),
    {ok, Port} = application:get_env(chat, port),
    Options = [binary, {packet, line}, {active, false}, {reuseaddr, true}, {packet_size, 1024},
               {send_timeout, 10000}, {send_timeout_close, true}],
    {ok, Listener} = gen_tcp:listen(Port, Options),
    ?LOG_NOTICE("chat: protocol ~b on port ~b", [chat_protocol:version(), Port]),
    proc_lib:init_ack(Parent, {ok, self()}),
    Acceptor = spawn_link(fun() -> accept(Listener, 1) end),
    wait(Parent, Acceptor).

wait(Parent, Acceptor) ->
    receive
        {'EXIT', Pid, Reason} when Pid =:= Parent; Pid =:= Acceptor -> exit(Reason);
        _ -> wait(Parent, Acceptor)
    end.

accept(Listener, Number) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Name = <<"guest", (integer_to_binary(Number))/binary>>,
    Member = spawn(fun() -> receive go -> chat_member:run(Socket, Name) end end),
    ok = gen_tcp:controlling_process(Socket, Member),
    Member ! go,
    accept(Listener, Number + 1).
