// SPDX-License-Identifier: Apache-2.0
//! The stream: where it is, and what is still needed of it.

use alloc::vec::Vec;

use super::header::Header;
use super::history::History;
use super::table::Table;
use crate::deflate::{Buffers, InvalidOptions, Sum};
use crate::hash::adler32;

/// How far a stream has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// All input was read, or the output is full.
    Done,
    /// Nothing was read or written.
    Stuck,
    /// It goes on when it is given the bytes that have this sum.
    NeedsDictionary(u32),
    /// The stream is complete.
    End,
}

/// The stream is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataError;

/// Why bytes are not taken as what matches may refer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DictionaryError {
    /// The stream does not need any.
    NotNeeded,
    /// They have another sum.
    Other,
}

/// Where the stream is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mode {
    /// Before the blocks.
    Header(Header),
    /// Before a block.
    Block,
    /// After the last block.
    LastBlock,
    /// Before the length of stored bytes.
    StoredHead,
    /// That many bytes are stored.
    Stored(usize),
    /// Before the numbers of codes.
    Counts,
    /// That many lengths of codes for lengths were read.
    CodeLengths(usize),
    /// That many lengths of codes were read.
    Lengths(usize),
    /// Before a symbol.
    Symbol,
    /// A byte is to be written.
    Literal(u8),
    /// Before the extra bits of a length.
    LengthExtra {
        /// The least length.
        base: u16,
        /// The bits.
        extra: u8,
    },
    /// Before the distance of a match.
    Distance {
        /// The length.
        length: u16,
    },
    /// Before the extra bits of a distance.
    DistanceExtra {
        /// The length.
        length: u16,
        /// The least distance.
        base: u16,
        /// The bits.
        extra: u8,
    },
    /// Bytes are to be copied.
    Match {
        /// How many.
        length: u16,
        /// From where.
        distance: u16,
    },
    /// Before the sum.
    Check,
    /// Before gzip's number of bytes.
    Size,
    /// At the end.
    End,
    /// It is none.
    Bad,
}

/// Why the stream does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stop {
    /// There is no more input.
    Input,
    /// There is no more room.
    Room,
    /// The bytes that it refers to are not known.
    Dictionary,
    /// It is complete.
    End,
    /// It is none.
    Bad,
}

/// Which formats are taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Accepted {
    Raw,
    Zlib,
    Gzip,
    Either,
}

/// How many codes the block being read has, and their lengths so far.
#[derive(Debug)]
pub(super) struct Lengths {
    pub literals: usize,
    pub distances: usize,
    pub code_lengths: usize,
    pub all: [u8; 320],
}

/// A stream that expands.
#[derive(Debug)]
pub struct Inflate {
    pub(super) mode: Mode,
    pub(super) accepted: Accepted,
    /// The window's size as a power of two; 0 until the header says it.
    pub(super) window_bits: u8,
    pub(super) bits: u64,
    pub(super) count: u32,
    pub(super) is_last: bool,
    pub(super) has_dictionary: bool,
    pub(super) lengths: Lengths,
    pub(super) literals: Table,
    pub(super) distances: Table,
    pub(super) history: History,
    /// How far back matches may reach before what this call writes.
    pub(super) reach: usize,
    /// The sum of what came out, or what the header says of it.
    pub(super) sum: Sum,
    pub(super) total: u32,
    /// What was in the output before this call.
    pub(super) began: usize,
    /// How much of the output is in the sum.
    pub(super) summed: usize,
    /// The flags of gzip's header.
    pub(super) flags: u16,
}

impl Inflate {
    /// A zlib stream.
    #[must_use]
    pub fn zlib() -> Self {
        Self::new(Accepted::Zlib, 15)
    }

    /// A stream without header and sum.
    #[must_use]
    pub fn raw() -> Self {
        Self::new(Accepted::Raw, 15)
    }

    /// With zlib's number for format and window: negative for a bare stream, 16 more for gzip, 32 more for either.
    ///
    /// # Errors
    /// [`InvalidOptions`]
    pub fn from_zlib(window_bits: i64) -> Result<Self, InvalidOptions> {
        let (accepted, bits) = match window_bits {
            ..0 => (Accepted::Raw, -window_bits),
            0..16 => (Accepted::Zlib, window_bits),
            16..32 => (Accepted::Gzip, window_bits - 16),
            _ => (Accepted::Either, window_bits - 32),
        };
        match bits {
            0 | 8..=15 => Ok(Self::new(accepted, bits as u8)),
            _ => Err(InvalidOptions),
        }
    }

    fn new(accepted: Accepted, window_bits: u8) -> Self {
        let mut stream = Self {
            mode: Mode::Block,
            accepted,
            window_bits,
            bits: 0,
            count: 0,
            is_last: false,
            has_dictionary: false,
            lengths: Lengths { literals: 0, distances: 0, code_lengths: 0, all: [0; 320] },
            literals: Table::default(),
            distances: Table::default(),
            history: History::default(),
            reach: 0,
            sum: Sum::None,
            total: 0,
            began: 0,
            summed: 0,
            flags: 0,
        };
        stream.reset();
        stream
    }

