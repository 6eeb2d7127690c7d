// SPDX-License-Identifier: Apache-2.0
//! Hashes of terms and sums of bytes, bit for bit those of OTP 25 (`erts/emulator/beam/utils.c`, `beam_bif_zlib`'s sums, RFC 1321).
//!
//! Tables on disk and other nodes rely on [`Portable`] (`phash2`) and [`Old`] (`phash`); the order of large maps is that of
//! [`internal()`]. What walks a term or many bytes does a given amount of work at a time and goes on later.

mod adler32;
mod crc32;
mod internal;
mod jenkins;
mod md5;
mod old;
mod portable;

#[cfg(test)]
mod tests;

pub use adler32::{adler32, adler32_combine};
pub use crc32::{crc32, crc32_combine};
pub use internal::internal;
pub use md5::{ContextError, Md5State};
pub use old::Old;
pub use portable::Portable;
