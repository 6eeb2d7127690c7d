%% SPDX-License-Identifier: Apache-2.0
%% @doc Stands for the native zlib while compilers are compared; see compiler_driver.
-module(zlib).
-export([compress/1, uncompress/1]).

compress(Data) -> iolist_to_binary(Data).

uncompress(Data) -> Data.
