// SPDX-License-Identifier: Apache-2.0
//! Expansion of what is compressed: DEFLATE (RFC 1951), bare or in the formats of zlib (RFC 1950) and gzip (RFC 1952).
//!
//! It takes and refuses what zlib 1.2.13 does, and in pieces of any size: a stream is fed and emptied as far as buffers go, and no byte after its end
//! is touched.

mod decode;
mod header;
mod history;
mod stream;
mod table;

#[cfg(test)]
mod tests;

pub use stream::{DataError, DictionaryError, Inflate, Progress};
