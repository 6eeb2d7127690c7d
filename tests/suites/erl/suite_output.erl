%% SPDX-License-Identifier: Apache-2.0
%% @doc The group leader of a suite: what is printed goes to a log, and to whoever captures it; there is no input. Failures that a suite tells it, as it may tell
%% that of Common Test, are kept until they are asked for.
-module(suite_output).
-export([start/1, failures/1]).

start(Name) ->
    {ok, Log} = file:open(Name, [append, raw]),
    loop(Log, none, []).

%% The failures since the last call.
failures(Leader) ->
    Leader ! {failures, self()},
    receive {failures, Leader, Failures} -> Failures end.

loop(Log, Capture, Failures) ->
    receive
        {io_request, From, Tag, Request} ->
            From ! {io_reply, Tag, request(Request, Log, Capture)},
            loop(Log, Capture, Failures);
        {capture, Pid} when is_pid(Pid) -> loop(Log, Pid, Failures);
        {capture, false} -> loop(Log, none, Failures);
        {failed, File, Line} -> loop(Log, Capture, [{filename:basename(File), Line} | Failures]);
        {failures, Pid} ->
            Pid ! {failures, self(), lists:reverse(Failures)},
            loop(Log, Capture, []);
        _ -> loop(Log, Capture, Failures)
    end.

request({put_chars, Encoding, Module, Function, Arguments}, Log, Capture) ->
    try apply(Module, Function, Arguments) of
        Chars -> request({put_chars, Encoding, Chars}, Log, Capture)
    catch _:_ -> {error, Function}
    end;
request({put_chars, Module, Function, Arguments}, Log, Capture) ->
    request({put_chars, latin1, Module, Function, Arguments}, Log, Capture);
request({put_chars, Chars}, Log, Capture) -> request({put_chars, latin1, Chars}, Log, Capture);
request({put_chars, Encoding, Chars}, Log, Capture) ->
    case unicode:characters_to_list(Chars, Encoding) of
        List when is_list(List) ->
            [Capture ! {captured, List} || is_pid(Capture)],
            _ = file:write(Log, unicode:characters_to_binary(List)),
            ok;
        _ -> {error, {error, Chars}}
    end;
request({requests, Requests}, Log, Capture) ->
    lists:foldl(
        fun(Request, Result) when Result =:= ok -> request(Request, Log, Capture);
           (_, Result) -> Result
        end, ok, Requests);
request(Request, _, _) when element(1, Request) =:= get_line; element(1, Request) =:= get_chars; element(1, Request) =:= get_until -> eof;
request(_, _, _) -> {error, enotsup}.
