// SPDX-License-Identifier: Apache-2.0
//! The programs, and what most of our time goes into in each.

/// What kind of work a program does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// One process computes.
    Sequential,
    /// Processes, messages, timers.
    Concurrent,
    /// Tables, and what stock does in C libraries, in a node: files need its file server.
    Natives,
}

impl Group {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Concurrent => "concurrent",
            Self::Natives => "ETS and natives",
        }
    }
}

/// A program: `tests/fixtures/bench/bench_NAME.erl`.
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What kind of work it does.
    pub group: Group,
    /// What most of our time goes into.
    pub bound: &'static str,
}

macro_rules! programs {
    ($($name:literal $group:ident $bound:literal;)*) => {
        /// All programs, in the order of the table.
        pub const PROGRAMS: &[Program] = &[$(
            Program { name: $name, group: Group::$group, bound: $bound },
        )*];
    };
}

programs! {
    "fib" Sequential "calls, small integers";
    "tak" Sequential "calls, moves between registers and frame";
    "ackermann" Sequential "calls, a stack that grows";
    "nqueens" Sequential "calls, comparisons, lists";
    "nrev" Sequential "making and collecting lists";
    "qsort" Sequential "comparisons, making lists";
    "sort" Sequential "comparisons, making lists (lists:sort)";
    "sieve" Sequential "division, lists";
    "mandelbrot" Sequential "floats";
    "pidigits" Sequential "multiplying and dividing bignums";
    "binary_parse" Sequential "matching fields of a binary";
    "binary_bytes" Sequential "matching bytes";
    "binary_build" Sequential "appending to binaries";
    "utf8" Sequential "UTF-8 in matches and comprehensions";
    "strings" Sequential "lists of characters";
    "maps_small" Sequential "looking up and copying small maps";
    "maps_large" Sequential "hash trees";
    "gb_trees" Sequential "comparisons, tuples";
    "records" Sequential "copying tuples";
    "exceptions" Sequential "raising and catching, stack traces";
    "funs" Sequential "calls of funs";
    "apply" Sequential "calls by name";
    "term_to_binary" Sequential "encoding and decoding";
    "io_format" Sequential "io_lib, making lists";
    "json" Sequential "matching bytes, maps";
    "compile" Sequential "OTP's compiler: everything, and its live data";
    "spawn" Concurrent "making and ending processes";
    "parked" Concurrent "making processes, memory";
    "ring" Concurrent "scheduling, messages";
    "ping_pong" Concurrent "scheduling, messages";
    "gen_server" Concurrent "monitors, messages, gen.erl";
    "many_to_one" Concurrent "messages";
    "selective" Concurrent "looking through the mailbox";
    "timers" Concurrent "starting and cancelling timers";
    "large_messages" Concurrent "copying terms";
    "gc_live" Concurrent "collecting beside live data";
    "ets_insert" Natives "copying terms, hash chains";
    "ets_lookup" Natives "hashing keys, copying terms";
    "ets_counters" Natives "hashing keys";
    "ets_select" Natives "match specifications";
    "ets_ordered_insert" Natives "comparing keys, trees";
    "ets_ordered_lookup" Natives "comparing keys";
    "ets_ordered_next" Natives "comparing keys, copying them";
    "re_scan" Natives "matching, capturing";
    "re_split" Natives "matching, re.erl";
    "re_replace" Natives "matching, re.erl";
    "zlib_deflate" Natives "looking for matches";
    "zlib_inflate" Natives "copying matches, checksums";
    "read_file" Natives "the system's calls, the file server";
    "read_lines" Natives "raw_file_io.erl, prim_buffer";
}
