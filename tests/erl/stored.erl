%% SPDX-License-Identifier: Apache-2.0
%% What lasts: each round finds on /data what all rounds before it have left there, in plain files, dets, disk_log and mnesia, and adds to it.
%% The environment of the application says which part is run (`-stored run PART`).
-module(stored).
-export([start/0]).

start() ->
    Run = case init:get_argument(stored) of
        {ok, [["run", Part]]} -> list_to_atom(Part);
        _ -> rounds
    end,
    try run(Run) catch
        Class:Reason:Stack -> io:format("~p: ~p~n~p~n", [Class, Reason, Stack])
    end,
    init:stop().

run(rounds) ->
    Round = case file:read_file("/data/round") of
        {ok, Text} -> binary_to_integer(Text) + 1;
        {error, enoent} -> 1
    end,
    plain_files(Round),
    dets(Round),
    disk_log(Round),
    mnesia(Round),
    ok = file:write_file("/data/round.new", integer_to_binary(Round)),
    ok = file:rename("/data/round.new", "/data/round"),
    io:format("round ~b is done~n", [Round]);
run(full) ->
    {ok, F} = file:open("/data/large", [raw, write, binary]),
    {error, enospc} = fill(F, binary:copy(<<"full">>, 16384), 0),
    file:close(F),
    {error, enospc} = write_many(0),
    ok = file:delete("/data/large"),
    ok = file:write_file("/data/after", binary:copy(<<1>>, 1 bsl 20)),
    {ok, After} = file:read_file("/data/after"),
    1048576 = byte_size(After),
    io:format("full and well~n");
run(read_only) ->
    {ok, <<"first">>} = file:read_file("/data/files/1"),
    {error, erofs} = file:write_file("/data/files/1", "x"),
    {error, erofs} = file:delete("/data/files/1"),
    {error, erofs} = file:make_dir("/data/new"),
    io:format("only read~n");
run(refused) ->
    {error, erofs} = file:write_file("/data/x", "x"),
    {ok, []} = file:list_dir("/data"),
    io:format("there is no disk~n");
run(acknowledge) ->
    {ok, Log} = open_log("/data/acknowledged"),
    application:set_env(mnesia, dir, "/data/tables"),
    mnesia_up(acknowledged),
    Before = last(Log),
    %% What a cut has kept from the table alone is in the log, and its number is not given again, so the size says nothing.
    InTable = lists:max([0 | mnesia:dirty_all_keys(acknowledged)]),
    io:format("found ~b and ~b~n", [Before, InTable]),
    acknowledge(Log, max(Before, InTable) + 1).

%% Says a number when it is on the disk, in a log and in a table.
acknowledge(Log, Number) ->
    ok = disk_log:log(Log, Number),
    ok = disk_log:sync(Log),
    {atomic, ok} = mnesia:sync_transaction(fun() -> mnesia:write({acknowledged, Number, Number}) end),
    ok = mnesia:sync_log(),
    io:format("acknowledged ~b~n", [Number]),
    acknowledge(Log, Number + 1).

last(Log) -> last(Log, start, 0).

last(Log, Continuation, Last) ->
    case disk_log:chunk(Log, Continuation) of
        eof -> Last;
        {Next, Terms} -> last(Log, Next, lists:max([Last | Terms]))
    end.

open_log(Name) ->
    case disk_log:open([{name, log}, {file, Name}]) of
        {repaired, Log, {recovered, _}, {badbytes, _}} -> {ok, Log};
        {ok, Log} -> {ok, Log}
    end.

fill(F, Bytes, Count) ->
    case file:write(F, Bytes) of
        ok when Count < 10000 -> fill(F, Bytes, Count + 1);
        Error -> Error
    end.

write_many(Count) ->
    case file:write_file("/data/small" ++ integer_to_list(Count), binary:copy(<<2>>, 8192)) of
        ok when Count < 10000 -> write_many(Count + 1);
        Error -> Error
    end.

plain_files(1) ->
    ok = file:make_dir("/data/files"),
    ok = file:write_file("/data/files/1", "first"),
    ok = file:make_symlink("files/1", "/data/link"),
    ok = file:make_link("/data/files/1", "/data/hard");
plain_files(Round) ->
    {ok, <<"first">>} = file:read_file("/data/files/1"),
    {ok, <<"first">>} = file:read_file("/data/link"),
    {ok, <<"first">>} = file:read_file("/data/hard"),
    Names = [integer_to_list(N) || N <- lists:seq(1, Round - 1)],
    {ok, Found} = file:list_dir("/data/files"),
    Names = lists:sort(Found),
    [begin
         {ok, Bytes} = file:read_file("/data/files/" ++ integer_to_list(N)),
         Bytes = large(N)
     end || N <- lists:seq(2, Round - 1)],
    ok = file:write_file("/data/files/" ++ integer_to_list(Round), large(Round)).

large(N) -> binary:copy(<<N:32>>, 200000).

dets(Round) ->
    {ok, D} = dets:open_file(table, [{file, "/data/table.dets"}]),
    Before = (Round - 1) * 2000,
    Before = dets:info(D, size),
    [ok = dets:insert(D, {{Round, N}, N * N}) || N <- lists:seq(1, 2000)],
    [[{_, Square}] = dets:lookup(D, {R, 44}) || R <- lists:seq(1, Round), Square <- [1936]],
    ok = dets:close(D).

disk_log(Round) ->
    {ok, Log} = open_log("/data/log"),
    Before = Round - 1,
    Before = last(Log),
    ok = disk_log:log(Log, Round),
    ok = disk_log:close(Log).

mnesia(Round) ->
    application:set_env(mnesia, dir, "/data/mnesia"),
    mnesia_up(kept),
    Before = (Round - 1) * 100,
    Before = mnesia:table_info(kept, size),
    {atomic, ok} = mnesia:transaction(fun() -> [mnesia:write({kept, {Round, N}, N}) || N <- lists:seq(1, 100)], ok end),
    stopped = mnesia:stop().

mnesia_up(Table) ->
    case mnesia:create_schema([node()]) of
        ok -> ok;
        {error, {_, {already_exists, _}}} -> ok
    end,
    ok = mnesia:start(),
    case mnesia:create_table(Table, [{disc_copies, [node()]}]) of
        {atomic, ok} -> ok;
        {aborted, {already_exists, Table}} -> ok
    end,
    ok = mnesia:wait_for_tables([Table], 10000).
