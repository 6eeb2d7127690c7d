// SPDX-License-Identifier: Apache-2.0
//! Tables that decode Huffman codes: the next bits of the stream give the place of an entry, which for a long code leads to a second table.

use alloc::vec::Vec;

/// The longest code.
const MAX_BITS: usize = 15;

/// What a code means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// A byte, or a length of a code.
    Literal(u8),
    /// A length or distance from this on, and how many bits say how much more.
    From(u16, u8),
    /// The block ends.
    End,
    /// No stream has it.
    Invalid,
}

/// What a code means, and how long it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry(u32);

const LITERAL: u32 = 0;
const FROM: u32 = 1;
const END: u32 = 2;
const INVALID: u32 = 3;
const LINK: u32 = 4;

impl Entry {
    /// There is no such code; a bit shows it.
    const NONE: Self = Self::pack(INVALID, 1, 0, 0);

    const fn pack(kind: u32, bits: u32, extra: u32, value: u32) -> Self {
        Self(value << 16 | kind << 12 | extra << 8 | bits)
    }

    const fn new(meaning: Meaning, bits: usize) -> Self {
        let bits = bits as u32;
        match meaning {
            Meaning::Literal(byte) => Self::pack(LITERAL, bits, 0, byte as u32),
            Meaning::From(base, extra) => Self::pack(FROM, bits, extra as u32, base as u32),
            Meaning::End => Self::pack(END, bits, 0, 0),
            Meaning::Invalid => Self::pack(INVALID, bits, 0, 0),
        }
    }

    const fn kind(self) -> u32 {
        self.0 >> 12 & 7
    }

    /// How long the code is.
    #[inline]
    pub const fn bits(self) -> u32 {
        self.0 & 0xFF
    }

    /// How many bits follow the code.
    #[inline]
    pub const fn extra(self) -> u32 {
        self.0 >> 8 & 0xF
    }

    /// The byte, or the least length or distance.
    #[inline]
    pub const fn value(self) -> usize {
        (self.0 >> 16) as usize
    }

    #[inline]
    pub const fn is_literal(self) -> bool {
        self.kind() == LITERAL
    }

    #[inline]
    pub const fn is_from(self) -> bool {
        self.kind() == FROM
    }

    #[inline]
    pub const fn is_end(self) -> bool {
        self.kind() == END
    }
}

/// Which codes may lack some symbols.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Completeness {
    /// Every sequence of bits has to mean something.
    All,
    /// But for a code of one symbol.
    AllButOne,
}

/// The lengths are those of no code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NoCode;

/// A table for one code.
#[derive(Debug, Default)]
pub(super) struct Table {
    root: u32,
    entries: Vec<Entry>,
}

impl Table {
    /// Makes the table of a code by the lengths of its symbols. A code without symbols is none of the errors: it shows when it is used.
    ///
    /// # Errors
    /// [`NoCode`] if there are too many codes, or too few.
    pub fn build(
        &mut self,
        lengths: &[u8],
        root: usize,
        completeness: Completeness,
        meaning: impl Fn(usize) -> Meaning,
    ) -> Result<(), NoCode> {
        let mut counts = [0usize; MAX_BITS + 1];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        let longest = (1..=MAX_BITS).rfind(|bits| counts[*bits] > 0).unwrap_or(0);
        let mut left = 1isize;
        for count in &counts[1..] {
            left = 2 * left - count.cast_signed();
            if left < 0 {
                return Err(NoCode);
            }
        }
        if longest > 0 && left > 0 && (completeness == Completeness::All || longest != 1) {
            return Err(NoCode);
        }
        let mut next = [0u16; MAX_BITS + 1];
        for bits in 1..MAX_BITS {
            next[bits + 1] = (next[bits] + counts[bits] as u16) << 1;
        }
        let root = root.min(longest).max(1);
        self.root = root as u32;
        self.entries.clear();
        self.entries.resize(1 << root, Entry::NONE);
        let mut codes = [(0u16, 0u8, 0u16); 288];
        let mut used = 0;
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let bits = usize::from(*length);
            codes[used] = (next[bits].reverse_bits() >> (16 - bits), *length, symbol as u16);
            next[bits] += 1;
            used += 1;
        }
        self.link(&codes[..used], root);
        for (code, length, symbol) in &codes[..used] {
            let entry = Entry::new(meaning(usize::from(*symbol)), usize::from(*length));
            self.set(usize::from(*code), usize::from(*length), root, entry);
        }
        Ok(())
    }

    /// Makes the second tables for codes that are longer than the first one takes.
    fn link(&mut self, codes: &[(u16, u8, u16)], root: usize) {
        let mut longest = [0u8; 1 << 10];
        for (code, length, _) in codes.iter().filter(|(_, length, _)| usize::from(*length) > root) {
            let place = usize::from(*code) & ((1 << root) - 1);
            longest[place] = longest[place].max(*length);
        }
        for (place, length) in longest.iter().enumerate().filter(|(_, length)| **length > 0) {
            let more = u32::from(*length) - root as u32;
            let start = self.entries.len();
            self.entries[place] = Entry::pack(LINK, root as u32, more, start as u32);
            self.entries.resize(start + (1 << more), Entry::NONE);
        }
    }

    /// Enters a code wherever it fits.
    fn set(&mut self, code: usize, length: usize, root: usize, entry: Entry) {
        let (start, shift, size) = if length <= root {
            (0, 0, 1 << root)
        } else {
            let link = self.entries[code & ((1 << root) - 1)];
            (link.value(), root, 1 << link.extra())
        };
        for place in (code >> shift..size).step_by(1 << (length - shift)) {
            self.entries[start + place] = entry;
        }
    }

    /// The entry for the next bits of the stream. It holds if its code is no longer than there are bits.
    #[inline]
    pub fn look_up(&self, bits: u64) -> Entry {
        let entry = self.entries[(bits & ((1 << self.root) - 1)) as usize];
        if entry.kind() != LINK {
            return entry;
        }
        let place = (bits >> self.root & ((1 << entry.extra()) - 1)) as usize;
        self.entries[entry.value() + place]
    }
}
