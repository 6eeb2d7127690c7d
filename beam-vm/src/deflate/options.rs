// SPDX-License-Identifier: Apache-2.0
//! What can be chosen when a stream is made: the parameters of zlib's `deflateInit2`.

use super::sum::Sum;

/// How hard to try: 0 (not at all) to 9.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Level(pub u8);

impl Level {
    /// Without compression.
    pub const NONE: Self = Self(0);
    /// zlib's own choice.
    pub const DEFAULT: Self = Self(6);
    /// The smallest output.
    pub const BEST: Self = Self(9);

    /// From zlib's number, of which -1 is the default.
    #[must_use]
    pub fn from_zlib(level: i64) -> Option<Self> {
        match level {
            -1 => Some(Self::DEFAULT),
            0..=9 => Some(Self(level as u8)),
            _ => None,
        }
    }
}

/// How matches are chosen at a level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// After a match of this length a better one is not looked for as far back.
    pub good: u16,
    /// After a match of this length a better one is not looked for at the next byte. Without laziness: strings inside of longer matches are
    /// not entered.
    pub lazy: u16,
    /// A match of this length is taken at once.
    pub nice: u16,
    /// How many earlier places are tried.
    pub chain: u16,
    /// What goes through the data.
    pub method: Method,
}

/// What goes through the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    /// It is stored.
    Stored,
    /// The match at each place is taken.
    Greedy,
    /// A match is taken if there is no longer one at the next place.
    Lazy,
}

const fn effort(good: u16, lazy: u16, nice: u16, chain: u16, method: Method) -> Effort {
    Effort { good, lazy, nice, chain, method }
}

/// The efforts of the levels, as zlib has them.
const EFFORTS: [Effort; 10] = [
    effort(0, 0, 0, 0, Method::Stored),
    effort(4, 4, 8, 4, Method::Greedy),
    effort(4, 5, 16, 8, Method::Greedy),
    effort(4, 6, 32, 32, Method::Greedy),
    effort(4, 4, 16, 16, Method::Lazy),
    effort(8, 16, 32, 32, Method::Lazy),
    effort(8, 16, 128, 128, Method::Lazy),
    effort(8, 32, 128, 256, Method::Lazy),
    effort(32, 128, 258, 1024, Method::Lazy),
    effort(32, 258, 258, 4096, Method::Lazy),
];

impl Level {
    pub(super) fn effort(self) -> Effort {
        EFFORTS[usize::from(self.0)]
    }
}

/// What kind of data is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// Any.
    Default,
    /// Small values that vary: short matches are not worth it.
    Filtered,
    /// No matches at all.
    HuffmanOnly,
    /// Only runs of the same byte.
    Runs,
}

/// What is around the compressed data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Nothing.
    Raw,
    /// zlib's header and sum.
    Zlib,
    /// gzip's header and sum.
    Gzip,
}

impl Format {
    /// The sum of no bytes.
    #[must_use]
    pub fn sum(self) -> Sum {
        match self {
            Self::Raw => Sum::None,
            Self::Zlib => Sum::Adler(1),
            Self::Gzip => Sum::Crc(0),
        }
    }
}

/// How much memory is used for hashes and for the symbols of a block: 1 to 9.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryLevel(u8);

impl MemoryLevel {
    /// zlib's own choice.
    pub const DEFAULT: Self = Self(8);

    /// Bits of a hash.
    pub(super) fn hash_bits(self) -> u32 {
        u32::from(self.0) + 7
    }

    /// Symbols that a block could have; the last place stays free.
    pub(super) fn symbols(self) -> usize {
        1 << (self.0 + 6)
    }
}

/// The parameters of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How hard to try.
    pub level: Level,
    /// What is expected.
    pub strategy: Strategy,
    /// What is put around.
    pub format: Format,
    /// The size of the window as a power of two: 9 to 15.
    pub(super) window_bits: u8,
    /// How much memory is used.
    pub memory: MemoryLevel,
}

/// zlib would not take such parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidOptions;

impl Options {
    /// A zlib stream with the largest window.
    #[must_use]
    pub const fn zlib(level: Level) -> Self {
        Self {
            level,
            strategy: Strategy::Default,
            format: Format::Zlib,
            window_bits: 15,
            memory: MemoryLevel::DEFAULT,
        }
    }

    /// The same in another format.
    #[must_use]
    pub const fn format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// With zlib's numbers: negative bits of a window mean a bare stream, and 16 more gzip.
    ///
    /// # Errors
    /// [`InvalidOptions`]. A window of 256 bytes, which zlib makes one of 512, goes only with its own format.
    pub fn from_zlib(
        level: i64,
        window_bits: i64,
        memory: i64,
        strategy: Strategy,
    ) -> Result<Self, InvalidOptions> {
        let (format, bits) = match window_bits {
            -15..=-9 => (Format::Raw, -window_bits),
            8 => (Format::Zlib, 9),
            9..=15 => (Format::Zlib, window_bits),
            25..=31 => (Format::Gzip, window_bits - 16),
            _ => return Err(InvalidOptions),
        };
        if !(1..=9).contains(&memory) {
            return Err(InvalidOptions);
        }
        let level = Level::from_zlib(level).ok_or(InvalidOptions)?;
        Ok(Self { level, strategy, format, window_bits: bits as u8, memory: MemoryLevel(memory as u8) })
    }
}
