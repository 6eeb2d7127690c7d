%% SPDX-License-Identifier: Apache-2.0
%% The entries, in a table of mnesia with a copy on the disk. What add/2 has returned from is there after a power cut.
-module(guestbook_store).
-export([open/0, add/2, page/2]).
-export_type([entry/0, key/0]).

-record(guestbook_entry, {key, name, text}).

%% When it was written, in microseconds since 1970, and what tells entries of one moment apart.
-type key() :: {integer(), integer()}.
-type entry() :: #{key := key(), name := binary(), text := binary()}.

-define(TABLE, guestbook_entry).
%% How long the table may take to be loaded.
-define(PATIENCE, 60000).

%% Makes the schema and the table on the first start. Gives the number of entries.
-spec open() -> {ok, non_neg_integer()} | {error, term()}.
open() ->
    maybe_all([fun schema/0, fun table/0, fun wait/0]).

maybe_all([]) ->
    {ok, mnesia:table_info(?TABLE, size)};
maybe_all([Step | Steps]) ->
    case Step() of
        ok -> maybe_all(Steps);
        {error, _} = Error -> Error
    end.

%% mnesia starts without a folder; from here on it has one.
schema() ->
    case mnesia:change_table_copy_type(schema, node(), disc_copies) of
        {atomic, ok} -> ok;
        {aborted, {already_exists, schema, _, disc_copies}} -> ok;
        {aborted, Reason} -> {error, {schema, Reason}}
    end.

table() ->
    Options = [{type, ordered_set}, {disc_copies, [node()]},
               {attributes, record_info(fields, guestbook_entry)}],
    case mnesia:create_table(?TABLE, Options) of
        {atomic, ok} -> ok;
        {aborted, {already_exists, ?TABLE}} -> ok;
        {aborted, Reason} -> {error, {table, Reason}}
    end.

wait() ->
    case mnesia:wait_for_tables([?TABLE], ?PATIENCE) of
        ok -> ok;
        Reason -> {error, {table, Reason}}
    end.

%% Adds an entry, and returns when it is on the disk.
-spec add(binary(), binary()) -> ok.
add(Name, Text) ->
    Key = {os:system_time(microsecond), erlang:unique_integer([positive])},
    Entry = #guestbook_entry{key = Key, name = Name, text = Text},
    {atomic, ok} = mnesia:sync_transaction(fun() -> mnesia:write(Entry) end),
    ok = mnesia:sync_log().

%% So many entries before one, the newest first, and whether there are older ones.
-spec page(key() | newest, pos_integer()) -> {[entry()], last | more}.
page(Before, Count) ->
    {atomic, Page} = mnesia:transaction(fun() -> walk(older(Before), Count, []) end),
    Page.

walk('$end_of_table', _, Found) ->
    {lists:reverse(Found), last};
walk(_, 0, Found) ->
    {lists:reverse(Found), more};
walk(Key, Count, Found) ->
    [#guestbook_entry{name = Name, text = Text}] = mnesia:read(?TABLE, Key),
    walk(mnesia:prev(?TABLE, Key), Count - 1, [#{key => Key, name => Name, text => Text} | Found]).

older(newest) -> mnesia:last(?TABLE);
older(Key) -> mnesia:prev(?TABLE, Key).
