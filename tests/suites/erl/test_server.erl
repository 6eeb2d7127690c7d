%% SPDX-License-Identifier: Apache-2.0
%% @doc What test suites call of the test server. What needs a second node, another release or a tool that is not there ends with `{needs, What}', which the runner
%% counts as skipped.
-module(test_server).
-export([lookup_config/2, timetrap/1, timetrap_cancel/0, timetrap_cancel/1, timetrap_scale_factor/0, milliseconds/1, seconds/1, minutes/1,
         hours/1, sleep/1, adjusted_sleep/1, timecall/3, do_times/2, do_times/4, m_out_of_n/3, fail/0, fail/1, format/1, format/2, format/3, comment/1, fault/3,
         capture_start/0, capture_stop/0, capture_get/0, messages_get/0, temp_name/1, is_native/1, is_cover/0, is_debug/0, is_asan/0,
         is_valgrind/0, is_commercial/0, memory_checker/0, os_type/0, break/1, is_release_available/1, run_on_shielded_node/2, start_node/3, stop_node/1,
         peer_name/2, start_peer/2, start_peer/3, start_peer/4, start_peer/5, app_test/1, app_test/2, appup_test/1]).

lookup_config(Key, Config) ->
    case lists:keyfind(Key, 1, Config) of
        {Key, Value} -> Value;
        false -> undefined
    end.

timetrap(_) -> make_ref().

timetrap_cancel() -> ok.
timetrap_cancel(_) -> ok.
timetrap_scale_factor() -> 1.

milliseconds(infinity) -> hours(24);
milliseconds({seconds, N}) -> seconds(N);
milliseconds({minutes, N}) -> minutes(N);
milliseconds({hours, N}) -> hours(N);
milliseconds(N) when is_integer(N) -> N;
milliseconds(_) -> hours(24).

seconds(N) -> trunc(N * 1000).
minutes(N) -> trunc(N * 60_000).
hours(N) -> trunc(N * 3_600_000).

sleep(infinity) -> timer:sleep(infinity);
sleep(Time) -> timer:sleep(milliseconds(Time)).
adjusted_sleep(Time) -> sleep(Time).

timecall(Module, Function, Arguments) ->
    {Micros, Value} = timer:tc(Module, Function, Arguments),
    {Micros / 1_000_000, Value}.

do_times(N, Function) -> [Function() || _ <- lists:seq(1, N)], ok.
do_times(N, Module, Function, Arguments) -> do_times(N, fun() -> apply(Module, Function, Arguments) end).

m_out_of_n(0, _, _) -> ok;
m_out_of_n(_, 0, _) -> exit(m_out_of_n_failed);
m_out_of_n(M, N, Function) ->
    try Function() of _ -> m_out_of_n(M - 1, N - 1, Function)
    catch _:_ -> m_out_of_n(M, N - 1, Function)
    end.

fail() -> exit(suite_failed).
fail(Reason) -> exit({suite_failed, Reason}).
format(Format) -> ct:log(Format).
format(Format, Arguments) -> ct:log(Format, Arguments).
format(_, Format, Arguments) -> ct:log(Format, Arguments).
comment(_) -> ok.
break(_) -> ok.

fault(_Error, Module, _) -> exit({undef, Module}).

capture_start() -> group_leader() ! {capture, self()}, ok.
capture_stop() -> group_leader() ! {capture, false}, ok.
capture_get() -> receive {captured, Text} -> [Text | capture_get()] after 0 -> [] end.
messages_get() -> receive Message -> [Message | messages_get()] after 0 -> [] end.

temp_name(Stem) -> Stem ++ integer_to_list(erlang:unique_integer([positive])).

is_native(_) -> false.
is_cover() -> false.
is_debug() -> false.
is_asan() -> false.
is_valgrind() -> false.
is_commercial() -> false.
memory_checker() -> none.
os_type() -> os:type().
is_release_available(_) -> false.

run_on_shielded_node(_, _) -> needs_node().
start_node(_, _, _) -> needs_node().
stop_node(_) -> ok.
peer_name(Module, Case) -> peer:random_name(lists:concat([Module, "-", Case])).
start_peer(_, _) -> needs_node().
start_peer(_, _, _) -> needs_node().
start_peer(_, _, _, _) -> needs_node().
start_peer(_, _, _, _, _) -> needs_node().

-spec needs_node() -> no_return().
needs_node() -> exit({needs, "a second node"}).

app_test(_) -> exit({needs, "the test of application files"}).
app_test(_, _) -> exit({needs, "the test of application files"}).
appup_test(_) -> exit({needs, "the test of application files"}).
