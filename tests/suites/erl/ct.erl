%% SPDX-License-Identifier: Apache-2.0
%% @doc What test suites call of Common Test, without Common Test.
-module(ct).
-export([fail/1, fail/2, log/1, log/2, log/3, log/4, log/5, pal/1, pal/2, pal/3, pal/4, pal/5, print/1, print/2, print/3, error/1, error/2,
         comment/1, comment/2, timetrap/1, get_timetrap_info/0, sleep/1, get_progname/0, get_config/1, get_config/2,
         capture_start/0, capture_stop/0, capture_get/0, capture_get/1]).

fail(Reason) -> exit({test_case_failed, Reason}).
fail(Format, Arguments) -> exit({test_case_failed, lists:flatten(io_lib:format(Format, Arguments))}).

log(Format) -> show(Format, []).
log(A, B) -> show(A, B).
log(A, B, C) -> show(A, B, C).
log(_, A, B, _) -> show(A, B).
log(_, _, A, B, _) -> show(A, B).
pal(Format) -> show(Format, []).
pal(A, B) -> show(A, B).
pal(A, B, C) -> show(A, B, C).
pal(_, A, B, _) -> show(A, B).
pal(_, _, A, B, _) -> show(A, B).
print(Format) -> show(Format, []).
print(A, B) -> show(A, B).
print(A, B, C) -> show(A, B, C).
error(Format) -> show(Format, []).
error(Format, Arguments) -> show(Format, Arguments).

%% The first argument may be a category, the last one options.
show(Format, Arguments, Options) when is_list(Format); is_binary(Format) -> _ = Options, show(Format, Arguments);
show(_Category, Format, Arguments) -> show(Format, Arguments).

show(Category, Format) when is_atom(Category); is_integer(Category) -> show(Format, []);
show(Format, Arguments) ->
    try io:format("~ts~n", [io_lib:format(Format, Arguments)]) catch _:_ -> ok end,
    ok.

comment(_) -> ok.
comment(_, _) -> ok.

timetrap(Time) -> test_server:timetrap(Time).
get_timetrap_info() -> {infinity, {false, 1}}.
sleep(Time) -> test_server:sleep(Time).

get_progname() ->
    case init:get_argument(progname) of
        {ok, [[Name]]} -> Name;
        _ -> "no_prog_name"
    end.

get_config(_) -> undefined.
get_config(_, Default) -> Default.

capture_start() -> test_server:capture_start().
capture_stop() -> test_server:capture_stop().
capture_get() -> test_server:capture_get().
capture_get(_) -> test_server:capture_get().