    /// Begins anew with the same parameters.
    pub fn reset(&mut self) {
        self.mode = match self.accepted {
            Accepted::Raw => Mode::Block,
            _ => Mode::Header(Header::Magic),
        };
        (self.bits, self.count) = (0, 0);
        (self.is_last, self.has_dictionary) = (false, false);
        self.history.clear();
        self.reach = 0;
        self.sum = Sum::None;
        (self.total, self.flags) = (0, 0);
    }

    fn window(&self) -> usize {
        1 << self.window_bits
    }

    /// Gives the bytes that matches may refer to.
    ///
    /// # Errors
    /// [`DictionaryError`]
    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> Result<(), DictionaryError> {
        let is_needed = self.mode == Mode::Header(Header::Dictionary);
        if self.accepted != Accepted::Raw && !is_needed {
            return Err(DictionaryError::NotNeeded);
        }
        if is_needed && adler32(1, dictionary) != self.sum.value() {
            return Err(DictionaryError::Other);
        }
        self.remember(dictionary);
        self.has_dictionary = true;
        Ok(())
    }

    /// The bytes that matches may refer to.
    #[must_use]
    pub fn dictionary(&self) -> Vec<u8> {
        self.history.last(self.reach)
    }

    fn remember(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.history.add(bytes);
            self.reach = self.history.len().min(self.window());
        }
    }

    /// Expands input and fills output, as far as there is any.
    ///
    /// # Errors
    /// [`DataError`], and so ever after.
    pub fn run(&mut self, io: &mut Buffers<'_>) -> Result<Progress, DataError> {
        let before = (io.read(), io.written());
        self.began = io.written();
        self.summed = self.began;
        let stop = self.go_on(io);
        self.add_to_sum(io);
        self.remember(&io.output()[self.began..]);
        match stop {
            Stop::Bad => {
                self.mode = Mode::Bad;
                Err(DataError)
            }
            Stop::End => Ok(Progress::End),
            Stop::Dictionary => Ok(Progress::NeedsDictionary(self.sum.value())),
            Stop::Input | Stop::Room if (io.read(), io.written()) == before => Ok(Progress::Stuck),
            Stop::Input | Stop::Room => Ok(Progress::Done),
        }
    }

    /// Adds what was written since the last time.
    fn add_to_sum(&mut self, io: &Buffers<'_>) {
        let bytes = &io.output()[self.summed..];
        self.sum.add(bytes);
        self.total = self.total.wrapping_add(bytes.len() as u32);
        self.summed = io.written();
    }

    fn go_on(&mut self, io: &mut Buffers<'_>) -> Stop {
        loop {
            let step = match self.mode {
                Mode::Header(header) => self.header(header, io),
                Mode::LastBlock => {
                    self.drop_bits(self.count % 8);
                    self.mode = if self.accepted == Accepted::Raw { Mode::End } else { Mode::Check };
                    Ok(())
                }
                Mode::Check => self.check(io),
                Mode::Size => self.size(io),
                Mode::End => Err(Stop::End),
                Mode::Bad => Err(Stop::Bad),
                _ => self.block(io),
            };
            if let Err(stop) = step {
                return stop;
            }
        }
    }

    /// Reads until there are so many bits.
    #[inline]
    pub(super) fn need(&mut self, bits: u32, io: &mut Buffers<'_>) -> Result<(), Stop> {
        while self.count < bits {
            self.pull(io)?;
        }
        Ok(())
    }

    /// Reads a byte.
    #[inline]
    pub(super) fn pull(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        let [byte] = *io.take(1) else { return Err(Stop::Input) };
        self.bits |= u64::from(byte) << self.count;
        self.count += 8;
        Ok(())
    }

    /// The next bits, which are there.
    #[inline]
    pub(super) fn peek(&self, bits: u32) -> u32 {
        (self.bits & ((1 << bits) - 1)) as u32
    }

    #[inline]
    pub(super) fn drop_bits(&mut self, bits: u32) {
        self.bits >>= bits;
        self.count -= bits;
    }

    /// Reads a number of so many bits.
    pub(super) fn number(&mut self, bits: u32, io: &mut Buffers<'_>) -> Result<u32, Stop> {
        self.need(bits, io)?;
        let number = self.peek(bits);
        self.drop_bits(bits);
        Ok(number)
    }

    fn check(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        let found = self.number(32, io)?;
        self.add_to_sum(io);
        let is_right = match self.sum {
            Sum::Crc(sum) => sum == found,
            Sum::Adler(sum) => sum == found.swap_bytes(),
            Sum::None => true,
        };
        if !is_right {
            return Err(Stop::Bad);
        }
        // As in zlib, what came out in the call that meets the sum is never part of the dictionary.
        self.began = io.written();
        self.mode = if matches!(self.sum, Sum::Crc(_)) { Mode::Size } else { Mode::End };
        Ok(())
    }

    fn size(&mut self, io: &mut Buffers<'_>) -> Result<(), Stop> {
        if self.number(32, io)? != self.total {
            return Err(Stop::Bad);
        }
        self.mode = Mode::End;
        Ok(())
    }
}
