%% SPDX-License-Identifier: Apache-2.0
%% The requests: `GET /` shows entries, `POST /` adds one and leads back to the page, so that a page that is loaded anew adds nothing.
-module(guestbook_web).
-export([handle/1]).

-include_lib("kernel/include/logger.hrl").

%% How many entries a page has.
-define(COUNT, 20).
%% What a form may have at most: bytes of all of it, characters of each field.
-define(MOST_BYTES, 32768).
-define(MOST_NAME, 60).
-define(MOST_TEXT, 2000).

%% Called by mochiweb in a process of the connection.
handle(Request) ->
    Method = mochiweb_request:get(method, Request),
    Path = mochiweb_request:get(path, Request),
    try
        answer(Method, Path, Request)
    catch
        throw:{Status, Why} ->
            html(Request, Status, guestbook_page:message(Why));
        error:Reason:Stack ->
            ?LOG_ERROR("~ts ~ts: ~tp~n~tp", [Method, Path, Reason, Stack]),
            html(Request, 500, guestbook_page:message(<<"Something went wrong here. It is in the log.">>))
    end.

answer(Method, "/", Request) when Method =:= 'GET'; Method =:= 'HEAD' ->
    Before = before(mochiweb_request:parse_qs(Request)),
    {Entries, Older} = guestbook_store:page(Before, ?COUNT),
    html(Request, 200, guestbook_page:entries(Before, Entries, Older));
answer('POST', "/", Request) ->
    Fields = mochiweb_util:parse_qs(body(Request)),
    Name = field("name", ?MOST_NAME, Fields),
    Text = field("text", ?MOST_TEXT, Fields),
    guestbook_store:add(Name, Text),
    mochiweb_request:respond({303, [{"Location", "/"}, {"Content-Length", "0"}], <<>>}, Request);
answer(Method, "/style.css", Request) when Method =:= 'GET'; Method =:= 'HEAD' ->
    mochiweb_request:serve_file("style.css", code:priv_dir(guestbook), Request);
answer(_, "/", _) ->
    throw({405, <<"This page can be read and written to, nothing else.">>});
answer(_, _, _) ->
    throw({404, <<"There is no such page.">>}).

%% The key of the entry before which the page begins.
before(Query) ->
    case string:split(proplists:get_value("before", Query, ""), "-") of
        [Time, Number] ->
            try {list_to_integer(Time), list_to_integer(Number)} catch error:badarg -> newest end;
        _ ->
            newest
    end.

body(Request) ->
    case mochiweb_request:get(body_length, Request) of
        Length when is_integer(Length), Length =< ?MOST_BYTES -> mochiweb_request:recv_body(?MOST_BYTES, Request);
        undefined -> <<>>;
        _ -> throw({413, <<"That is too long.">>})
    end.

%% A field without spaces around it, in characters that are text.
field(Key, Most, Fields) ->
    case unicode:characters_to_list(list_to_binary(proplists:get_value(Key, Fields, ""))) of
        Characters when is_list(Characters) ->
            case string:trim([C || C <- Characters, C >= 32 orelse C =:= $\n]) of
                "" -> throw({400, <<"A name and a text are needed.">>});
                Text when length(Text) > Most -> throw({413, <<"That is too long.">>});
                Text -> unicode:characters_to_binary(Text)
            end;
        _ ->
            throw({400, <<"That is not UTF-8.">>})
    end.

html(Request, Status, Page) ->
    Headers = [{"Content-Type", "text/html; charset=utf-8"},
               {"Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'"},
               {"X-Content-Type-Options", "nosniff"},
               {"Cache-Control", "no-store"},
               {"Server", "guestbook"}],
    mochiweb_request:respond({Status, Headers, unicode:characters_to_binary(Page)}, Request).
