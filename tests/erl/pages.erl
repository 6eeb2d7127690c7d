%% SPDX-License-Identifier: Apache-2.0
%% Stock `inets`: httpd on port 80 serves files of /tmp and calls functions here; what they are asked to fetch, httpc fetches.
-module(pages).
-export([start/0, fetch/3, length/3, stop/3]).

start() ->
    {ok, _} = application:ensure_all_started(inets),
    Root = "/tmp/www",
    ok = file:make_dir(Root),
    ok = file:write_file(filename:join(Root, "index.html"), "<title>stock</title>\n"),
    ok = file:write_file(filename:join(Root, "large"), binary:copy(<<"0123456789abcdef">>, 1 bsl 16)),
    {ok, _} = inets:start(httpd, [
        {port, 80},
        {bind_address, any},
        {server_name, "pages"},
        {server_root, "/tmp"},
        {document_root, Root},
        {directory_index, ["index.html"]},
        {modules, [mod_alias, mod_esi, mod_dir, mod_range, mod_get, mod_head]},
        {erl_script_alias, {"/do", [?MODULE]}}
    ]),
    io:format("serving~n"),
    receive after infinity -> ok end.

%% Asks another server.
fetch(Session, _, Query) ->
    Url = unicode:characters_to_list(uri_string:percent_decode(list_to_binary(Query))),
    {ok, {{_, Status, _}, _, Body}} = httpc:request(get, {Url, []}, [], []),
    mod_esi:deliver(Session, io_lib:format("Content-Type: text/plain\r\n\r\n~b ~s", [Status, Body])).

%% Tells how much has come.
length(Session, _, Body) ->
    mod_esi:deliver(Session, io_lib:format("Content-Type: text/plain\r\n\r\n~b", [string:length(Body)])).

stop(Session, _, _) ->
    mod_esi:deliver(Session, "Content-Type: text/plain\r\n\r\nbye\n"),
    init:stop().
