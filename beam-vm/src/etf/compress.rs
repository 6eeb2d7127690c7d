// SPDX-License-Identifier: Apache-2.0
//! The compressed form: the number of bytes, and a zlib stream of them (RFC 1950), some at a time.
//!
//! The stream is not the one that zlib itself would make of the same bytes, but expands to the same.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::deflate::core::CompressorOxide;
use miniz_oxide::deflate::stream::deflate;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

use super::{DecodeError, tag};

/// No stream expands to more than about a thousand times its length: 258 bytes for two bits.
const MOST_EXPANSION: usize = 1032;

/// Bytes that are taken from a stream at once.
const STREAM_AT_ONCE: usize = 512;

/// Bytes that are compressed at once.
const BYTES_AT_ONCE: usize = 4096;

/// Bytes whose compression is as much work as encoding a small term.
const BYTES_A_TERM: usize = 2;

/// Bytes whose expansion is as much work as decoding a small term.
const EXPANDED_A_TERM: usize = 16;

/// What is before the stream: version, tag, number of bytes.
const HEADER: usize = 6;

/// How hard to try: 1 to 9. Level 0 is not to compress.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Level(pub u8);

impl Level {
    /// Without compression.
    pub const NONE: Self = Self(0);
    /// zlib's own choice.
    pub const DEFAULT: Self = Self(6);
}

/// An encoded term that is being compressed.
pub struct Deflater {
    plain: Vec<u8>,
    at: usize,
    compressor: Box<CompressorOxide>,
    out: Vec<u8>,
}

impl Deflater {
    /// Compresses an encoded term, which begins with the version.
    #[must_use]
    pub fn new(plain: Vec<u8>, level: Level) -> Self {
        let mut compressor = Box::<CompressorOxide>::default();
        compressor.set_format_and_level(DataFormat::Zlib, level.0);
        let mut out = Vec::with_capacity(HEADER);
        out.extend([tag::VERSION_MAGIC, tag::COMPRESSED]);
        out.extend((plain.len() as u32 - 1).to_be_bytes());
        Self { plain, at: 1, compressor, out }
    }

    /// Does work, and counts it down. Says whether it is done.
    pub fn run(&mut self, budget: &mut usize) -> bool {
        let mut buffer = [0; BYTES_AT_ONCE];
        while *budget > 0 {
            let end = self.plain.len().min(self.at + BYTES_AT_ONCE);
            let flush = if end == self.plain.len() { MZFlush::Finish } else { MZFlush::None };
            let result = deflate(&mut self.compressor, &self.plain[self.at..end], &mut buffer, flush);
            self.at += result.bytes_consumed;
            self.out.extend_from_slice(&buffer[..result.bytes_written]);
            let work = (result.bytes_consumed + result.bytes_written) / BYTES_A_TERM;
            *budget = budget.saturating_sub(work.max(1));
            // What has become longer is given up.
            if result.status != Ok(MZStatus::Ok) || self.out.len() >= self.plain.len() {
                return true;
            }
        }
        false
    }

    /// The compressed form if it is the shorter one, else the other.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        if self.out.len() < self.plain.len() { self.out } else { self.plain }
    }
}

/// A compressed term that is being expanded.
pub struct Inflater {
    state: Box<DecompressorOxide>,
    at: usize,
    out: Vec<u8>,
    written: usize,
}

impl Inflater {
    /// Looks at bytes that may be a compressed term.
    ///
    /// # Errors
    /// When they are one and cannot be right.
    pub fn new(bytes: &[u8]) -> Result<Option<Self>, DecodeError> {
        let [tag::VERSION_MAGIC, tag::COMPRESSED, rest @ ..] = bytes else { return Ok(None) };
        let (size, stream) = rest.split_first_chunk::<4>().ok_or(DecodeError::Truncated)?;
        let size = u32::from_be_bytes(*size) as usize;
        if size > stream.len().saturating_mul(MOST_EXPANSION) {
            return Err(DecodeError::Compressed);
        }
        let mut out = alloc::vec![0; 1 + size];
        out[0] = tag::VERSION_MAGIC;
        Ok(Some(Self { state: Box::default(), at: HEADER, out, written: 1 }))
    }

    /// Does work on the same bytes, and counts it down. Says whether it is done.
    ///
    /// # Errors
    /// [`DecodeError::Compressed`].
    pub fn run(&mut self, bytes: &[u8], budget: &mut usize) -> Result<bool, DecodeError> {
        loop {
            if *budget == 0 {
                return Ok(false);
            }
            let end = bytes.len().min(self.at + STREAM_AT_ONCE);
            let more = if end < bytes.len() { TINFL_FLAG_HAS_MORE_INPUT } else { 0 };
            let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | more;
            let stream = bytes.get(self.at..end).ok_or(DecodeError::Compressed)?;
            let (status, used, written) =
                decompress(&mut self.state, stream, &mut self.out, self.written, flags);
            self.at += used;
            self.written += written;
            *budget = budget.saturating_sub(written / EXPANDED_A_TERM + 1);
            match status {
                TINFLStatus::Done if self.written == self.out.len() => return Ok(true),
                // When the last byte is there and the checksum is still to come, it asks for room.
                TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput if used > 0 && end < bytes.len() => {
                }
                _ => return Err(DecodeError::Compressed),
            }
        }
    }

    /// How many bytes the compressed term took.
    #[must_use]
    pub fn used(&self) -> usize {
        self.at
    }

    /// The expanded bytes, with a version before them.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }
}
