// SPDX-License-Identifier: Apache-2.0
//! The compressed form: the number of bytes, and a zlib stream of them (RFC 1950), some at a time.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{DecodeError, tag};
use crate::deflate::{Buffers, Deflate, Flush, Options, Progress};
use crate::inflate::{self, Inflate};

pub use crate::deflate::Level;

/// No stream expands to more than about a thousand times its length: 258 bytes for two bits.
const MOST_EXPANSION: usize = 1032;

/// Bytes that are taken from a stream at once.
const STREAM_AT_ONCE: usize = 512;

/// Bytes of a compressed term that come out at once.
const BYTES_AT_ONCE: usize = 4096;

/// Places that are looked at for a match in the time in which a small term is encoded.
const STEPS_A_TERM: usize = 5;

/// Bytes that go through a compressor in the same time, besides.
const BYTES_A_TERM: usize = 8;

/// Bytes whose expansion is as much work as decoding a small term.
const EXPANDED_A_TERM: usize = 16;

/// What is before the stream: version, tag, number of bytes.
const HEADER: usize = 6;

/// An encoded term that is being compressed.
pub struct Deflater {
    plain: Vec<u8>,
    at: usize,
    compressor: Box<Deflate>,
    out: Vec<u8>,
}

impl Deflater {
    /// Compresses an encoded term, which begins with the version.
    #[must_use]
    pub fn new(plain: Vec<u8>, level: Level) -> Self {
        let compressor = Box::new(Deflate::new(&Options::zlib(level)));
        let mut out = Vec::with_capacity(HEADER);
        out.extend([tag::VERSION_MAGIC, tag::COMPRESSED]);
        out.extend((plain.len() as u32 - 1).to_be_bytes());
        Self { plain, at: 1, compressor, out }
    }

    /// Does work, and counts it down. Says whether it is done.
    pub fn run(&mut self, budget: &mut usize) -> bool {
        let mut buffer = [0; BYTES_AT_ONCE];
        while *budget > 0 {
            let mut io = Buffers::new(&self.plain[self.at..], &mut buffer);
            let mut steps = budget.saturating_mul(STEPS_A_TERM);
            let progress = self.compressor.run(&mut io, Flush::Finish, &mut steps);
            let (read, written) = (io.read(), io.written());
            *budget = (steps / STEPS_A_TERM).saturating_sub((read + written) / BYTES_A_TERM + 1);
            self.at += read;
            self.out.extend_from_slice(&buffer[..written]);
            // What has become longer is given up.
            let is_done = !matches!(progress, Ok(Progress::Done | Progress::Paused));
            if is_done || self.out.len() > self.plain.len() {
                return true;
            }
        }
        false
    }

    /// The compressed form unless it is the longer one.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        if self.out.len() <= self.plain.len() { self.out } else { self.plain }
    }
}

/// A compressed term that is being expanded.
pub struct Inflater {
    state: Box<Inflate>,
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
        Ok(Some(Self { state: Box::new(Inflate::zlib()), at: HEADER, out, written: 1 }))
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
            let stream = bytes.get(self.at..end).ok_or(DecodeError::Compressed)?;
            let mut io = Buffers::new(stream, &mut self.out[self.written..]);
            let progress = self.state.run(&mut io).map_err(|_| DecodeError::Compressed)?;
            self.at += io.read();
            self.written += io.written();
            *budget = budget.saturating_sub(io.written() / EXPANDED_A_TERM + 1);
            match progress {
                inflate::Progress::End if self.written == self.out.len() => return Ok(true),
                inflate::Progress::Done => {}
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
