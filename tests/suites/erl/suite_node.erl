%% SPDX-License-Identifier: Apache-2.0
%% @doc A stand-in for `net_kernel' where there is no distribution, for suites that ask whether the node that they run on is up before they use it alone. It says
%% that it is, and to all else what `net_kernel' says when it does not run.
-module(suite_node).
-export([start/0]).

start() ->
    Parent = self(),
    _ = spawn(fun() ->
        register(net_kernel, self()),
        Parent ! registered,
        loop()
    end),
    receive registered -> ok end.

loop() ->
    receive
        {'$gen_call', From, {is_auth, _}} -> gen:reply(From, yes);
        {'$gen_call', From, _} -> gen:reply(From, ignored);
        _ -> ok
    end,
    loop().
