%% SPDX-License-Identifier: Apache-2.0
%% @doc There is no tool for property tests, so suites that want one are skipped.
-module(ct_property_test).
-export([init_per_suite/1, quickcheck/2]).

init_per_suite(_) -> {skip, "needs a tool for property tests"}.
quickcheck(_, _) -> {skip, "needs a tool for property tests"}.
