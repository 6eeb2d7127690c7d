// SPDX-License-Identifier: Apache-2.0
//! Compression: DEFLATE (RFC 1951), bare or in the formats of zlib (RFC 1950) and gzip (RFC 1952).
//!
//! Programs compare compressed data, compilers write it into files that have to be the same everywhere, so the bytes are those of zlib
//! 1.2.13: the same matches are looked for in the same order, blocks end at the same places, and codes are made in the same way.
//! As there, a stream is fed and emptied in pieces of any size. Besides, work can stop at any symbol when a budget is used up.
//!
//! `window` holds the data and finds matches, the strategies (`greedy`, `lazy`, `plain`, `stored`) choose among them, `block`
//! collects the symbols and writes them with the cheapest of the three kinds of codes (`tree`), and `stream` puts headers and sums around.

mod bits;
mod block;
mod buffers;
mod codes;
mod greedy;
mod lazy;
mod options;
mod plain;
mod stored;
mod stream;
mod sum;
mod tree;
mod window;

#[cfg(test)]
mod tests;

pub use buffers::Buffers;
pub use options::{Format, InvalidOptions, Level, MemoryLevel, Options, Strategy};
pub use stream::{Deflate, Flush, Progress, StreamError};
pub use sum::Sum;
