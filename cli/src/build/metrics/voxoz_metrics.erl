%% SPDX-License-Identifier: Apache-2.0
%% Answers `GET /metrics` with voxoz:metrics/0, in Prometheus' text format. `voxoz build --metrics PORT` puts it into an image and starts it.
%%
%% A few processes take connections, each one connection after the other, so that nobody who asks much costs much; whoever says nothing is waited
%% for so long and no longer.
-module(voxoz_metrics).
-export([start/1]).

-define(ACCEPTORS, 4).
%% Milliseconds for a whole request.
-define(PATIENCE, 5000).
%% Bytes of a line of a request.
-define(LONGEST, 8192).

%% Nobody waits for it, and nobody fails with it.
start(Port) ->
    _ = spawn(fun() -> listen(Port) end),
    ok.

listen(Port) ->
    Options = [binary, {packet, http_bin}, {packet_size, ?LONGEST}, {active, false}, {reuseaddr, true},
               {send_timeout, ?PATIENCE}, {send_timeout_close, true}],
    case gen_tcp:listen(Port, Options) of
        {ok, Listener} ->
            logger:notice("metrics are told on port ~b", [Port]),
            watch(Listener, [accept_in_process(Listener) || _ <- lists:seq(1, ?ACCEPTORS)]);
        {error, Reason} ->
            logger:error("metrics cannot be told on port ~b: ~ts", [Port, inet:format_error(Reason)])
    end.

%% Replaces a process that has failed. The listener lives as long as this process does.
watch(Listener, Acceptors) ->
    receive
        {'DOWN', Monitor, process, _, _} ->
            %% Whatever made it fail may be there still.
            timer:sleep(100),
            watch(Listener, [accept_in_process(Listener) | lists:delete(Monitor, Acceptors)])
    end.

accept_in_process(Listener) ->
    {_, Monitor} = spawn_monitor(fun() -> accept(Listener) end),
    Monitor.

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    _ = serve(Socket, erlang:monotonic_time(millisecond) + ?PATIENCE),
    ok = gen_tcp:close(Socket),
    accept(Listener).

serve(Socket, Deadline) ->
    case receive_packet(Socket, Deadline) of
        {ok, {http_request, Method, {abs_path, Target}, _}} ->
            case skip_headers(Socket, Deadline) of
                ok -> gen_tcp:send(Socket, answer(Method, hd(binary:split(Target, <<"?">>))));
                Error -> Error
            end;
        {ok, _} ->
            gen_tcp:send(Socket, text('GET', "400 Bad Request", "That is no request of HTTP.\n"));
        Error ->
            Error
    end.

skip_headers(Socket, Deadline) ->
    case receive_packet(Socket, Deadline) of
        {ok, {http_header, _, _, _, _}} -> skip_headers(Socket, Deadline);
        {ok, http_eoh} -> ok;
        {ok, _} -> {error, einval};
        Error -> Error
    end.

receive_packet(Socket, Deadline) ->
    gen_tcp:recv(Socket, 0, max(0, Deadline - erlang:monotonic_time(millisecond))).

answer(Method, <<"/metrics">>) when Method =:= 'GET'; Method =:= 'HEAD' ->
    response(Method, "200 OK", "text/plain; version=0.0.4; charset=utf-8", voxoz:metrics());
answer(Method, <<"/metrics">>) ->
    text(Method, "405 Method Not Allowed", "It can be read, nothing else.\n");
answer(Method, _) ->
    text(Method, "404 Not Found", "There is /metrics, nothing else.\n").

text(Method, Status, Text) ->
    response(Method, Status, "text/plain; charset=utf-8", Text).

response(Method, Status, Type, Text) ->
    Body = case Method of 'HEAD' -> []; _ -> Text end,
    ["HTTP/1.1 ", Status, "\r\nContent-Type: ", Type, "\r\nContent-Length: ", integer_to_list(iolist_size(Text)),
     "\r\nConnection: close\r\n\r\n", Body].
